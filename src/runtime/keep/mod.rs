//! Keeps frames that the model is unsure about, for their owner to label and to train on again. Off unless it is switched on, and
//! then every screen says so; frames leave the board only when somebody fetches them.
//!
//! | file | holds |
//! |---|---|
//! | [`folder`] | the pictures on disk, within a quota, the oldest out first |
//! | [`keeper`] | the thread that writes them, at most one in some time |

pub mod folder;
pub mod keeper;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::decide::Decision;

/// Name of the folder of kept pictures in the folder of the board's state.
pub const FOLDER: &str = "kept";

/// What is kept, the table `[keep]` of the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Whether unsure frames are kept at all.
    pub unsure_frames: bool,
    /// Confidence, 0 to 1, below which an answer is unsure; unknown ones always are.
    pub below: f64,
    /// Seconds from one kept frame to the next.
    pub every_s: f64,
    /// Megabytes (10⁶ bytes) that the folder may hold; the oldest pictures go first.
    pub quota_mb: u32,
    /// Where they are kept; in the folder of the board's state if `None`.
    pub folder: Option<PathBuf>,
}

impl Default for Keep {
    fn default() -> Self {
        Keep { unsure_frames: false, below: 0.8, every_s: 10.0, quota_mb: 200, folder: None }
    }
}

impl Keep {
    /// Whether a frame with this answer is worth a label by hand.
    pub fn wants(&self, decision: &Decision) -> bool {
        self.unsure_frames && (decision.label.is_none() || f64::from(decision.confidence) < self.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsure_answers_are_wanted_where_that_is_switched_on() {
        let decision =
            |label, confidence| Decision { label, confidence, probabilities: vec![confidence], familiarity: None };
        let on = Keep { unsure_frames: true, ..Keep::default() };
        assert!(on.wants(&decision(Some(0), 0.79)) && on.wants(&decision(None, 0.99)));
        assert!(!on.wants(&decision(Some(0), 0.8)));
        assert!(!Keep::default().wants(&decision(None, 0.1)));
    }
}
