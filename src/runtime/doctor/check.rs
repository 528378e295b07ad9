//! One thing that was looked at.

use serde::Serialize;
use serde_json::Value;

use crate::runtime::config::Origin;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Fine.
    Ok,
    /// Not there, or not usable, and not needed.
    Note,
    /// Wrong: something does not work until it is mended.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `machine`, `settings`, `model`, `camera`, `display` or `gpio`.
    pub area: &'static str,
    /// How it came out.
    pub status: Status,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// For a setting: its value, and where that came from.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub setting: Option<Chosen>,
}

/// A setting's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// The value; null or an empty list where nothing was chosen.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// A check without advice.
pub fn check(area: &'static str, status: Status, what: impl Into<String>, found: impl Into<String>) -> Check {
    Check { area, status, what: what.into(), found: found.into(), advice: None, setting: None }
}

impl Check {
    /// The same with what to do.
    pub fn advise(self, advice: impl Into<String>) -> Self {
        Check { advice: Some(advice.into()), ..self }
    }
}
