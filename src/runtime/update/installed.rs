//! Which models are installed on this board: the one in use and the one before it.
//!
//! ```text
//! /var/lib/vggcam/installed.json      {"current": {"file": "5e….onnx", "name": "vgg16-slim cat/dog", "trial": {"starts": 0}},
//!                                      "previous": null}
//! /var/lib/vggcam/models/5e….onnx     a model, named after the hash of its bytes
//! /var/lib/vggcam/lock                locked while something is installed
//! ```
//!
//! A file in `models` never changes once it has its name. What switches from one model to the other is the renaming of a new
//! `installed.json` over the old one; everything that it names is on the disk by then. So whoever looks, and whenever the
//! power fails, there is the old model or the new one, and it is whole.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    engine::classifier::BUNDLED_NAME,
    model::{error::ModelError, replace::put_atomically},
};

/// Where models are installed when nothing else is said.
const FOLDER: &str = "/var/lib/vggcam";
/// How long another program's change is waited for: a run notes how a trial goes in an instant, an installation takes longer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked whether that is done.
const LOOK: Duration = Duration::from_millis(20);
/// Who may read the list: everybody, also where a service whose files are private has written it.
const LIST_MODE: u32 = 0o644;
/// Environment variable that names another folder.
pub const FOLDER_VARIABLE: &str = "VGGCAM_STATE";

/// What `installed.json` says; later versions may add to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The model in use; the bundled one if `None`.
    #[serde(default)]
    pub current: Option<Entry>,
    /// The model to go back to; the bundled one if `None`.
    #[serde(default)]
    pub previous: Option<Entry>,
    /// The model that this board has given up by itself since somebody last chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawn>,
}

impl Installed {
    /// The trial of the model in use. Where a model was given up for it, it is not given up in its turn.
    pub fn on_trial(&self) -> Option<Trial> {
        self.current.as_ref().and_then(|entry| entry.trial).filter(|_| self.withdrawn.is_none())
    }
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Name of its file in `models`.
    pub file: String,
    /// What it calls itself.
    pub name: String,
    /// Until it has proved itself: how far that has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
}

/// What a model calls itself; `None` stands for the bundled one.
pub fn named(entry: &Option<Entry>) -> &str {
    entry.as_ref().map_or(BUNDLED_NAME, |entry| &entry.name)
}

/// How the trial of a model stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Starts in which it was opened or given a picture, and did not come to the results that prove it.
    #[serde(default)]
    pub starts: u32,
}

/// A model that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// What it calls itself.
    pub name: String,
    /// Why, in words.
    pub reason: String,
}

/// Why the installed models cannot be told or changed.
#[derive(Debug, thiserror::Error)]
pub enum InstalledError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {path}: {source}{}", hint(source))]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The list of models could not be written.
    #[error(transparent)]
    Write(#[from] ModelError),
    /// The list of models is damaged.
    #[error("{path} is damaged: {reason}; remove it to use the bundled model, and install your own again")]
    Damaged { path: PathBuf, reason: String },
    /// The model in use has gone.
    #[error(
        "the installed model {path} is not there; `vggcam rollback` returns to the one before, or install it again"
    )]
    Missing { path: PathBuf },
    /// Another program installs at this time.
    #[error("another installation is under way in {folder}; wait until it is done")]
    Busy { folder: PathBuf },
}

/// The likely cause, and the next step.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; use sudo, or make the folder yours once with `sudo install -d -o $USER /var/lib/vggcam`"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room on the card",
        io::ErrorKind::ReadOnlyFilesystem => "; it is read-only: choose another folder with --state",
        _ => "",
    }
}

/// The folder of installed models: `wished`, else what the environment says, else `/var/lib/vggcam`.
pub fn folder(wished: Option<&Path>) -> PathBuf {
    let variable = || std::env::var_os(FOLDER_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    wished.map(Path::to_path_buf).or_else(variable).unwrap_or_else(|| FOLDER.into())
}

/// The model file to use: `wished`, else the installed one; `None` stands for the bundled one.
pub fn model_in_use(wished: Option<&Path>) -> Result<Option<PathBuf>, InstalledError> {
    if let Some(path) = wished {
        return Ok(Some(path.into()));
    }
    let folder = folder(None);
    let Some(current) = read(&folder)?.current else { return Ok(None) };
    let path = model_path(&folder, &current);
    if path.exists() { Ok(Some(path)) } else { Err(InstalledError::Missing { path }) }
}

/// Reads what is installed in `folder`; nothing where there is no such folder.
pub fn read(folder: &Path) -> Result<Installed, InstalledError> {
    let path = list_path(folder);
    let damaged = |reason: String| InstalledError::Damaged { path: path.clone(), reason };
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Installed::default()),
        Err(source) => return Err(InstalledError::Io { action: "read", path, source }),
        Ok(bytes) => bytes,
    };
    let installed: Installed = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    let entries = installed.current.iter().chain(&installed.previous);
    match entries.into_iter().find(|entry| !is_file_name(&entry.file)) {
        Some(entry) => Err(damaged(format!("{:?} is no file name", entry.file))),
        None => Ok(installed),
    }
}

/// Name of the file of the model that [`fingerprint`](crate::model::fingerprint) calls `id`.
pub fn file_name(id: &str) -> String {
    format!("{id}.onnx")
}

/// Where the file of a model lies.
pub fn model_path(folder: &Path, entry: &Entry) -> PathBuf {
    models(folder).join(&entry.file)
}

fn models(folder: &Path) -> PathBuf {
    folder.join("models")
}

fn list_path(folder: &Path) -> PathBuf {
    folder.join("installed.json")
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains('/')
}

/// The right to change what is installed in a folder; one program at a time has it.
pub struct Changing {
    folder: PathBuf,
    /// Locked until it is closed, also by the end of the program.
    _lock: File,
}

impl Changing {
    /// Makes the folder where need be, locks it, and removes what an interrupted installation has left.
    pub fn start(folder: &Path) -> Result<Self, InstalledError> {
        let io = |action, path: &Path| {
            let path = path.to_path_buf();
            move |source| InstalledError::Io { action, path, source }
        };
        let models = models(folder);
        fs::create_dir_all(&models).map_err(io("make", &models))?;
        let path = folder.join("lock");
        let lock = open_lock(&path).map_err(io("open", &path))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => return Err(InstalledError::Busy { folder: folder.into() }),
                Err(TryLockError::Error(source)) => return Err(io("lock", &path)(source)),
            }
        }
        let changing = Changing { folder: folder.into(), _lock: lock };
        changing.remove_leftovers(&read(folder)?);
        Ok(changing)
    }

    /// Where the copy of a new model goes until it has been tested.
    pub fn draft(&self) -> PathBuf {
        models(&self.folder).join("draft.onnx")
    }

    /// Gives the draft, whose bytes are on the disk, its place for good.
    pub fn keep_draft(&self, entry: &Entry) -> Result<(), InstalledError> {
        let path = model_path(&self.folder, entry);
        fs::rename(self.draft(), &path)
            .and_then(|()| sync_folder(&models(&self.folder)))
            .map_err(|source| InstalledError::Io { action: "write", path, source })
    }

    /// Makes `installed` what is installed; from one instant to the next. Removes the models that it does not name.
    pub fn switch(&self, installed: &Installed) -> Result<(), InstalledError> {
        let path = list_path(&self.folder);
        // Strings always have a JSON form.
        let text = serde_json::to_vec_pretty(installed).unwrap_or_default();
        put_atomically(&path, |file| {
            // Before it has its name, as behind that another file could be by now.
            file.set_permissions(Permissions::from_mode(LIST_MODE))?;
            file.write_all(&text)
        })?;
        sync_folder(&self.folder).map_err(|source| InstalledError::Io { action: "write", path, source })?;
        self.remove_leftovers(installed);
        Ok(())
    }

    /// Removes drafts, and models that are neither in use nor to go back to, with what was kept beside them. What cannot
    /// be removed is left for the next time.
    fn remove_leftovers(&self, installed: &Installed) {
        let kept: Vec<&str> =
            installed.current.iter().chain(&installed.previous).map(|entry| entry.file.as_str()).collect();
        let unwanted = |folder: &Path, wanted: &dyn Fn(&str) -> bool| {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if !wanted(&entry.file_name().to_string_lossy()) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        };
        unwanted(&models(&self.folder), &|name| kept.iter().any(|kept| name.starts_with(kept)));
        unwanted(&self.folder, &|name| !(name.starts_with("installed.json.") && name.ends_with(".tmp")));
    }
}

/// Opens the file that is locked. Where it is root's, a service may lock it all the same.
fn open_lock(path: &Path) -> io::Result<File> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            File::options().create(true).truncate(false).write(true).open(path)
        }
        found => found,
    }
}

/// Brings the names in a folder to the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(file: &str) -> Entry {
        Entry { file: file.into(), name: format!("model {file}"), trial: None }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_named_any_more_is_removed_with_all_that_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let changing = Changing::start(folder.path()).unwrap();
        for file in ["a.onnx", "a.onnx.packed", "b.onnx", "b.onnx.fastest", "c.onnx", "draft.onnx"] {
            fs::write(folder.path().join("models").join(file), file).unwrap();
        }
        fs::write(folder.path().join("installed.json.77.tmp"), "{").unwrap();
        fs::write(folder.path().join("notes.txt"), "the owner's").unwrap();
        let trial = Some(Trial { starts: 2 });
        let current = Some(Entry { trial, ..entry("b.onnx") });
        let installed = Installed { current, previous: Some(entry("a.onnx")), withdrawn: None };
        changing.switch(&installed).unwrap();
        assert_eq!(read(folder.path()).unwrap(), installed);
        assert_eq!(names(&folder.path().join("models")), ["a.onnx", "a.onnx.packed", "b.onnx", "b.onnx.fastest"]);
        assert_eq!(names(folder.path()), ["installed.json", "lock", "models", "notes.txt"]);
    }

    #[test]
    fn one_program_at_a_time_installs() {
        let folder = tempfile::tempdir().unwrap();
        let first = Changing::start(folder.path()).unwrap();
        assert!(matches!(Changing::start(folder.path()), Err(InstalledError::Busy { .. })));
        drop(first);
        assert!(Changing::start(folder.path()).is_ok());
    }

    #[test]
    fn a_damaged_list_is_told_and_names_no_file_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), Installed::default());
        for text in ["", "{", "7", r#"{"current":{"file":"../../etc/passwd","name":"x"}}"#] {
            fs::write(list_path(folder.path()), text).unwrap();
            let error = read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("installed.json is damaged") && error.contains("install your own again"), "{error}");
        }
        let later = r#"{"current":null,"previous":{"file":"a.onnx","name":"model a.onnx","weight":7},"later":3}"#;
        fs::write(list_path(folder.path()), later).unwrap();
        assert_eq!(read(folder.path()).unwrap().previous, Some(entry("a.onnx")));
    }
}
