//! `vggcam doctor`: what this machine has, what is wrong with it, and what to do about that.

mod check;
mod devices;
mod machine;
mod model;
mod settings;
mod table;

use std::path::Path;

use super::{
    config::{self, Config},
    update::installed,
};
use crate::engine::isa;
use check::check;
pub use check::{Check, Status};
pub use table::table;

/// Looks at everything. `file` is the settings file that was wished, `flags` are the settings that the command line gives.
pub fn examine(file: Option<&Path>, flags: &Config) -> Vec<Check> {
    let mut checks = machine::machine();
    let config = match config::load(file, flags) {
        Ok(effective) => {
            checks.extend(settings::in_use(&effective));
            effective.config
        }
        Err(error) => {
            let advice = "until then a run does not start; what follows is without the file";
            checks.push(check("settings", Status::Problem, "file", error.to_string()).advise(advice));
            flags.clone()
        }
    };
    let engine = config.engine_settings(isa::cores());
    match installed::model_in_use(config.model.as_deref()) {
        Ok(model) => checks.extend(model::check_model(model.as_deref(), engine)),
        Err(error) => checks.push(check("model", Status::Problem, "installed model", error.to_string())),
    }
    checks.push(model::origin(config.model_key.as_deref()));
    if config.model.is_none() {
        checks.extend(model::update());
    }
    checks.extend(devices::cameras());
    checks.extend(devices::displays());
    checks.extend(devices::lines());
    checks
}

/// Whether nothing is wrong.
pub fn healthy(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.status != Status::Problem)
}
