//! Features kept in one file: a header, then a record for each picture, appended as they come.
//!
//! Only a small index is held in memory; rows are read from the file when they are asked for. Several programs may append
//! to a file at once: they take turns by locking it, and none adds a picture that another has added. A program may be
//! killed at any time: records begin at multiples of their size, so whoever writes next cuts off a torn tail, and a
//! damaged record costs only itself.

mod error;
pub mod header;
mod index;
pub mod precision;
pub mod record;
pub mod scan;

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

pub use error::StoreError;
use header::{HEADER, Kind};
use index::Index;
use record::{KEY, Layout};

use super::cache::Hash;

/// What to do about a file with other features.
const ANOTHER: &str = "give the options that it was made with, or name another file";

/// An open feature file. Threads may share it.
pub struct Store {
    file: File,
    path: PathBuf,
    kind: Kind,
    layout: Layout,
    state: Mutex<State>,
    /// Pictures with a feature beyond the range of the precision.
    cut: AtomicUsize,
}

/// What is known about the records of the file.
#[derive(Default)]
struct State {
    index: Index,
    /// Whole records that the index knows.
    records: u32,
}

impl Store {
    /// Opens the file at `path`, making it if there is none; its features must be of `kind`.
    pub fn open(path: &Path, kind: &Kind) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open { path: path.into(), source };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        file.lock().map_err(failed)?;
        let begun = begin(&file, path, kind);
        file.unlock().map_err(failed)?;
        begun?;
        Self::with(file, path, kind)
    }

    /// Opens the file at `path`, which must be there; its features must be of `kind` but for the precision.
    pub fn open_existing(path: &Path, kind: &Kind) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open { path: path.into(), source };
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let precision = header::read(&file, path)?.precision;
        Self::with(file, path, &Kind { precision, ..kind.clone() })
    }

    /// A file in `folder` without a name, which is gone when the program ends.
    pub fn scratch(folder: &Path, kind: &Kind) -> Result<Self, StoreError> {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".{}-{number}.features", std::process::id()));
        let store = Self::open(&path, kind)?;
        fs::remove_file(&path).map_err(|source| StoreError::Open { path, source })?;
        Ok(store)
    }

    fn with(file: File, path: &Path, kind: &Kind) -> Result<Self, StoreError> {
        let found = header::read(&file, path)?;
        if let Some(difference) = found.difference(kind) {
            return Err(StoreError::Differs { path: path.into(), difference, next: ANOTHER });
        }
        let (layout, state) = (found.layout(), Mutex::default());
        let store = Store { file, path: path.into(), kind: found, layout, state, cut: AtomicUsize::new(0) };
        store.catch_up(&mut store.state())?;
        Ok(store)
    }

    /// Where the file is, or was made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What its features are.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Records in the file, damaged ones among them.
    pub fn records(&self) -> u32 {
        self.state().records
    }

    /// Pictures added by this program that had a feature beyond the range of the precision, cut to its end.
    pub fn cut(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }

    /// The row of a picture if its record is sound. A damaged one is forgotten, so that the picture may be added again.
    pub fn find(&self, key: &Hash) -> Result<Option<u32>, StoreError> {
        let Some(row) = self.state().index.get(key) else { return Ok(None) };
        let record = self.record(row)?;
        if record[..KEY] == key[..] && self.layout.is_sound(&record) {
            return Ok(Some(row));
        }
        self.state().index.remove(key, row);
        Ok(None)
    }

    /// Reads a row's features into `out`, which has room for exactly them.
    pub fn read(&self, row: u32, out: &mut [f32]) -> Result<(), StoreError> {
        let record = self.record(row)?;
        if !self.layout.is_sound(&record) {
            return Err(StoreError::Damaged { path: self.path.clone(), row });
        }
        self.layout.features(&record, out);
        Ok(())
    }

    /// Adds pictures, all at once, and gives the row of each. A picture that another program has added meanwhile is not
    /// added again.
    pub fn append(&self, pictures: &[(Hash, Vec<f32>)]) -> Result<Vec<u32>, StoreError> {
        let mut state = self.state();
        self.file.lock().map_err(|source| self.write_error(source))?;
        let rows = self.append_locked(&mut state, pictures);
        self.file.unlock().map_err(|source| self.write_error(source))?;
        rows
    }

    /// Waits until the disk has everything that was added.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|source| self.write_error(source))
    }

    fn append_locked(&self, state: &mut State, pictures: &[(Hash, Vec<f32>)]) -> Result<Vec<u32>, StoreError> {
        if let Some((_, wrong)) = pictures.iter().find(|(_, features)| features.len() != self.kind.features) {
            let reason = format!("a picture has {} features and not {}", wrong.len(), self.kind.features);
            return Err(self.write_error(io::Error::new(io::ErrorKind::InvalidInput, reason)));
        }
        self.catch_up(state)?;
        let end = self.offset(state.records);
        let (mut bytes, mut rows, mut added) = (vec![], Vec::with_capacity(pictures.len()), HashMap::new());
        for (key, features) in pictures {
            let kept = || state.index.get(key).filter(|&row| self.key(row).is_ok_and(|found| found == *key));
            if let Some(row) = added.get(key).copied().or_else(kept) {
                rows.push(row);
                continue;
            }
            let row = self.row(u64::from(state.records) + added.len() as u64)?;
            let cut = self.layout.encode(key, features, &mut bytes);
            self.cut.fetch_add(usize::from(cut), Ordering::Relaxed);
            rows.push(row);
            added.insert(key, row);
        }
        self.write_end(&bytes, end).map_err(|source| self.write_error(source))?;
        for (key, row) in added {
            state.index.insert(key, row);
            state.records = state.records.max(row + 1);
        }
        Ok(rows)
    }

    /// Makes `bytes` the end of the file, behind whatever was at `end`: a torn tail.
    fn write_end(&self, bytes: &[u8], end: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > end {
            self.file.set_len(end)?;
        }
        self.file.write_all_at(bytes, end).or_else(|error| {
            // Whole records only, also on a full disk.
            self.file.set_len(end)?;
            Err(error)
        })
    }

    /// Takes the records into the index that came since it last looked; reads nothing of them but the pictures' hashes.
    fn catch_up(&self, state: &mut State) -> Result<(), StoreError> {
        let length = self.file.metadata().map_err(|source| self.read_error(source))?.len();
        let records = self.row(length.saturating_sub(HEADER) / self.layout.record_bytes() as u64)?;
        if records < state.records {
            return Err(StoreError::Shrunk { path: self.path.clone() });
        }
        state.index.reserve((records - state.records) as usize);
        for row in state.records..records {
            let key = self.key(row)?;
            state.index.insert(&key, row);
            state.records = row + 1;
        }
        Ok(())
    }

    /// The hash under which a row was added.
    pub fn key(&self, row: u32) -> Result<Hash, StoreError> {
        let mut key = [0; KEY];
        self.file.read_exact_at(&mut key, self.offset(row)).map_err(|source| self.read_error(source))?;
        Ok(key)
    }

    fn record(&self, row: u32) -> Result<Vec<u8>, StoreError> {
        let mut record = vec![0; self.layout.record_bytes()];
        self.file.read_exact_at(&mut record, self.offset(row)).map_err(|source| self.read_error(source))?;
        Ok(record)
    }

    fn row(&self, number: u64) -> Result<u32, StoreError> {
        u32::try_from(number).map_err(|_| StoreError::Full { path: self.path.clone() })
    }

    fn offset(&self, row: u32) -> u64 {
        HEADER + u64::from(row) * self.layout.record_bytes() as u64
    }

    fn read_error(&self, source: io::Error) -> StoreError {
        let path = self.path.clone();
        match source.kind() {
            io::ErrorKind::UnexpectedEof => StoreError::Shrunk { path },
            _ => StoreError::Read { path, source },
        }
    }

    fn write_error(&self, source: io::Error) -> StoreError {
        StoreError::Write { path: self.path.clone(), source }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Only a panic elsewhere poisons it, which leaves index and file as good as before.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Writes the header of an empty file, or of one whose maker was killed before it had written it.
fn begin(file: &File, path: &Path, kind: &Kind) -> Result<(), StoreError> {
    let failed = |source| StoreError::Open { path: path.into(), source };
    let length = file.metadata().map_err(failed)?.len();
    if length >= HEADER {
        return Ok(());
    }
    let mut start = vec![0; length as usize];
    file.read_exact_at(&mut start, 0).map_err(failed)?;
    if !header::is_unfinished(&start) {
        return Err(StoreError::not_features(path));
    }
    file.write_all_at(&header::bytes(kind), 0).map_err(failed)
}

#[cfg(test)]
mod tests;
