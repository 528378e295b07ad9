//! `vggcam install` and `vggcam rollback`: another model for this board, tested before it is used.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::{
    installed::{Changing, Entry, Installed, InstalledError, model_path, read},
    selftest::{self, SelfTestError},
};
use crate::{
    engine::{
        classifier::{BUNDLED_NAME, Classifier},
        error::EngineError,
        layers::weights::available_bytes,
        memory,
        open::Settings,
    },
    model::{
        file::{self, ModelError},
        fingerprint,
        recognise::Recognised,
    },
};

/// Longest model file that is installed: what ONNX allows in one file.
const MAX_FILE_BYTES: u64 = 2 << 30;

/// Why a model was not installed, or not returned to.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The file could not be read or copied.
    #[error("cannot {action} {path}: {source}{}", no_room(source))]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The file is no model that can be installed.
    #[error("{path} is not installed: {reason}")]
    Refused { path: PathBuf, reason: String },
    /// The file is not a model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model cannot run here.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The model gives other answers here.
    #[error(transparent)]
    SelfTest(#[from] SelfTestError),
    /// The installed models cannot be told or changed.
    #[error(transparent)]
    Installed(#[from] InstalledError),
    /// There was never a model installed.
    #[error("there is no model to go back to; nothing has been installed in {folder}")]
    NothingBefore { folder: PathBuf },
}

fn no_room(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room, the model in use stays until then",
        _ => "",
    }
}

/// A step that is done, and what came of it.
pub type Say<'a> = dyn FnMut(&str, &str) + 'a;

/// Tests whether the model in `file` runs here and answers its reference pictures as it should, without changing anything.
pub fn check(file: &Path, settings: Settings, say: &mut Say) -> Result<(), InstallError> {
    length_of(file)?;
    test(file, file, settings, say).map(drop)
}

/// Copies the model in `source` into `folder`, tests the copy, and makes it the model that runs when none is named. The
/// one before is kept to go back to. If anything fails, or the program is killed, the model in use stays.
pub fn install(folder: &Path, source: &Path, settings: Settings, say: &mut Say) -> Result<(), InstallError> {
    length_of(source)?;
    let changing = Changing::start(folder)?;
    let before = read(folder)?;
    let draft = changing.draft();
    let tested = copy(source, &draft).and_then(|file| {
        let name = test(&draft, source, settings, say)?;
        Ok(Entry { file, name })
    });
    let entry = tested.inspect_err(|_| {
        // The next installation removes what cannot be removed now.
        let _ = fs::remove_file(&draft);
    })?;
    changing.keep_draft(&entry)?;
    if before.current.as_ref().is_some_and(|current| current.file == entry.file) {
        say("installed", &format!("{} was in use already", entry.name));
        return Ok(());
    }
    let name = entry.name.clone();
    let old = named(&before.current);
    changing.switch(&Installed { current: Some(entry), previous: before.current })?;
    say("installed", &format!("{name}; `vggcam rollback` returns to {old}"));
    Ok(())
}

/// Makes the model before the one in use again, and that one the one before.
pub fn rollback(folder: &Path, say: &mut Say) -> Result<(), InstallError> {
    if read(folder)? == Installed::default() {
        return Err(InstallError::NothingBefore { folder: folder.into() });
    }
    let changing = Changing::start(folder)?;
    let Installed { current, previous } = read(folder)?;
    if let Some(entry) = &previous {
        whole(&model_path(folder, entry), entry)?;
    }
    let (now, then) = (named(&previous), named(&current));
    changing.switch(&Installed { current: previous, previous: current })?;
    say("rolled back", &format!("{now} is in use again; another `vggcam rollback` returns to {then}"));
    Ok(())
}

fn named(entry: &Option<Entry>) -> String {
    entry.as_ref().map_or(BUNDLED_NAME.to_string(), |entry| entry.name.clone())
}

/// Whether the file still has the bytes that it is named after.
fn whole(path: &Path, entry: &Entry) -> Result<(), InstallError> {
    let failed = |source| InstallError::Io { action: "read", path: path.into(), source };
    let (hash, _) = File::open(path).and_then(|mut file| fingerprint::hash_of(&mut file)).map_err(failed)?;
    if file_name(hash) == entry.file {
        return Ok(());
    }
    Err(InstallError::Refused {
        path: path.into(),
        reason: "the file was changed or is damaged; install it again".into(),
    })
}

/// Name of a model's file in the folder of models.
fn file_name(hash: u128) -> String {
    format!("{hash:032x}.onnx")
}

/// Errs for what is no file, empty or too long.
fn length_of(path: &Path) -> Result<u64, InstallError> {
    let found = fs::metadata(path).map_err(|source| InstallError::Io { action: "read", path: path.into(), source })?;
    let refused = |reason: &str| Err(InstallError::Refused { path: path.into(), reason: reason.into() });
    match found.len() {
        _ if !found.is_file() => refused("it is no file; give the .onnx file that `finetune train` has written"),
        0 => refused("it is empty; copy the file again"),
        length if length > MAX_FILE_BYTES => refused("it is longer than 2 GiB, which no ONNX file is"),
        length => Ok(length),
    }
}

/// Copies to the disk, and gives the name that the bytes are to have.
fn copy(source: &Path, draft: &Path) -> Result<String, InstallError> {
    let reading = |error| InstallError::Io { action: "read", path: source.into(), source: error };
    let writing = |error| InstallError::Io { action: "write", path: draft.into(), source: error };
    let mut from = File::open(source).map_err(reading)?;
    let mut to = File::create(draft).map_err(writing)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => to.write_all(&buffer[..count]).map_err(writing)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reading(error)),
        }
    }
    to.sync_all().map_err(writing)?;
    // Of what was written, not of what was meant to be.
    let (hash, _) = File::open(draft).and_then(|mut file| fingerprint::hash_of(&mut file)).map_err(writing)?;
    Ok(file_name(hash))
}

/// Opens the model and tests it; gives its name. Messages call it `called`.
fn test(path: &Path, called: &Path, settings: Settings, say: &mut Say) -> Result<String, InstallError> {
    let length = length_of(path)?;
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

fn enough_memory(path: &Path, needed: u64) -> Result<(), InstallError> {
    match available_bytes() {
        Some(available) if available < needed => Err(InstallError::Refused {
            path: path.into(),
            reason: format!(
                "it may need {} MB of memory, and {} MB are available; close other programs, or train on a narrower backbone",
                needed >> 20,
                available >> 20
            ),
        }),
        _ => Ok(()),
    }
}
