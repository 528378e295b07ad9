//! The settings of a run: what the command line says, else the settings file, else the defaults.
//!
//! Every setting is a field of [`Config`]. A part that has several of its own keeps them in a struct in the module that they are
//! about, and this is all that it takes:
//!
//! 1. The struct derives `Clone, Debug, PartialEq, Serialize, Deserialize`, has `#[serde(deny_unknown_fields, default)]`, and
//!    a `Default` that leaves the part switched off.
//! 2. [`Config`] has a field of that type, which is the table's name in the file.
//! 3. `packaging/vggcam.toml` has the table, with each setting commented out under a comment. Its value there is the default;
//!    for an `Option` or a list, whose default has no value, it is an example, and the comment ends with `Default: ` and words.
//! 4. A setting with a flag is an `Option` or a list, and the program puts the flag's value into its own [`Config`].
//!
//! Unknown names, lines, origins and `vggcam doctor` follow from that.

mod defaults;
mod example;
mod file;
mod layers;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    controls::ButtonSpecs,
    health,
    keep::Keep,
    lights::LightSpec,
    publish::{hook, metrics, mqtt, web},
};
use crate::{
    engine::{
        choice::EngineChoice,
        layers::{planner::Sums, weights::Memory},
        open::Settings,
    },
    gpio::line::ButtonSpec,
};
pub use file::{ConfigError, DEFAULT_PATH, PATH_VARIABLE};
pub use layers::{Effective, Origin, Setting};

/// The settings of a run. Whatever is `None` or empty is chosen as the example file says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Model file.
    pub model: Option<PathBuf>,
    /// Key that installed models must be signed with: the line of a .pub file, or the file's path.
    pub model_key: Option<String>,
    /// Threads that share the work of one picture.
    pub threads: Option<NonZeroUsize>,
    /// Engine that runs the model.
    pub engine: Option<EngineChoice>,
    /// Where a large model's weights lie.
    pub memory: Option<Memory>,
    /// Camera SPEC.
    pub camera: Option<String>,
    /// Display SPECs.
    pub display: Vec<String>,
    /// Button for the next page and, held, to freeze.
    pub button: Option<ButtonSpec>,
    /// Button to freeze.
    pub freeze_button: Option<ButtonSpec>,
    /// Lights for classes.
    pub light: Vec<LightSpec>,
    /// Whether results are written as JSON lines.
    pub json: Option<bool>,
    /// The web page.
    pub web: web::Settings,
    /// Metrics for Prometheus.
    pub metrics: metrics::Settings,
    /// The broker.
    pub mqtt: mqtt::Settings,
    /// The program that runs when the label changes.
    pub hook: hook::Settings,
    /// When something is amiss.
    pub health: health::Settings,
    /// Which frames are kept for their owner to label.
    pub keep: Keep,
}

impl Config {
    /// How the model runs: on `threads` where no number is set.
    pub fn engine_settings(&self, threads: usize) -> Settings {
        Settings {
            threads: self.threads.map_or(threads, NonZeroUsize::get),
            engine: self.engine.unwrap_or_default(),
            memory: self.memory,
            keep: true,
            sums: Sums::Fastest,
        }
    }

    /// Which buttons there are.
    pub fn buttons(&self) -> ButtonSpecs {
        ButtonSpecs { button: self.button.clone(), freeze: self.freeze_button.clone() }
    }
}

/// Puts together what holds for a run: `flags`, then what the settings file says, then the defaults. The file is `wished`, else
/// what the environment names, else `/etc/vggcam/vggcam.toml` where it exists. Errs where the file cannot be read, and where
/// anything in it is not known or not allowed.
pub fn load(wished: Option<&Path>, flags: &Config) -> Result<Effective, ConfigError> {
    layers::merge(flags, file::in_use(wished).map(file::read).transpose()?)
}

#[cfg(test)]
mod tests;
