//! Runs whose camera or display fails and comes back, and one whose picture is frozen.

use super::*;

fn late() -> CameraError {
    CameraError::Timeout { device: "/dev/video9".into(), waited: Duration::from_secs(3) }
}

/// A source whose cameras are taken from `cameras` one after the other; between them, it is missing once.
fn lost_and_found(cameras: Vec<Box<dyn Camera>>) -> Source {
    let mut cameras = cameras.into_iter();
    let first = cameras.next().expect("one camera at least");
    let mut missing = false;
    let reopen = move || {
        missing = !missing;
        let gone = || CameraError::Missing { device: "/dev/video9".into() };
        if missing { Err(gone()) } else { cameras.next().ok_or_else(gone) }
    };
    Source { camera: first, reopen: Some(Box::new(reopen)) }
}

#[test]
fn a_lost_camera_is_opened_again_and_every_display_and_the_output_say_so() {
    let (first, first_control) = camera(false);
    let (second, second_control) = camera(false);
    let (panel, seen) = panel();
    let output = Output::default();
    let mut trial = options(first, vec![panel], by_shade);
    trial.source = lost_and_found(vec![std::mem::replace(&mut trial.source.camera, stills([])), second]);
    trial.printer = Some(Printer::new(Format::Json, Box::new(output.clone())));
    let running = thread::spawn(|| run(trial));
    first_control.give(1, "");
    let until = |wanted: &dyn Fn(&Caption) -> bool| loop {
        let (shade, caption) = expect(&seen);
        if wanted(&caption) {
            return (shade, caption);
        }
    };
    until(&|caption| caption.label == "cat");
    first_control.frames.send(Err(late())).expect("the camera is used");
    let (shade, caption) = until(&|caption| caption.state != State::Live);
    let State::CameraLost { cause, .. } = &caption.state else { panic!("{caption:?}") };
    assert_eq!((cause.as_str(), caption.certainty), ("no picture for 3 s", Certainty::Waiting));
    assert_ne!(shade, 1, "the last picture is faded");
    let (_, caption) =
        until(&|caption| matches!(caption.state, State::CameraLost { since, .. } if since.as_secs() >= 1));
    assert!(matches!(&caption.state, State::CameraLost { cause, .. } if cause == "no picture for 3 s"));
    second_control.give(250, "");
    let (shade, _) = until(&|caption| caption.state == State::Live && caption.label == "dog");
    assert_eq!(shade, 250);
    drop((first_control, second_control));
    assert_eq!(running.join().expect("no panic").expect("it ends well").results, 2);
    let lines = String::from_utf8(output.0.lock().expect("no panic").clone()).expect("it is text");
    let lines: Vec<serde_json::Value> = lines.lines().map(|l| serde_json::from_str(l).expect("it is JSON")).collect();
    let told: Vec<&str> = lines.iter().filter_map(|line| line["state"].as_str().or(line["label"].as_str())).collect();
    assert_eq!(told, ["cat", "camera lost", "live", "dog"]);
    assert_eq!(lines[1]["cause"], "no picture for 3 s");
}

#[test]
fn a_picture_can_be_frozen_while_results_go_on() {
    let (camera, control) = camera(false);
    let (panel, seen) = panel();
    let (wish, wishes) = mpsc::channel();
    let (done, classified) = mpsc::channel();
    let classify = move |picture: &RgbImage| {
        done.send(()).expect("the test listens");
        by_shade(picture)
    };
    let mut trial = options(camera, vec![panel], classify);
    trial.controls = Controls::of(wishes);
    let running = thread::spawn(|| run(trial));
    let until = |frozen: bool, shade: u8| {
        loop {
            let (seen, caption) = expect(&seen);
            assert!(!caption.frozen || (seen, caption.label.as_str()) == (1, "cat"), "{seen} {caption:?}");
            if (caption.frozen, seen, caption.label.is_empty()) == (frozen, shade, false) {
                return;
            }
        }
    };
    control.give(1, "");
    expect(&classified);
    until(false, 1);
    wish.send(Control::Freeze).expect("the run listens");
    until(true, 1);
    (2..8).for_each(|shade| {
        control.give(shade, "");
        expect(&classified);
    });
    wish.send(Control::NextPage).expect("the run listens");
    until(true, 1);
    wish.send(Control::Freeze).expect("the run listens");
    until(false, 7);
    drop((control, wish));
    assert_eq!(running.join().expect("no panic").expect("nothing fails").results, 7);
}

#[test]
fn a_run_without_its_camera_can_be_stopped() {
    let (first, control) = camera(false);
    let mut trial = options(first, vec![panel().0], by_shade);
    trial.source.reopen = Some(Box::new(|| Err(late())));
    let stop = Arc::clone(&trial.stop);
    let running = thread::spawn(|| run(trial));
    control.frames.send(Err(late())).expect("the camera is used");
    expect(&control.asked);
    stop.store(true, Ordering::SeqCst);
    assert_eq!(running.join().expect("no panic").expect("nothing fails").results, 0);
}

#[test]
fn a_failed_display_is_opened_again_and_shows_the_newest_scene() {
    let (camera, control) = camera(false);
    let (found, seen) = panel();
    let mut found = Some(found);
    let reopen: OpenPanel = Box::new(move || {
        found.take().ok_or(DisplayError::Device { path: "panel".into(), reason: "still broken".into() })
    });
    let mut trial = options(camera, vec![broken_panel()], by_shade);
    trial.displays[0].reopen = Some(reopen);
    let running = thread::spawn(|| run(trial));
    control.give(250, "");
    loop {
        let (shade, caption) = expect(&seen);
        if (shade, caption.label.as_str()) == (250, "dog") {
            break;
        }
    }
    drop(control);
    assert_eq!(running.join().expect("no panic").expect("nothing fails").results, 1);
}

#[test]
fn a_label_that_no_newer_answer_confirms_is_told_nowhere() {
    let (camera, control) = camera(false);
    let (panel, seen) = panel();
    let (output, (go_on, held)) = (Output::default(), mpsc::channel());
    let held = Mutex::new(held);
    // The second picture hangs in the network until the test lets it go.
    let classify = move |picture: &RgbImage| {
        if picture.get_pixel(0, 0).0[0] == 2 {
            held.lock().expect("no panic").recv().expect("the test lets it go");
        }
        by_shade(picture)
    };
    let mut trial = options(camera, vec![panel], classify);
    trial.stale_after = Duration::from_millis(100);
    trial.printer = Some(Printer::new(Format::Json, Box::new(output.clone())));
    let record = Arc::clone(&trial.record);
    let running = thread::spawn(|| run(trial));
    let until = |wanted: &dyn Fn(&Caption) -> bool| while !wanted(&expect(&seen).1) {};
    control.give(1, "");
    until(&|caption| caption.label == "cat");
    control.give(2, "");
    until(&|caption| matches!(caption.state, State::Stale { .. }) && caption.share().is_none());
    let facts = record.facts();
    assert!(facts.label().is_none() && matches!(facts.state, State::Stale { .. }));
    assert_eq!(facts.history.back().and_then(|turn| turn.label.clone()), None);
    // Pictures alone do not bring the label back.
    control.give(3, "");
    control.settle();
    assert!(record.facts().label().is_none());
    go_on.send(()).expect("the network waits");
    until(&|caption| caption.state == State::Live && caption.label == "cat");
    drop(control);
    running.join().expect("no panic").expect("it ends well");
    let lines = String::from_utf8(output.0.lock().expect("no panic").clone()).expect("it is text");
    let lines: Vec<serde_json::Value> = lines.lines().map(|l| serde_json::from_str(l).expect("it is JSON")).collect();
    let told: Vec<&str> = lines.iter().filter_map(|line| line["state"].as_str().or(line["label"].as_str())).collect();
    assert_eq!(told[..3], ["cat", "stale", "live"]);
    assert_eq!((&lines[0]["model"], &lines[1]["cause"]), (&"5e01".into(), &"no newer answer".into()));
}

#[test]
fn a_model_that_never_answers_is_told() {
    let (camera, control) = camera(false);
    let (panel, seen) = panel();
    let (go_on, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let classify = move |picture: &RgbImage| {
        let _ = held.lock().expect("no panic").recv();
        by_shade(picture)
    };
    let mut trial = options(camera, vec![panel], classify);
    trial.stale_after = Duration::from_millis(100);
    let record = Arc::clone(&trial.record);
    let running = thread::spawn(|| run(trial));
    // A camera may take its time for the first picture, of which the model knows nothing.
    thread::sleep(Duration::from_millis(300));
    assert!(!matches!(record.facts().state, State::Stale { .. }));
    control.give(1, "");
    while !matches!(expect(&seen).1.state, State::Stale { .. }) {}
    drop((go_on, control));
    assert_eq!(running.join().expect("no panic").expect("it ends well").results, 1);
}

#[test]
fn a_reader_that_hangs_stops_neither_the_screen_nor_the_end() {
    let (camera, control) = camera(false);
    let (panel, seen) = panel();
    let (go_on, held) = mpsc::channel();
    let mut trial = options(camera, vec![panel], by_shade);
    trial.stale_after = Duration::from_millis(100);
    trial.printer = Some(Printer::new(Format::Json, Box::new(Slow(held, Output::default()))));
    let (record, stop) = (Arc::clone(&trial.record), Arc::clone(&trial.stop));
    let running = thread::spawn(|| run(trial));
    control.give(1, "");
    while expect(&seen).1.label != "cat" {}
    while !matches!(expect(&seen).1.state, State::Stale { .. }) {}
    control.give(200, "");
    while expect(&seen).0 != 200 {}
    assert!(record.facts().label().is_none());
    stop.store(true, Ordering::SeqCst);
    assert_eq!(running.join().expect("no panic").expect("it ends well").results, 1);
    drop((go_on, control));
}

#[test]
fn a_camera_that_opens_and_gives_nothing_is_opened_ever_more_rarely() {
    let (first, control) = camera(false);
    let mut trial = options(first, vec![panel().0], by_shade);
    let (opened, openings) = mpsc::channel();
    trial.source.reopen = Some(Box::new(move || {
        // The test has seen enough after three.
        let _ = opened.send(Instant::now());
        let (camera, control) = camera(false);
        control.frames.send(Err(late())).expect("the channel has room");
        Ok(camera)
    }));
    let stop = Arc::clone(&trial.stop);
    let running = thread::spawn(|| run(trial));
    control.frames.send(Err(late())).expect("the camera is used");
    let times: Vec<Instant> = (0..3).map(|_| expect(&openings)).collect();
    stop.store(true, Ordering::SeqCst);
    // The first pause is a tenth of a second, and each is twice the one before.
    assert!(times[1] - times[0] >= Duration::from_millis(200), "{:?}", times[1] - times[0]);
    assert!(times[2] - times[1] >= Duration::from_millis(400), "{:?}", times[2] - times[1]);
    assert_eq!(running.join().expect("no panic").expect("nothing fails").results, 0);
}
