//! `vggcam install`: a copy of a model, checked and tested, becomes the model in use.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::{
    confined::{ConfinedError, examine_confined},
    installed::{Changing, Entry, Installed, InstalledError, Trial, file_name, model_path, named, read},
    limits::Limits,
};
use crate::model::{
    beside::{installed_report, trained_report},
    fingerprint,
    replace::write_atomically,
    signature::{Expected, Origin, SignatureError},
};

/// Length from which a file is none: ONNX allows no more in one.
const MAX_FILE_BYTES: u64 = 2 << 30;
/// Length of the longest report that is brought along.
const MAX_REPORT_BYTES: u64 = 64 << 20;

/// Why a model was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The file could not be read or copied.
    #[error("cannot {action} {path}: {source}{}", no_room(source))]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The file is no model that can be installed.
    #[error("{path} is not installed: {reason}")]
    Refused { path: PathBuf, reason: &'static str },
    /// It is not certain where the file comes from.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The model does not run here as it should.
    #[error(transparent)]
    Confined(#[from] ConfinedError),
    /// The installed models cannot be told or changed.
    #[error(transparent)]
    Installed(#[from] InstalledError),
}

fn no_room(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room, the model in use stays until then",
        _ => "",
    }
}

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and fine.
    Fine,
    /// Not done, and somebody should know.
    Warning,
}

/// Gets each step, how it came out, and what came of it in words.
pub type Say<'a> = dyn FnMut(Outcome, &str, &str) + 'a;

/// A model file, and how it is tested.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The file.
    pub model: &'a Path,
    /// What its origin is checked with.
    pub origin: &'a Origin,
    /// `vggcam`, which tests it in a process of its own.
    pub program: &'a Path,
}

impl Candidate<'_> {
    /// Tests the model, whose bytes are in `file`; gives its name.
    fn test(&self, file: &Path, length: u64, say: &mut Say) -> Result<String, InstallError> {
        let limits = Limits::for_file(length);
        let say = &mut |step: &str, outcome: &str| say(Outcome::Fine, step, outcome);
        Ok(examine_confined(self.program, file, self.model, &limits, say)?)
    }

    /// Checks where the bytes of `file` come from; gives the hash that the file is named after.
    fn identify(&self, file: &Path, expected: Option<&Expected>, say: &mut Say) -> Result<String, InstallError> {
        let failed = |source| InstallError::Io { action: "read", path: file.into(), source };
        let Some(expected) = expected else {
            say(
                Outcome::Warning,
                "origin",
                "NOT CHECKED: no key is pinned, so anybody may have made this file; `finetune keygen` makes a key, `finetune \
                 sign` signs models with it, and model_key in the settings pins it here",
            );
            return fingerprint::id_of_file(file).map_err(failed);
        };
        let mut checked = expected.check(File::open(file).map_err(failed)?)?;
        let (hash, _) = fingerprint::hash_of(&mut checked).map_err(failed)?;
        let comment = checked.finish()?;
        say(Outcome::Fine, "origin", &format!("signed with the pinned key ({comment})"));
        Ok(fingerprint::id(hash))
    }
}

/// Tests whether a model comes from where it should, runs here and answers its reference pictures as it should, without changing
/// anything.
pub fn check(candidate: &Candidate, say: &mut Say) -> Result<(), InstallError> {
    let length = length_of(candidate.model)?;
    let expected = Expected::read(candidate.origin, candidate.model)?;
    candidate.identify(candidate.model, expected.as_ref(), say)?;
    candidate.test(candidate.model, length, say).map(drop)
}

/// Copies a model into `folder`, checks and tests the copy, and makes it the model that runs when none is named, on trial. The
/// one before is kept to go back to. If anything fails, or the program is killed, the model in use stays.
pub fn install(folder: &Path, candidate: &Candidate, say: &mut Say) -> Result<(), InstallError> {
    length_of(candidate.model)?;
    let expected = Expected::read(candidate.origin, candidate.model)?;
    let changing = Changing::start(folder)?;
    let before = read(folder)?;
    let draft = changing.draft();
    let tested = copy(candidate.model, &draft).and_then(|length| {
        // Of what was written, not of what was meant to be; and before anything of it is parsed.
        let id = candidate.identify(&draft, expected.as_ref(), say)?;
        let name = candidate.test(&draft, length, say)?;
        Ok(Entry { file: file_name(&id), name, trial: Some(Trial::default()) })
    });
    let entry = tested.inspect_err(|_| {
        // The next installation removes what cannot be removed now.
        let _ = fs::remove_file(&draft);
    })?;
    changing.keep_draft(&entry)?;
    bring_report(candidate.model, &model_path(folder, &entry), say);
    if before.current.as_ref().is_some_and(|current| current.file == entry.file) {
        // Whoever installs it again wants it, whatever was taken back before.
        if before.withdrawn.is_some() {
            changing.switch(&Installed { withdrawn: None, ..before })?;
        }
        say(Outcome::Fine, "installed", &format!("{} was in use already", entry.name));
        return Ok(());
    }
    let outcome = format!("{}; `vggcam rollback` returns to {}", entry.name, named(&before.current));
    changing.switch(&Installed { current: Some(entry), previous: before.current, withdrawn: None })?;
    say(Outcome::Fine, "installed", &outcome);
    Ok(())
}

/// Puts the report that lies beside the model beside the `installed` one; without it there is a model all the same.
fn bring_report(model: &Path, installed: &Path, say: &mut Say) {
    let report = trained_report(model);
    let Ok(length) = fs::metadata(&report).map(|found| found.len()) else { return };
    let brought = if length > MAX_REPORT_BYTES {
        Err("it is longer than 64 MiB".to_string())
    } else {
        let bytes = fs::read(&report).map_err(|error| error.to_string());
        bytes
            .and_then(|bytes| write_atomically(&installed_report(installed), &bytes).map_err(|error| error.to_string()))
    };
    match brought {
        Ok(()) => say(Outcome::Fine, "report", "brought along; the web page shows it"),
        Err(reason) => say(Outcome::Warning, "report", &format!("{} is left out: {reason}", report.display())),
    }
}

/// Errs for what is no file, empty or too long.
fn length_of(path: &Path) -> Result<u64, InstallError> {
    let found = fs::metadata(path).map_err(|source| InstallError::Io { action: "read", path: path.into(), source })?;
    let refused = |reason| Err(InstallError::Refused { path: path.into(), reason });
    match found.len() {
        _ if !found.is_file() => refused("it is no file; give the .onnx file that `finetune train` has written"),
        0 => refused("it is empty; copy the file again"),
        MAX_FILE_BYTES.. => refused(TOO_LONG),
        length => Ok(length),
    }
}

const TOO_LONG: &str = "it is longer than 2 GiB, which no ONNX file is";

/// Copies to the disk; gives the length of the copy.
fn copy(source: &Path, draft: &Path) -> Result<u64, InstallError> {
    let reading = |error| InstallError::Io { action: "read", path: source.into(), source: error };
    let writing = |error| InstallError::Io { action: "write", path: draft.into(), source: error };
    let mut from = File::open(source).map_err(reading)?;
    // Never through a link that somebody has put there.
    let _ = fs::remove_file(draft);
    let mut to = File::create_new(draft).map_err(writing)?;
    let mut buffer = vec![0; 1 << 18];
    let mut length = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                length += count as u64;
                // It may grow while it is copied.
                if length >= MAX_FILE_BYTES {
                    return Err(InstallError::Refused { path: source.into(), reason: TOO_LONG });
                }
                to.write_all(&buffer[..count]).map_err(writing)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reading(error)),
        }
    }
    to.sync_all().map_err(writing)?;
    Ok(length)
}
