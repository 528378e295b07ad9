//! Whether a model runs here: reads it, opens it, and lets it answer its reference pictures.

use std::path::{Path, PathBuf};

use super::selftest::{self, SelfTestError};
use crate::{
    engine::{classifier::Classifier, error::EngineError, layers::weights::available_bytes, memory, open::Settings},
    model::{error::ModelError, file, recognise::Recognised},
};

/// Why a model cannot be used here.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// It is too large for this board as it is now.
    #[error(
        "{path} is not installed: it may need {} MB of memory, and {} MB are available; close other programs, or train on a \
         narrower backbone",
        needed >> 20,
        available >> 20
    )]
    Memory { path: PathBuf, needed: u64, available: u64 },
    /// The file is not a model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model cannot run here.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The model gives other answers here.
    #[error(transparent)]
    SelfTest(#[from] SelfTestError),
}

/// Opens the model in `path`, which messages call `called`, and tests it; gives its name. `say` gets each step and what came of it.
pub fn examine(
    path: &Path,
    called: &Path,
    settings: Settings,
    say: &mut dyn FnMut(&str, &str),
) -> Result<String, ExamineError> {
    let failed = |source| ModelError::Io { action: "read", path: called.into(), source };
    let length = path.metadata().map_err(failed)?.len();
    enough_memory(called, memory::for_integers(length))?;
    let mut model = file::open(path).map_err(|error| match error {
        ModelError::Unusable { reason, .. } => ModelError::Unusable { what: called.display().to_string(), reason },
        other => other,
    })?;
    model.what = called.display().to_string();
    if let Some(Recognised::Float(_)) = model.network() {
        enough_memory(called, memory::for_floats(length))?;
    }
    let references = std::mem::take(&mut model.references);
    let classifier = Classifier::of_file(model, settings)?;
    let metadata = classifier.metadata();
    let labels = metadata.labels.join(", ");
    say("model", &format!("{}, {}; classes {labels}", metadata.name, classifier.form().name()));
    match selftest::test(&classifier, &references)? {
        0 => say("self-test", "it runs here; without reference pictures, its answers cannot be compared"),
        count => say("self-test", &format!("{count} reference pictures answered as where it was made")),
    }
    Ok(metadata.name.clone())
}

fn enough_memory(path: &Path, needed: u64) -> Result<(), ExamineError> {
    match available_bytes() {
        Some(available) if available < needed => Err(ExamineError::Memory { path: path.into(), needed, available }),
        _ => Ok(()),
    }
}
