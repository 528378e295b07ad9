//! `vggcam install` and `vggcam rollback`.

use std::{path::Path, process::ExitCode};

use vggcam::{
    message::print,
    model::signature::Origin,
    runtime::{
        config::{self, Config},
        update::{
            install::{self, Candidate, Outcome},
            installed, rollback,
        },
    },
};

use crate::args::{OriginArgs, StateArgs};

/// This program, also where another one has taken its place in the meantime.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Tests a model, and makes it the one in use unless it is only to be checked.
pub fn install(model: &Path, check: bool, origin: &OriginArgs, state: &StateArgs) -> anyhow::Result<ExitCode> {
    let flags = Config { model_key: origin.key.clone(), ..Config::default() };
    // Settings that cannot be read may pin a key, so nothing is installed.
    let config = config::load(origin.config.config.as_deref(), &flags)?.config;
    let origin = Origin::of(model, config.model_key.as_deref(), origin.signature.as_deref())?;
    let candidate = Candidate { model, origin: &origin, program: Path::new(THIS_PROGRAM) };
    match check {
        true => install::check(&candidate, &mut say)?,
        false => install::install(&installed::folder(state.state.as_deref()), &candidate, &mut say)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns to the model before.
pub fn roll_back(state: &StateArgs) -> anyhow::Result<ExitCode> {
    rollback::rollback(&installed::folder(state.state.as_deref()), &mut say)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what a step has come to; whoever does not read it does not stop it.
fn say(outcome: Outcome, step: &str, words: &str) {
    let mark = match outcome {
        Outcome::Fine => '✓',
        Outcome::Warning => '!',
    };
    let _ = print(&format!("{mark} {step:11}  {words}\n"));
}
