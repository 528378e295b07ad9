//! Runs with cameras, classifiers and displays whose every step the test controls.

use std::{
    io::Write,
    sync::{
        Mutex,
        atomic::Ordering,
        mpsc::{self, Receiver, Sender},
    },
    time::{Duration, Instant},
};

use super::*;
use crate::{
    camera::Camera,
    display::{
        Drawing, Panel,
        caption::{Caption, Certainty, State},
    },
    model::metadata::Fit,
    runtime::{
        controls::Control,
        publish::{
            lines::Format,
            printer::tests::{Output, Slow},
        },
    },
    vision::frame::{Frame, PixelFormat, YuvColour},
};

/// How long to wait for what must happen; only a failing test waits that long.
const LONG: Duration = Duration::from_secs(20);

fn expect<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(LONG).expect("this happens in time")
}

/// A frame of one grey shade, by which it is recognised. `name` is empty for a live camera.
fn frame(shade: u8, name: &str) -> Frame {
    Frame {
        format: PixelFormat::Rgb,
        colour: YuvColour::default(),
        width: 4,
        height: 4,
        stride: 12,
        bytes: vec![shade; 48],
        captured_at: Instant::now(),
        sequence: shade.into(),
        name: name.into(),
    }
}

/// Gives what comes through a channel, says when it is asked for the next, and ends with the channel.
struct FakeCamera {
    frames: Receiver<Result<Frame, CameraError>>,
    asked: Sender<()>,
    every_frame_counts: bool,
}

impl Camera for FakeCamera {
    fn describe(&self) -> String {
        "a camera".into()
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let _ = self.asked.send(());
        self.frames.recv().map_or(Ok(None), |frame| frame.map(Some))
    }

    fn every_frame_counts(&self) -> bool {
        self.every_frame_counts
    }
}

/// The test's end of a camera.
struct CameraControl {
    frames: Sender<Result<Frame, CameraError>>,
    asked: Receiver<()>,
}

impl CameraControl {
    /// Gives a live frame and waits until it was passed on.
    fn give(&self, shade: u8, name: &str) {
        expect(&self.asked);
        self.frames.send(Ok(frame(shade, name))).expect("the camera is used");
    }

    /// Waits until every frame given was passed on.
    fn settle(&self) {
        expect(&self.asked);
    }
}

fn camera(every_frame_counts: bool) -> (Box<dyn Camera>, CameraControl) {
    let (frames, given) = mpsc::channel();
    let (asked, asking) = mpsc::channel();
    (Box::new(FakeCamera { frames: given, asked, every_frame_counts }), CameraControl { frames, asked: asking })
}

/// A camera that gives these frames and ends.
fn stills(frames: impl IntoIterator<Item = Frame>) -> Box<dyn Camera> {
    let (camera, control) = camera(true);
    frames.into_iter().for_each(|frame| control.frames.send(Ok(frame)).expect("the channel has room"));
    camera
}

/// Tells what it shows: the shade of the picture and the caption; then waits to be let go, if it is slow.
struct FakePanel {
    shown: Sender<(u8, Caption)>,
    pace: Option<Receiver<()>>,
    fails: bool,
}

impl Panel for FakePanel {
    fn describe(&self) -> String {
        "a panel".into()
    }

    fn size(&self) -> (u32, u32) {
        (4, 4)
    }

    fn drawing(&self) -> Drawing {
        Drawing::Picture
    }

    fn show(&mut self, canvas: &RgbImage, caption: &Caption) -> Result<(), DisplayError> {
        if self.fails {
            return Err(DisplayError::Device { path: "panel".into(), reason: "broken".into() });
        }
        if caption.state == State::Starting {
            return Ok(());
        }
        let _ = self.shown.send((canvas.get_pixel(1, 1).0[0], caption.clone()));
        if let Some(pace) = &self.pace {
            let _ = pace.recv();
        }
        Ok(())
    }
}

fn panel() -> (Box<dyn Panel>, Receiver<(u8, Caption)>) {
    let (shown, seen) = mpsc::channel();
    (Box::new(FakePanel { shown, pace: None, fails: false }), seen)
}

fn broken_panel() -> Box<dyn Panel> {
    Box::new(FakePanel { shown: mpsc::channel().0, pace: None, fails: true })
}

/// Dark pictures are cats, bright ones dogs, and those in between unknown.
fn by_shade(picture: &RgbImage) -> Result<Prediction, EngineError> {
    let dog = f32::from(picture.get_pixel(0, 0).0[0]) / 255.0;
    Ok(Prediction { probabilities: vec![1.0 - dog, dog], familiarity: None })
}

/// A run that a test puts together.
struct Trial<F> {
    source: Source,
    displays: Vec<Display>,
    classify: F,
    frames: Option<u64>,
    printer: Option<Printer>,
    controls: Controls,
    stale_after: Duration,
    record: Arc<Record>,
    stop: Arc<AtomicBool>,
}

fn options<F>(camera: Box<dyn Camera>, panels: Vec<Box<dyn Panel>>, classify: F) -> Trial<F> {
    let once = |panel: Box<dyn Panel>| Display { name: panel.describe(), panel, reopen: None, stands_alone: false };
    Trial {
        source: Source::once(camera),
        displays: panels.into_iter().map(once).collect(),
        classify,
        frames: None,
        printer: None,
        controls: Controls::of(mpsc::channel().1),
        stale_after: LONG,
        record: Arc::default(),
        stop: Arc::new(AtomicBool::new(false)),
    }
}

fn run<F: Fn(&RgbImage) -> Result<Prediction, EngineError> + Send>(trial: Trial<F>) -> Result<Summary, RunError> {
    let metadata = Metadata {
        name: "fake".into(),
        labels: vec!["cat".into(), "dog".into()],
        fit: Fit::Squash,
        unknown_threshold: 0.6,
        backbone: "none".into(),
        validation: None,
        familiarity: None,
    };
    let Trial { source, displays, classify, frames, printer, controls, stale_after, record, stop } = trial;
    Stage::open(displays, "opening", record, stop).run(Options {
        source,
        input_size: 4,
        classify,
        metadata,
        model_id: "5e01".into(),
        model_file: None,
        hint: String::new(),
        keeper: None,
        trial: None,
        smoothing: Smoothing::default(),
        stale_after,
        frames,
        printer,
        controls,
        lights: Lights::default(),
    })
}

mod faults;
mod flow;
