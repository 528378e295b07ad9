//! The live loop: capture, classify, decide, show, publish, each on its own thread.
//!
//! ```text
//! camera ──newest frame──▶ inference ──▶ lines on standard output
//!    └──────newest scene──────┴─────▶ a drawing thread for each display
//! ```
//!
//! Of a live camera every step takes the newest frame and skips what it had no time for. Where each picture comes
//! only once, every step waits for the next instead, so that none is left out.
//!
//! A camera or a display that fails is opened again until it comes back; meanwhile the rest goes on, and every display says
//! what is missing.

mod capture;
mod draw;
mod inference;
mod scene;
mod shared;
mod supervise;
mod words;

use std::{
    io, panic,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use image::RgbImage;

use super::{
    controls::Controls,
    decide::{Decider, Smoothing, Thresholds},
    keep::keeper::Keeper,
    lights::Lights,
    publish::{
        printer::Printer,
        record::{Model, Record},
    },
    rate::Rate,
    update::trial::OnTrial,
};
use crate::{
    camera::{error::CameraError, source::Source},
    display::panel::DisplayError,
    engine::{classifier::Prediction, error::EngineError},
    model::metadata::Metadata,
};
use capture::capture;
use draw::draw;
pub use draw::{Display, OpenPanel};
use inference::Inference;
use shared::Shared;
use supervise::{Drawing, Watched, finish, start, supervise};
use words::Words;

/// How long a display that nobody can look behind shows why the run could not begin.
const LINGER: Duration = Duration::from_secs(5);
/// How often a wish to stop is looked for meanwhile.
const STOP_POLL: Duration = Duration::from_millis(20);

/// What the live loop works with.
pub struct Options<F> {
    /// Where frames come from.
    pub source: Source,
    /// Side of the network's input in pixels.
    pub input_size: u32,
    /// Classifies a picture of that size.
    pub classify: F,
    /// What the model says about itself.
    pub metadata: Metadata,
    /// Which file it is: the hash of its bytes, in hexadecimal digits.
    pub model_id: String,
    /// Where that is; `None` stands for the bundled one.
    pub model_file: Option<PathBuf>,
    /// What the user may do, for displays with room to say it; may be empty.
    pub hint: String,
    /// How much the past counts.
    pub smoothing: Smoothing,
    /// Age from which a label that no newer answer confirms is not told any more.
    pub stale_after: Duration,
    /// Number of results after which the run ends; `None` goes on.
    pub frames: Option<u64>,
    /// Where results are written, if anywhere.
    pub printer: Option<Printer>,
    /// What somebody wants of the screen while it runs.
    pub controls: Controls,
    /// Outputs for the classes.
    pub lights: Lights,
    /// What keeps unsure frames, if anything.
    pub keeper: Option<Keeper>,
    /// The model's trial, if it is on one.
    pub trial: Option<OnTrial>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Pictures that were classified.
    pub results: u64,
    /// Frames that were skipped because newer ones were there.
    pub skipped: u64,
    /// Results per second at the end, where there were two.
    pub fps: Option<f32>,
    /// Label and confidence, 0 to 1, of the last result.
    pub last: Option<(String, f32)>,
}

/// Why a run ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The camera failed.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// The last display failed.
    #[error(transparent)]
    Display(#[from] DisplayError),
    /// The model failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The camera's frames cannot be decoded.
    #[error("{camera} gave {count} unreadable frames in a row, the last because {reason}; try another format or cable")]
    Unreadable { camera: String, count: u32, reason: String },
    /// Results could not be written.
    #[error("cannot write results to standard output: {0}")]
    Publish(#[source] io::Error),
}

/// The displays of a run, which draw from its beginning: while the model and the camera are being opened, too.
pub struct Stage {
    shared: Arc<Shared>,
    drawing: Vec<Drawing>,
    stop: Arc<AtomicBool>,
    stands_alone: bool,
}

impl Stage {
    /// Begins to draw on `displays`, which may be none, that the run is starting and what is being done. What comes is noted in
    /// `record` for whoever wants to know. `stop` ends the run once it is set.
    pub fn open(displays: Vec<Display>, doing: &str, record: Arc<Record>, stop: Arc<AtomicBool>) -> Self {
        let shared = Arc::new(Shared::new(displays.len(), doing, record));
        let supervisor = thread::current();
        let stands_alone = displays.iter().any(|display| display.stands_alone);
        let drawing = displays.into_iter().enumerate().map(|(index, display)| {
            let shared = Arc::clone(&shared);
            (display.name.clone(), start(&supervisor, move || draw(display, &shared, index)))
        });
        Self { drawing: drawing.collect(), shared, stop, stands_alone }
    }

    /// Says what is being done next while the run is starting.
    pub fn starting(&self, doing: &str) {
        self.shared.starting(doing);
    }

    /// Shows for some seconds that the model could not be opened, on displays beside which nobody sees a message.
    pub fn fail_model(&self, cause: &str) {
        self.shared.fail_model(cause);
        self.linger();
    }

    /// Shows for some seconds that the camera could not be opened, on displays beside which nobody sees a message.
    pub fn fail_camera(&self, error: &CameraError) {
        self.shared.lose_camera(&error.in_short());
        self.linger();
    }

    fn linger(&self) {
        let end = Instant::now() + LINGER;
        while self.stands_alone && Instant::now() < end && !self.stop.load(Ordering::SeqCst) {
            thread::sleep(STOP_POLL);
        }
    }

    /// Runs until the source ends, enough results are there, or `stop` is set. Errs when a camera that cannot be opened again, the
    /// model, the output or the last display fails; everything is closed by then.
    pub fn run<F>(mut self, options: Options<F>) -> Result<Summary, RunError>
    where
        F: Fn(&RgbImage) -> Result<Prediction, EngineError> + Send,
    {
        let Options { source, input_size, classify, metadata, model_id, hint, smoothing, stale_after, .. } = options;
        let Options { frames, printer, controls, lights, keeper, trial, model_file, .. } = options;
        let supervisor = thread::current();
        let (name, labels) = (metadata.name.clone(), metadata.labels.clone());
        let words = Words {
            model: name.clone(),
            model_id: model_id.clone(),
            labels: labels.clone(),
            hint,
            keeping: keeper.is_some(),
        };
        let model = Model { name, id: model_id.clone(), file: model_file, labels };
        self.shared.begin(source.camera.as_ref(), words, model, printer, lights);
        let capturing = {
            let shared = Arc::clone(&self.shared);
            start(&supervisor, move || capture(source, &shared))
        };
        let drawing = std::mem::take(&mut self.drawing);
        let linger = if self.stands_alone { LINGER } else { Duration::ZERO };
        thread::scope(|scope| {
            let inference = Inference {
                input_size,
                classify,
                decider: Decider::new(smoothing, Thresholds::of(&metadata)),
                metadata: &metadata,
                model: &model_id,
                keeper,
                trial,
                limit: frames,
                linger,
                session: 0,
                rate: Rate::default(),
                summary: Summary::default(),
            };
            let (shared, supervisor) = (&*self.shared, &supervisor);
            let inferring = scope.spawn(move || {
                let result = inference.run(shared);
                supervisor.unpark();
                result
            });
            let watched = Watched { stop: &self.stop, wishes: &controls.wishes, stale_after };
            let failure = supervise(shared, capturing, drawing, &watched, || inferring.is_finished());
            let result = inferring.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
            shared.finish_printing();
            match failure {
                Some(error) => Err(error),
                None => result,
            }
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(error) = finish(None, std::mem::take(&mut self.drawing)) {
            log::error!("{error}");
        }
    }
}

#[cfg(test)]
mod tests;
