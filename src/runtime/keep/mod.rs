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

/// Why settings make no sense.
#[derive(Debug, thiserror::Error)]
#[error("[keep] has {setting}, but {wanted} belongs there")]
pub struct SettingsError {
    setting: String,
    wanted: &'static str,
}

impl Keep {
    /// Errs for numbers that make no sense.
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |setting: String, wanted| Err(SettingsError { setting, wanted });
        if !(0.0..=1.0).contains(&self.below) {
            return wrong(format!("below = {}", self.below), "a confidence from 0 to 1");
        }
        if !self.every_s.is_finite() || self.every_s < 0.0 {
            return wrong(format!("every_s = {}", self.every_s), "a number of seconds");
        }
        Ok(())
    }

    /// Whether a frame with this answer is worth a label by hand.
    pub fn wants(&self, decision: &Decision) -> bool {
        self.unsure_frames && (decision.label.is_none() || f64::from(decision.confidence) < self.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        assert!(Keep::default().check().is_ok());
        let wrong = [
            Keep { below: 80.0, ..Keep::default() },
            Keep { below: f64::NAN, ..Keep::default() },
            Keep { every_s: -1.0, ..Keep::default() },
        ];
        assert!(wrong.iter().all(|keep| keep.check().unwrap_err().to_string().starts_with("[keep] has ")));
    }

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
