//! The live loop: capture, classify, decide, show, publish, each on its own thread.
//!
//! ```text
//! camera ──newest frame──▶ inference ──▶ lines on standard output
//!    └──────newest scene──────┴─────▶ a drawing thread for each display
//! ```
//!
//! Of a live camera every step takes the newest frame and skips what it had no time for. Where each picture comes
//! only once, every step waits for the next instead, so that none is left out.

mod scene;

use std::{
    io,
    ops::ControlFlow,
    panic,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

use image::RgbImage;

use super::{
    decide::{Decider, Smoothing},
    newest::Newest,
    publish::{Publisher, Report},
    rate::Rate,
};
use crate::{
    camera::{Camera, error::CameraError},
    display::{Panel, panel::DisplayError, screen},
    engine::classifier::{EngineError, Prediction},
    model::metadata::Metadata,
    vision::decode::DecodeError,
};
use scene::{Outcome, Scene, Shared, Shot};

/// Shortest time between two pictures on a display.
const FRAME_TIME: Duration = Duration::from_millis(33);
/// How often a wish to stop is looked for.
const STOP_POLL: Duration = Duration::from_millis(20);
/// How long a camera or display that hangs in its driver may delay the end.
const PATIENCE: Duration = Duration::from_secs(1);
/// Failures in a row after which a camera is not asked again, though it says that they may pass.
const MAX_CAMERA_FAILURES: u32 = 3;
/// Frames in a row that may be unreadable.
const MAX_UNREADABLE: u32 = 100;

/// What the live loop works with.
pub struct Options<F> {
    /// Where frames come from.
    pub camera: Box<dyn Camera>,
    /// Where they are shown; may be empty.
    pub panels: Vec<Box<dyn Panel>>,
    /// Classifies one picture.
    pub classify: F,
    /// What the model says about itself.
    pub metadata: Metadata,
    /// How much the past counts.
    pub smoothing: Smoothing,
    /// Number of results after which the run ends; `None` goes on.
    pub frames: Option<u64>,
    /// Where results are written, if anywhere.
    pub publisher: Option<Publisher>,
    /// Ends the run once it is set.
    pub stop: Arc<AtomicBool>,
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

/// Runs until the source ends, enough results are there, or `stop` is set. Errs when the camera, the model, the
/// output or the last display fails; everything is closed by then.
pub fn run<F>(options: Options<F>) -> Result<Summary, RunError>
where
    F: Fn(&RgbImage) -> Result<Prediction, EngineError> + Send,
{
    let Options { camera, panels, classify, metadata, smoothing, frames, publisher, stop } = options;
    let shared = Arc::new(Shared::new(camera.as_ref(), &metadata, panels.len()));
    let supervisor = thread::current();

    let drawing: Vec<_> = panels
        .into_iter()
        .enumerate()
        .map(|(index, panel)| {
            let shared = Arc::clone(&shared);
            let name = panel.describe();
            (name, start(&supervisor, move || draw(panel, &shared, index)))
        })
        .collect();
    let capturing = {
        let shared = Arc::clone(&shared);
        start(&supervisor, move || capture(camera, &shared))
    };

    thread::scope(|scope| {
        let inference = Inference {
            classify,
            decider: Decider::new(smoothing, metadata.unknown_threshold),
            metadata: &metadata,
            publisher,
            limit: frames,
            rate: Rate::default(),
            summary: Summary::default(),
        };
        let (shared, supervisor) = (&*shared, &supervisor);
        let inferring = scope.spawn(move || {
            let result = inference.run(shared);
            supervisor.unpark();
            result
        });
        let failure = supervise(shared, capturing, drawing, &stop, || inferring.is_finished());
        let result = inferring.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
        match failure {
            Some(error) => Err(error),
            None => result,
        }
    })
}

/// Starts a thread of its own, which cannot keep the program from ending, and which wakes `supervisor` at its end.
fn start<T: Send + 'static>(supervisor: &Thread, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let supervisor = supervisor.clone();
    thread::spawn(move || {
        let result = work();
        supervisor.unpark();
        result
    })
}

type Capturing = JoinHandle<Result<(), RunError>>;
type Drawing = (String, JoinHandle<Result<(), DisplayError>>);

/// Ends the run when it is dropped.
struct EndOnDrop<'a>(&'a Shared);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Waits for the inference to end, passes on every reason to end it, and then ends the rest.
/// Returns the first failure of the camera or of the last display.
fn supervise(
    shared: &Shared,
    capturing: Capturing,
    mut drawing: Vec<Drawing>,
    stop: &AtomicBool,
    inference_ended: impl Fn() -> bool,
) -> Option<RunError> {
    // A panic that goes on here must not leave the inference waiting.
    let _ending = EndOnDrop(shared);
    let mut failure = None;
    let mut capturing = Some(capturing);
    while !inference_ended() {
        thread::park_timeout(STOP_POLL);
        if stop.load(Ordering::SeqCst) {
            shared.abandon();
        }
        if let Some(ended) = capturing.take_if(|thread| thread.is_finished()) {
            if let Err(error) = join(ended) {
                failure.get_or_insert(error);
                shared.abandon();
            }
            shared.frames.close();
        }
        while let Some(index) = drawing.iter().position(|(_, thread)| thread.is_finished()) {
            let (name, ended) = drawing.swap_remove(index);
            let Err(error) = join(ended) else { continue };
            if drawing.is_empty() {
                failure.get_or_insert(error.into());
                shared.abandon();
            } else {
                log::error!("{error}; going on without {name}");
            }
        }
    }
    shared.close();
    failure.or(finish(capturing, drawing))
}

/// Waits for the camera and the displays to end, but not for those that hang. Returns what failed at the end.
fn finish(capturing: Option<Capturing>, drawing: Vec<Drawing>) -> Option<RunError> {
    let deadline = Instant::now() + PATIENCE;
    let waiting = |finished: bool| !finished && Instant::now() < deadline;
    let displays = drawing.len();
    let mut failed = Vec::new();
    for (name, thread) in drawing {
        while waiting(thread.is_finished()) {
            thread::park_timeout(STOP_POLL);
        }
        if !thread.is_finished() {
            log::warn!("{name} does not answer, and may keep its last picture");
        } else if let Err(error) = join(thread) {
            failed.push(error);
        }
    }
    if let Some(thread) = capturing {
        // A source that waits for its next frame is not worth waiting for: the run has all that it needs.
        let grace = Instant::now() + FRAME_TIME;
        while !thread.is_finished() && Instant::now() < grace {
            thread::park_timeout(STOP_POLL);
        }
        if thread.is_finished() {
            // It was told to end, so that it failed at the same moment is of no interest.
            let _ = join(thread);
        }
    }
    let last = if failed.len() == displays { failed.pop() } else { None };
    failed.iter().for_each(|error| log::error!("{error}"));
    last.map(RunError::Display)
}

/// The result of a thread that has ended; its panic goes on here.
fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// Passes frames on until the source ends or nobody wants more.
fn capture(mut camera: Box<dyn Camera>, shared: &Shared) -> Result<(), RunError> {
    let mut failures = 0;
    loop {
        match camera.next_frame() {
            Ok(Some(frame)) => {
                failures = 0;
                if !shared.offer(Arc::new(Shot::new(frame))) {
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err(error) if error.is_temporary() && failures < MAX_CAMERA_FAILURES => {
                log::warn!("{error}; trying again");
                failures += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Keeps others from waiting for a display that has failed.
struct CloseOnDrop<'a>(&'a Newest<Scene>);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Draws every scene that one panel has time for.
fn draw(mut panel: Box<dyn Panel>, shared: &Shared, index: usize) -> Result<(), DisplayError> {
    let scenes = &shared.scenes[index];
    let _closing = CloseOnDrop(scenes);
    while let Some(scene) = scenes.take() {
        let started = Instant::now();
        let size = panel.size();
        if size.0 == 0 || size.1 == 0 {
            continue;
        }
        // The inference thread tells about pictures that cannot be read.
        let Ok(picture) = scene.shot.picture() else { continue };
        let caption = shared.caption(&scene);
        let view = screen::View { picture, caption: &caption };
        let canvas = if panel.shows_text() { screen::draw_picture(&view, size) } else { screen::draw(&view, size) };
        panel.show(&canvas, &caption)?;
        if !shared.every_frame_counts {
            thread::sleep(FRAME_TIME.saturating_sub(started.elapsed()));
        }
    }
    Ok(())
}

/// The inference thread's own things.
struct Inference<'a, F> {
    classify: F,
    decider: Decider,
    metadata: &'a Metadata,
    publisher: Option<Publisher>,
    limit: Option<u64>,
    rate: Rate,
    summary: Summary,
}

impl<F: Fn(&RgbImage) -> Result<Prediction, EngineError>> Inference<'_, F> {
    /// Classifies until there are no more frames or enough results.
    fn run(mut self, shared: &Shared) -> Result<Summary, RunError> {
        let mut unreadable = 0;
        while self.limit.is_none_or(|limit| self.summary.results < limit) {
            let Some(shot) = shared.frames.take() else { break };
            let picture = match shot.picture() {
                Ok(picture) => picture,
                Err(error) => {
                    unreadable += 1;
                    give_up_after(unreadable, shared, error)?;
                    continue;
                }
            };
            unreadable = 0;
            let started = Instant::now();
            let prediction = (self.classify)(picture)?;
            if self.report(shared, &shot, prediction, started.elapsed())?.is_break() {
                break;
            }
        }
        self.summary.skipped = shared.frames.replaced();
        self.summary.fps = self.rate.per_second();
        Ok(self.summary)
    }

    /// Decides on the label, and tells the displays and the output.
    fn report(
        &mut self,
        shared: &Shared,
        shot: &Arc<Shot>,
        prediction: Prediction,
        latency: Duration,
    ) -> Result<ControlFlow<()>, RunError> {
        let frame = shot.frame();
        let decision = self.decider.update(&prediction.probabilities, &frame.name, frame.captured_at);
        self.rate.count(Instant::now());
        // The first result tells the rate by the time it took.
        let fps = self.rate.per_second().unwrap_or(1.0 / latency.as_secs_f32().max(1e-6));
        self.summary.results += 1;
        self.summary.last = Some((decision.name(&self.metadata.labels).to_owned(), decision.confidence));

        let origin = shared.origin(frame);
        let outcome = Arc::new(Outcome { source: frame.name.clone(), decision, fps });
        shared.answer(shot, &outcome);
        let Some(publisher) = &mut self.publisher else { return Ok(ControlFlow::Continue(())) };
        let report = Report {
            origin: &origin,
            sequence: frame.sequence,
            labels: &self.metadata.labels,
            decision: &outcome.decision,
            latency,
            fps,
        };
        publisher.publish(&report).map_err(RunError::Publish)
    }
}

/// Tells about an unreadable frame; errs after too many in a row.
fn give_up_after(unreadable: u32, shared: &Shared, error: &DecodeError) -> Result<(), RunError> {
    log::warn!("skipped: {error}");
    if unreadable < MAX_UNREADABLE {
        return Ok(());
    }
    Err(RunError::Unreadable { camera: shared.camera.clone(), count: unreadable, reason: error.to_string() })
}

#[cfg(test)]
mod tests;
