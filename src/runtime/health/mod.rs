//! How the board fares: its temperature, its power supply, and whether it has been slowed down.
//!
//! All of it is read from files of the kernel below a root folder, which is `/` but in tests. What a board does not tell stays
//! `None`, so that nothing is called healthy that nobody has looked at.

mod files;
mod frequency;
mod raspberry;
mod thermal;

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};

/// The table `[health]` of the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Temperature in °C from which the board counts as hot.
    pub hot_c: f32,
    /// Seconds after which a label that no newer answer confirms is not shown or told any more.
    pub stale_s: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { hot_c: 80.0, stale_s: 10.0 }
    }
}

/// Why a limit makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("[health] has stale_s = {stale_s}, but a number of seconds above 0 belongs there")]
pub struct SettingsError {
    stale_s: f32,
}

impl Settings {
    /// Age from which a label that no newer answer confirms does not count any more.
    pub fn stale_after(&self) -> Result<Duration, SettingsError> {
        let limit = Duration::try_from_secs_f32(self.stale_s).ok().filter(|limit| !limit.is_zero());
        limit.ok_or(SettingsError { stale_s: self.stale_s })
    }
}

/// Whether something is amiss, and whether it has been since the board started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// At this moment.
    pub now: bool,
    /// At any time since the board's start, as far as the board and this program remember.
    pub since_boot: bool,
}

/// Clock of the fastest processor core in MHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Frequency {
    /// As it runs now; an idle core runs slower.
    pub current_mhz: u32,
    /// As fast as it goes.
    pub max_mhz: u32,
}

/// What the board tells about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Health {
    /// The hottest part of the chip in °C.
    pub temperature_c: Option<f32>,
    /// The supply's voltage is too low.
    pub under_voltage: Option<Condition>,
    /// The processor runs slower than it could, because it is hot or lacks power.
    pub throttled: Option<Condition>,
    /// The processor's clock.
    pub frequency: Option<Frequency>,
}

/// Reads what the board tells below `root`.
pub fn read(root: &Path) -> Health {
    let firmware = raspberry::firmware(root);
    let slowed = thermal::slowed_down(root).map(|now| Condition { now, since_boot: now });
    Health {
        temperature_c: thermal::hottest(root),
        under_voltage: worse(firmware.map(|bits| bits.under_voltage), raspberry::low_voltage(root)),
        throttled: worse(firmware.map(|bits| bits.throttled), slowed),
        frequency: frequency::fastest(root),
    }
}

/// Both together; what only one tells is taken from it.
fn worse(one: Option<Condition>, other: Option<Condition>) -> Option<Condition> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(Condition { now: one.now || other.now, since_boot: one.since_boot || other.since_boot })
        }
        (one, other) => one.or(other),
    }
}

impl Health {
    /// The same, knowing also what was amiss `before`; not every board remembers that by itself.
    pub fn after(self, before: &Health) -> Self {
        let remember = |now: Option<Condition>, before: Option<Condition>| {
            let was = before.is_some_and(|before| before.since_boot);
            now.map(|condition| Condition { since_boot: condition.since_boot || was, ..condition })
        };
        Self {
            under_voltage: remember(self.under_voltage, before.under_voltage),
            throttled: remember(self.throttled, before.throttled),
            ..self
        }
    }

    /// What is wrong at this moment, in a few words each, the worst first.
    pub fn warnings(&self, settings: &Settings) -> Vec<String> {
        let now = |condition: Option<Condition>| condition.is_some_and(|condition| condition.now);
        let mut warnings = Vec::new();
        if now(self.under_voltage) {
            warnings.push("under-voltage".into());
        }
        let degrees = self.temperature_c.map(|degrees| format!(", {degrees:.0} °C")).unwrap_or_default();
        if now(self.throttled) {
            warnings.push(format!("slowed down{degrees}"));
        } else if self.temperature_c.is_some_and(|degrees| degrees >= settings.hot_c) {
            warnings.push(format!("hot{degrees}"));
        }
        warnings
    }

    /// What there is to tell in one line, such as `48 °C · under-voltage before`; empty where the board tells nothing.
    pub fn in_words(&self) -> String {
        let said = |condition: Option<Condition>, what: &str| match condition {
            Some(Condition { now: true, .. }) => Some(what.to_owned()),
            Some(Condition { since_boot: true, .. }) => Some(format!("{what} before")),
            _ => None,
        };
        let degrees = self.temperature_c.map(|degrees| format!("{degrees:.0} °C"));
        let parts = [degrees, said(self.under_voltage, "under-voltage"), said(self.throttled, "slowed down")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests;
