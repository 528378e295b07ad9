//! The live loop: capture, classify, decide, show, publish, each on its own thread.
//!
//! ```text
//! camera ──newest frame──▶ inference ──▶ lines on standard output
//!    └──────newest scene──────┴─────▶ a drawing thread for each display
//! ```
//!
//! Of a live camera every step takes the newest frame and skips what it had no time for. Where each picture comes
//! only once, every step waits for the next instead, so that none is left out.

mod inference;
mod scene;
mod supervise;
mod workers;

use std::{
    io, panic,
    sync::{Arc, atomic::AtomicBool},
    thread,
};

use image::RgbImage;

use super::{
    decide::{Decider, Smoothing},
    publish::Publisher,
    rate::Rate,
};
use crate::{
    camera::{Camera, error::CameraError},
    display::{Panel, panel::DisplayError},
    engine::{classifier::Prediction, error::EngineError},
    model::metadata::Metadata,
};
use inference::Inference;
use scene::Shared;
use supervise::{start, supervise};
use workers::{capture, draw};

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
    /// What the user may do, for displays with room to say it; may be empty.
    pub hint: String,
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
    let Options { camera, panels, classify, metadata, hint, smoothing, frames, publisher, stop } = options;
    let shared = Arc::new(Shared::new(camera.as_ref(), &metadata, hint, panels.len()));
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

#[cfg(test)]
mod tests;
