//! Runs in which nothing fails before its time: who gets which frame, and how a run ends.

use super::*;

#[test]
fn every_still_picture_gets_its_result_on_every_display() {
    let shades: Vec<u8> = (0..25).map(|i| i * 10).collect();
    let (first, seen_first) = panel();
    let (second, seen_second) = panel();
    let output = Output::default();
    let camera = stills(shades.iter().map(|&shade| frame(shade, &format!("folder/{shade}.jpg"))));
    let mut options = options(camera, vec![first, second], by_shade);
    options.printer = Some(Printer::new(Format::Json, Box::new(output.clone())));
    let summary = run(options).expect("nothing fails");

    assert_eq!((summary.results, summary.skipped), (25, 0));
    assert_eq!(summary.last.as_ref().map(|(label, _)| label.as_str()), Some("dog"));
    for seen in [seen_first, seen_second] {
        let shown: Vec<(u8, Caption)> = seen.iter().collect();
        assert_eq!(shown.iter().map(|(shade, _)| *shade).collect::<Vec<_>>(), shades);
        assert_eq!((shown[0].1.label.as_str(), shown[0].1.note.as_str()), ("cat", "0.jpg"));
        assert_eq!((shown[13].1.label.as_str(), shown[13].1.certainty), ("unknown", Certainty::Unknown));
        assert_eq!(shown[24].1.classes.len(), 2);
    }
    let lines = String::from_utf8(output.0.lock().expect("no panic").clone()).expect("it is text");
    let lines: Vec<serde_json::Value> = lines.lines().map(|l| serde_json::from_str(l).expect("it is JSON")).collect();
    assert_eq!(lines.iter().map(|line| line["sequence"].as_u64()).collect::<Vec<_>>(), {
        shades.iter().map(|&shade| Some(shade.into())).collect::<Vec<_>>()
    });
    assert_eq!((lines[24]["file"].as_str(), lines[24]["label"].as_str()), (Some("folder/240.jpg"), Some("dog")));
}

#[test]
fn inference_takes_the_newest_frame() {
    let (camera, control) = camera(false);
    let (started, starting) = mpsc::channel();
    let (go, gate) = mpsc::channel();
    let classify = move |picture: &RgbImage| {
        started.send(picture.get_pixel(0, 0).0[0]).expect("the test listens");
        expect(&gate);
        by_shade(picture)
    };
    let running = thread::spawn(|| run(options(camera, vec![], classify)));
    control.give(1, "");
    assert_eq!(expect(&starting), 1);
    (2..=10).for_each(|shade| control.give(shade, ""));
    control.settle();
    go.send(()).expect("the classifier waits");
    assert_eq!(expect(&starting), 10);
    go.send(()).expect("the classifier waits");
    drop(control);
    let summary = running.join().expect("no panic").expect("nothing fails");
    assert_eq!((summary.results, summary.skipped), (2, 8));
}

#[test]
fn a_slow_display_delays_neither_camera_nor_inference() {
    let (camera, control) = camera(false);
    let (shown, seen) = mpsc::channel();
    let (go, pace) = mpsc::channel();
    let slow: Box<dyn Panel> = Box::new(FakePanel { shown, pace: Some(pace), fails: false });
    let (done, classified) = mpsc::channel();
    let classify = move |picture: &RgbImage| {
        let prediction = by_shade(picture);
        done.send(picture.get_pixel(0, 0).0[0]).expect("the test listens");
        prediction
    };
    let running = thread::spawn(|| run(options(camera, vec![slow], classify)));
    control.give(1, "");
    expect(&seen);
    assert_eq!(expect(&classified), 1);
    for shade in 2..=20 {
        control.give(shade, "");
        assert_eq!(expect(&classified), shade);
    }
    assert!(seen.try_recv().is_err(), "the display still hangs on its first scene");
    drop((control, go));
    assert_eq!(running.join().expect("no panic").expect("nothing fails").results, 20);
    let last = seen.iter().last().expect("the last scene is shown");
    assert_eq!((last.0, last.1.label.as_str()), (20, "cat"));
}

#[test]
fn video_goes_on_while_a_frame_is_classified() {
    let (camera, control) = camera(false);
    let (panel, seen) = panel();
    let (go, gate) = mpsc::channel();
    let classify = move |picture: &RgbImage| {
        let _ = gate.recv();
        by_shade(picture)
    };
    let running = thread::spawn(|| run(options(camera, vec![panel], classify)));
    for shade in [1, 2, 3] {
        control.give(shade, "");
        let (shown, caption) = expect(&seen);
        assert_eq!((shown, caption.certainty, caption.note.as_str()), (shade, Certainty::Waiting, "a camera"));
    }
    go.send(()).expect("the classifier waits");
    let (shown, caption) = expect(&seen);
    assert_eq!((shown, caption.label.as_str()), (3, "cat"), "the newest picture under the newest label");
    drop((control, go));
    running.join().expect("no panic").expect("nothing fails");
}

#[test]
fn a_still_picture_never_stands_under_the_label_of_another() {
    let (camera, control) = camera(false);
    let (panel, seen) = panel();
    let running = thread::spawn(|| run(options(camera, vec![panel], by_shade)));
    for i in 0..60 {
        let bright = i % 20 >= 10;
        control.give(if bright { 250 } else { 5 }, if bright { "dog.jpg" } else { "cat.jpg" });
    }
    drop(control);
    running.join().expect("no panic").expect("nothing fails");
    for (shade, caption) in seen {
        let expected = if shade > 100 { ("dog", "dog.jpg") } else { ("cat", "cat.jpg") };
        assert_eq!(caption.note, expected.1);
        assert!(caption.certainty == Certainty::Waiting || caption.label == expected.0, "{caption:?}");
    }
}

#[test]
fn a_broken_display_ends_the_run_only_when_it_is_the_last() {
    let (good, seen) = panel();
    let frames = || stills((0..30).map(|shade| frame(shade, &format!("{shade}"))));
    let summary = run(options(frames(), vec![broken_panel(), good], by_shade)).expect("one display is left");
    assert_eq!((summary.results, seen.iter().count()), (30, 30));

    let error = run(options(frames(), vec![broken_panel(), broken_panel()], by_shade)).expect_err("none is left");
    assert!(error.to_string().contains("broken"), "{error}");
}

#[test]
fn a_broken_camera_ends_the_run() {
    let (camera, control) = camera(false);
    let broken = CameraError::Spec { spec: "x".into(), reason: "it fell off".into() };
    control.frames.send(Err(broken)).expect("the channel has room");
    let error = run(options(camera, vec![panel().0], by_shade)).expect_err("the camera is broken");
    assert!(error.to_string().contains("it fell off"), "{error}");
}

#[test]
fn a_broken_model_ends_the_run() {
    let (camera, control) = camera(false);
    control.frames.send(Ok(frame(1, ""))).expect("the channel has room");
    let classify = |_: &RgbImage| Err(EngineError::Run { model: "m".into(), reason: "no such op".into() });
    let error = run(options(camera, vec![], classify)).expect_err("the model is broken");
    assert!(error.to_string().contains("no such op"), "{error}");
    drop(control);
}

#[test]
fn stops_when_it_is_told_to_though_the_camera_is_silent() {
    let (camera, control) = camera(false);
    let options = options(camera, vec![panel().0], by_shade);
    options.stop.store(true, Ordering::SeqCst);
    assert_eq!(run(options).expect("nothing fails"), Summary::default());
    drop(control);
}

#[test]
fn ends_after_the_results_asked_for() {
    let (panel, seen) = panel();
    let mut options = options(stills((0..9).map(|shade| frame(shade, "same.jpg"))), vec![panel], by_shade);
    options.frames = Some(3);
    assert_eq!(run(options).expect("nothing fails").results, 3);
    assert_eq!(seen.iter().count(), 3);
}

#[test]
fn a_reader_that_has_gone_ends_the_run_quietly() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut options = options(stills((0..9).map(|shade| frame(shade, "a"))), vec![], by_shade);
    options.printer = Some(Printer::new(Format::Text, Box::new(Gone)));
    assert_eq!(run(options).expect("this is no failure").results, 1);
}

#[test]
fn skips_unreadable_frames_but_not_for_ever() {
    let damaged = || Frame { bytes: vec![], ..frame(1, "") };
    let mixed = (0..50).flat_map(|shade| [damaged(), frame(shade, "")]);
    assert_eq!(run(options(stills(mixed), vec![panel().0], by_shade)).expect("half are readable").results, 50);

    let error = run(options(stills((0..500).map(|_| damaged())), vec![], by_shade)).expect_err("none is readable");
    assert!(error.to_string().starts_with("a camera gave 100 unreadable frames in a row"), "{error}");
}

#[test]
fn a_panic_ends_the_run_and_goes_on() {
    let classify = |_: &RgbImage| -> Result<Prediction, EngineError> { panic!("on purpose") };
    let (panel, seen) = panel();
    let camera = stills((0..9).map(|shade| frame(shade, "a")));
    let ended = thread::spawn(move || run(options(camera, vec![panel], classify))).join();
    assert!(ended.is_err());
    assert_eq!(seen.iter().count(), 0, "the panel was closed");
}
