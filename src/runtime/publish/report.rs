//! What there is to publish: results, and changes of how the run stands.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::{camera::Losses, display::caption::State, runtime::decide::Decision};

/// Where a picture came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A still picture, by its path.
    File(String),
    /// A live camera, by its description.
    Camera(String),
}

/// One result.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Where the picture came from.
    pub origin: &'a Origin,
    /// Number of the frame at its source.
    pub sequence: u64,
    /// Names of the classes.
    pub labels: &'a [String],
    /// The answer.
    pub decision: &'a Decision,
    /// Time that the network took.
    pub latency: Duration,
    /// Time from the capture of the picture to its label.
    pub capture_to_label: Duration,
    /// Frames that the camera lost so far.
    pub losses: Losses,
    /// Frames that were passed over so far because newer ones came before the model was ready for them.
    pub skipped: u64,
    /// Results per second.
    pub fps: f32,
    /// Which model answered: the hash of its file, which installed models are named after; may be empty.
    pub model: &'a str,
    /// Temperature of the board in °C, where it tells that.
    pub temperature_c: Option<f32>,
    /// What is wrong with the board at this moment, in a few words each.
    pub warnings: &'a [String],
}

/// A change of how the run stands.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// What the camera says it is.
    pub camera: &'a str,
    /// How the run stands from now on.
    pub state: &'a State,
}

impl<'a> Change<'a> {
    /// The name of the state for programs.
    pub fn state_name(&self) -> &'static str {
        state_name(self.state)
    }

    /// Why the run stands so, where there is something to say.
    pub fn cause(&self) -> Option<&'a str> {
        cause(self.state)
    }
}

/// The name of a state for programs.
pub fn state_name(state: &State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Live => "live",
        State::Stale { .. } => "stale",
        State::CameraLost { .. } => "camera lost",
        State::ModelFailed { .. } => "model failed",
    }
}

/// Why a run stands so, where there is something to say.
pub fn cause(state: &State) -> Option<&str> {
    match state {
        State::Starting | State::Live => None,
        State::Stale { .. } => Some("no newer answer"),
        State::CameraLost { cause, .. } | State::ModelFailed { cause } => Some(cause),
    }
}

/// Milliseconds since the beginning of 1970, as the system's clock counts them.
pub fn milliseconds_since_1970(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
