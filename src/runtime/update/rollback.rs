//! `vggcam rollback`: the model before the one in use becomes the model in use again, and that one the one before.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    install::{Outcome, Say},
    installed::{Changing, Entry, Installed, InstalledError, Trial, Withdrawn, file_name, model_path, named, read},
};
use crate::model::fingerprint;

/// Why a model was not returned to.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// Its file cannot be read.
    #[error("cannot read {path}: {source}; install the model again")]
    Unreadable { path: PathBuf, source: io::Error },
    /// Its file does not have the bytes that it is named after.
    #[error("{path} is not returned to: the file was changed or is damaged; install it again")]
    Damaged { path: PathBuf },
    /// The installed models cannot be told or changed.
    #[error(transparent)]
    Installed(#[from] InstalledError),
    /// There was never a model installed.
    #[error("there is no model to go back to; nothing has been installed in {folder}")]
    NothingBefore { folder: PathBuf },
}

/// Makes the model before the one in use again, and that one the one before. A model that has not proved itself is on trial anew.
pub fn rollback(folder: &Path, say: &mut Say) -> Result<(), RollbackError> {
    if read(folder)? == Installed::default() {
        return Err(RollbackError::NothingBefore { folder: folder.into() });
    }
    let changing = Changing::start(folder)?;
    let Installed { current, previous, withdrawn } = read(folder)?;
    whole(folder, &previous)?;
    let (now, then) = (named(&previous), named(&current));
    let again = match &withdrawn {
        Some(Withdrawn { reason, .. }) => format!("; it was taken back because {reason}, and is on trial once more"),
        None => String::new(),
    };
    let outcome = format!("{now} is in use again{again}; another `vggcam rollback` returns to {then}");
    changing.switch(&Installed { current: anew(previous), previous: current, withdrawn: None })?;
    say(Outcome::Fine, "rolled back", &outcome);
    Ok(())
}

/// Gives the model on trial in `folder` up for the one before, because of `reason`, and notes that. Gives what is installed then;
/// nothing changes where `file` is not the model in use any more, or is not on trial.
pub fn withdraw(folder: &Path, file: &str, reason: &str) -> Result<Installed, RollbackError> {
    let changing = Changing::start(folder)?;
    let installed = read(folder)?;
    let name = match &installed.current {
        Some(entry) if entry.file == file && installed.on_trial().is_some() => entry.name.clone(),
        _ => return Ok(installed),
    };
    whole(folder, &installed.previous)?;
    let withdrawn = Some(Withdrawn { name, reason: reason.into() });
    let changed = Installed { current: installed.previous, previous: anew(installed.current), withdrawn };
    changing.switch(&changed)?;
    Ok(changed)
}

/// A model whose trial, if it is on one, begins again.
fn anew(entry: Option<Entry>) -> Option<Entry> {
    entry.map(|entry| Entry { trial: entry.trial.map(|_| Trial::default()), ..entry })
}

/// Whether a model's file still has the bytes that it is named after; the bundled one is whole.
pub(super) fn whole(folder: &Path, entry: &Option<Entry>) -> Result<(), RollbackError> {
    let Some(entry) = entry else { return Ok(()) };
    let path = model_path(folder, entry);
    match fingerprint::id_of_file(&path) {
        Ok(id) if file_name(&id) == entry.file => Ok(()),
        Ok(_) => Err(RollbackError::Damaged { path }),
        Err(source) => Err(RollbackError::Unreadable { path, source }),
    }
}
