//! The first runs of a new model, in which it proves itself or is given up for the one before.
//!
//! A start counts against the model while the model is at work: while it is being opened, and from its first picture to its
//! result number [`RESULTS`], which proves it. The count is on the disk before the work begins and is taken back when it is done or
//! the run ends in order, so that only a crash, a hang that somebody ended, a lost supply or an error of the model leaves it there. A
//! camera without pictures counts for nothing. After [`STARTS`] such starts, and at once where the model cannot be opened, the
//! model before is in use again; that one is not given up in its turn.
//!
//! Where nothing can be written, runs go on, and say that nothing is counted.

use std::path::{Path, PathBuf};

use super::{
    installed::{Changing, Entry, Installed, InstalledError, Trial, Withdrawn, folder, model_path, named, read},
    rollback::{whole, withdraw},
};

/// Starts after which a model is given up.
pub const STARTS: u32 = 3;
/// Results that prove a model.
pub const RESULTS: u32 = 10;

/// The model that a run uses.
#[derive(Debug, Default)]
pub struct InUse {
    /// Its file; the bundled one if `None`.
    pub path: Option<PathBuf>,
    /// Its trial, if it is on one.
    pub trial: Option<OnTrial>,
    /// A model that was given up for it.
    pub withdrawn: Option<Withdrawn>,
}

/// A model on trial, in one run.
#[derive(Debug)]
pub struct OnTrial {
    folder: PathBuf,
    /// Name of its file.
    file: String,
    /// Whether this start is counted at the moment.
    counted: bool,
    results: u32,
}

/// Chooses the model for a run: `wished`, which is on no trial, else the installed one.
pub fn choose(wished: Option<&Path>) -> Result<InUse, InstalledError> {
    match wished {
        Some(path) => Ok(InUse { path: Some(path.into()), ..InUse::default() }),
        None => choose_in(&folder(None)),
    }
}

fn choose_in(folder: &Path) -> Result<InUse, InstalledError> {
    let installed = read(folder)?;
    let in_use = in_use(folder, &installed);
    let there = in_use.path.as_ref().is_none_or(|path| path.exists());
    match (installed.on_trial(), in_use) {
        (Some(Trial { starts }), InUse { trial: Some(trial), .. }) if starts >= STARTS => {
            Ok(trial.give_up(&format!("{starts} starts did not come to {RESULTS} results")))
        }
        (_, InUse { trial: Some(trial), .. }) if !there => Ok(trial.give_up("its file is not there")),
        (_, InUse { path: Some(path), .. }) if !there => Err(InstalledError::Missing { path }),
        (_, in_use) => Ok(in_use),
    }
}

fn in_use(folder: &Path, installed: &Installed) -> InUse {
    let of_current =
        |entry: &Entry| OnTrial { folder: folder.into(), file: entry.file.clone(), counted: false, results: 0 };
    InUse {
        path: installed.current.as_ref().map(|entry| model_path(folder, entry)),
        trial: installed.on_trial().and(installed.current.as_ref()).map(of_current),
        withdrawn: installed.withdrawn.clone(),
    }
}

impl OnTrial {
    /// The model is about to work: counts this start, unless it is counted.
    pub fn begins(&mut self) {
        if !self.counted {
            self.counted = true;
            self.note(|entry| entry.trial.iter_mut().for_each(|trial| trial.starts += 1));
        }
    }

    /// The model has done what it was asked to, or is asked for nothing more: this start does not count any more.
    pub fn ends(&mut self) {
        if self.counted {
            self.counted = false;
            self.note(|entry| entry.trial.iter_mut().for_each(|trial| trial.starts = trial.starts.saturating_sub(1)));
        }
    }

    /// The model has given a result. Returns whether it has proved itself, so that the trial is over.
    pub fn gave_result(&mut self) -> bool {
        self.results += 1;
        if self.results < RESULTS {
            return false;
        }
        self.note(|entry| entry.trial = None);
        true
    }

    /// Gives the model up because of `reason`; gives the one to go on with.
    pub fn give_up(self, reason: &str) -> InUse {
        let OnTrial { folder, file, .. } = self;
        let (installed, noted) = match withdraw(&folder, &file, reason) {
            Ok(installed) => (installed, true),
            Err(error) => {
                log::warn!("that the new model is given up cannot be noted: {error}");
                (unnoted(&folder, reason), false)
            }
        };
        let before = named(&installed.current);
        if let Some(Withdrawn { name, reason }) = &installed.withdrawn {
            let until = if noted { "" } else { ", for this run" };
            log::warn!("the new model {name} is taken back, because {reason}; {before} is in use again{until}");
        }
        in_use(&folder, &installed)
    }

    /// Notes a change of the trial, if the model is still the one in use.
    fn note(&self, change: impl FnOnce(&mut Entry)) {
        let note = || -> Result<(), InstalledError> {
            let changing = Changing::start(&self.folder)?;
            let mut installed = read(&self.folder)?;
            match &mut installed.current {
                Some(entry) if entry.file == self.file && entry.trial.is_some() => change(entry),
                _ => return Ok(()),
            }
            changing.switch(&installed)
        };
        if let Err(error) = note() {
            log::warn!("how the trial of the new model goes cannot be noted: {error}");
        }
    }
}

/// What would be installed if it could be written: the model before, where that is whole.
fn unnoted(folder: &Path, reason: &str) -> Installed {
    let installed = read(folder).unwrap_or_default();
    match &installed.current {
        Some(current) if whole(folder, &installed.previous).is_ok() => Installed {
            withdrawn: Some(Withdrawn { name: current.name.clone(), reason: reason.into() }),
            current: installed.previous.clone(),
            previous: installed.current,
        },
        // There is nothing else, so it is tried for as long as it takes.
        _ => Installed {
            withdrawn: None,
            current: installed.current.map(|entry| Entry { trial: None, ..entry }),
            previous: None,
        },
    }
}

#[cfg(test)]
mod tests;
