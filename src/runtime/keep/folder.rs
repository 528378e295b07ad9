//! Kept pictures on disk, within a quota.

use std::{
    collections::VecDeque,
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::kept::KeptName;

/// What an unfinished picture's name ends with.
const UNFINISHED: &str = ".part";

/// Why a picture is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The folder cannot be used.
    #[error("cannot keep pictures in {folder}: {source}{}", hint(source))]
    Folder { folder: PathBuf, source: io::Error },
    /// A picture cannot be written or removed.
    #[error("cannot keep {file}: {source}{}", hint(source))]
    Picture { file: PathBuf, source: io::Error },
    /// A picture is larger than the whole quota.
    #[error("a picture of {bytes} bytes is more than keep.quota_mb allows in {folder}; raise it")]
    TooLarge { folder: PathBuf, bytes: u64 },
}

/// The likely cause, and the next step.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; the disk is full: lower keep.quota_mb, or make room",
        io::ErrorKind::ReadOnlyFilesystem => "; name a writable folder in keep.folder",
        io::ErrorKind::PermissionDenied => "; let this user write there, or name another folder in keep.folder",
        _ => "",
    }
}

/// A kept picture: its number, which counts up for good, its name, and its size in bytes.
struct Kept {
    number: u64,
    name: String,
    bytes: u64,
}

/// The folder, of which nobody else changes the pictures that have our names.
pub struct Folder {
    path: PathBuf,
    quota: u64,
    /// From the oldest to the newest.
    pictures: VecDeque<Kept>,
    bytes: u64,
    next: u64,
}

impl Folder {
    /// Opens the folder at `path`, makes it where it is absent, for its owner and group alone, and lets the oldest pictures go that
    /// are beyond `quota` bytes.
    pub fn open(path: &Path, quota: u64) -> Result<Self, KeepError> {
        let failed = |source| KeepError::Folder { folder: path.to_path_buf(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        match fs::create_dir(path) {
            // Whatever the service's mask is, its group may fetch them. A folder that was there stays as its owner wants it.
            Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o750)).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        let mut pictures = vec![];
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(UNFINISHED) && KeptName::read(name.trim_end_matches(UNFINISHED)).is_some() {
                // Left by a loss of power; what cannot be removed now is in nobody's way.
                let _ = fs::remove_file(entry.path());
            } else if let Some(KeptName { number, .. }) = KeptName::read(&name) {
                let bytes = entry.metadata().map_err(failed)?.len();
                pictures.push(Kept { number, name, bytes });
            }
        }
        pictures.sort_by_key(|kept| kept.number);
        let next = pictures.last().map_or(1, |kept| kept.number.saturating_add(1));
        let bytes = pictures.iter().map(|kept| kept.bytes).sum();
        let mut folder = Folder { path: path.to_path_buf(), quota, pictures: pictures.into(), bytes, next };
        folder.make_room(0)?;
        Ok(folder)
    }

    /// Keeps a JPEG file; the oldest pictures go until it fits. A reader never sees a part of it.
    pub fn keep(&mut self, jpeg: &[u8], label: &str, confidence: f32) -> Result<(), KeepError> {
        let bytes = jpeg.len() as u64;
        if bytes > self.quota {
            return Err(KeepError::TooLarge { folder: self.path.clone(), bytes });
        }
        self.make_room(bytes)?;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let name = KeptName::new(self.next, seconds, label, confidence).to_string();
        let (file, part) = (self.path.join(&name), self.path.join(format!("{name}{UNFINISHED}")));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&part)
            .and_then(|mut open| {
                open.set_permissions(Permissions::from_mode(0o640))?;
                open.write_all(jpeg)?;
                open.sync_all()
            })
            .and_then(|()| fs::rename(&part, &file));
        if let Err(source) = written {
            let _ = fs::remove_file(&part);
            return Err(KeepError::Picture { file, source });
        }
        self.pictures.push_back(Kept { number: self.next, name, bytes });
        self.bytes += bytes;
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    /// Removes the oldest pictures until so many `bytes` more are within the quota.
    fn make_room(&mut self, bytes: u64) -> Result<(), KeepError> {
        while self.bytes.saturating_add(bytes) > self.quota
            && let Some(oldest) = self.pictures.front()
        {
            let file = self.path.join(&oldest.name);
            match fs::remove_file(&file) {
                // It may have been fetched and removed.
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(KeepError::Picture { file, source });
                }
                _ => self.bytes -= oldest.bytes,
            }
            self.pictures.pop_front();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_go_first_and_files_of_others_stay() {
        let at = tempfile::tempdir().unwrap();
        let path = at.path().join("state/kept");
        let mut folder = Folder::open(&path, 25).unwrap();
        fs::write(path.join("holiday.jpg"), [0; 100]).unwrap();
        fs::write(path.join("00000009-1-cat-050.jpg.part"), [0; 100]).unwrap();
        for picture in 1..=3u8 {
            folder.keep(&[picture; 10], "cat/dog", 0.504).unwrap();
        }
        let kept = names(&path);
        assert_eq!(kept.len(), 4, "{kept:?}");
        assert!(kept[0].starts_with("00000002-") && kept[0].ends_with("-cat_dog-050.jpg"), "{kept:?}");
        assert_eq!(fs::read(path.join(&kept[1])).unwrap(), [3; 10]);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join(&kept[1]))), (0o750, 0o640));
        // A smaller quota holds at once, numbers go on, and what was left unfinished is gone.
        let mut folder = Folder::open(&path, 15).unwrap();
        assert_eq!(names(&path).len(), 2);
        folder.keep(&[4; 5], "unknown", 1.0).unwrap();
        assert!(names(&path)[1].starts_with("00000004-"), "{:?}", names(&path));
        assert!(matches!(folder.keep(&[0; 16], "cat", 0.1), Err(KeepError::TooLarge { bytes: 16, .. })));
        assert_eq!(names(&path).len(), 3);
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error_that_names_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Folder::open(&file.path().join("kept"), 10).err().unwrap();
        assert!(error.to_string().contains(file.path().to_str().unwrap()), "{error}");
    }

    proptest! {
        // Each picture waits for the disk.
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_quota_always_holds(sizes in prop::collection::vec(0usize..40, 1..12), quota in 0u64..100) {
            let at = tempfile::tempdir().unwrap();
            let mut folder = Folder::open(at.path(), quota).unwrap();
            for size in sizes {
                let kept = folder.keep(&vec![7; size], "a", 0.5);
                prop_assert_eq!(kept.is_ok(), size as u64 <= quota);
                let bytes: u64 = names(at.path()).iter().map(|name| at.path().join(name).metadata().unwrap().len()).sum();
                prop_assert!(bytes <= quota);
            }
        }
    }
}
