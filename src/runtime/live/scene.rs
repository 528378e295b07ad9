//! What a display shows: a picture, the answer that goes with it, and how the run stands.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    display::{caption::State, screen::Page},
    runtime::{decide::Decision, shot::Shot},
};

/// The answer to a picture.
pub struct Outcome {
    /// Name of the still picture, empty for a live camera.
    pub source: String,
    /// The label and the probabilities.
    pub decision: Decision,
    /// Results per second.
    pub fps: f32,
    /// Time from the capture of the picture to its label.
    pub latency: Duration,
}

/// How a run stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Something is being opened.
    Starting,
    /// Pictures come in.
    Live,
    /// Pictures come in, but the newest answer is too old to be told.
    Stale {
        /// When it came.
        since: Instant,
    },
    /// The camera gives no pictures.
    CameraLost {
        /// Why, in a few words.
        cause: String,
        /// Since when.
        since: Instant,
    },
    /// The model gives no answers.
    ModelFailed {
        /// Why, in a few words.
        cause: String,
    },
}

impl Standing {
    /// The same for a caption, as of now.
    pub fn state(&self) -> State {
        match self.clone() {
            Self::Starting => State::Starting,
            Self::Live => State::Live,
            Self::Stale { since } => State::Stale { since: since.elapsed() },
            Self::CameraLost { cause, since } => State::CameraLost { cause, since: since.elapsed() },
            Self::ModelFailed { cause } => State::ModelFailed { cause },
        }
    }

    /// Whether what a screen says about it changes with time.
    pub fn counts_time(&self) -> bool {
        matches!(self, Self::CameraLost { .. } | Self::Stale { .. })
    }
}

/// What a display shows.
#[derive(Clone)]
pub struct Scene {
    /// The newest picture, once there is one.
    pub shot: Option<Arc<Shot>>,
    /// The answer, once there is one.
    pub outcome: Option<Arc<Outcome>>,
    /// How the run stands.
    pub standing: Standing,
    /// What the screen puts first.
    pub page: Page,
    /// Whether the user has stopped the picture.
    pub frozen: bool,
}
