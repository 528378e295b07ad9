//! All records of a feature file, one after the other, without an index.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    StoreError,
    header::{self, HEADER, Kind},
    record::KEY,
};
use crate::finetune::cache::Hash;

/// What the features of the file at `path` are.
pub fn kind(path: &Path) -> Result<Kind, StoreError> {
    header::read(&open(path)?, path)
}

/// Calls `each` with every sound record of the file at `path`, until it errs; gives the number of damaged ones. A torn tail
/// is none.
pub fn scan(path: &Path, mut each: impl FnMut(Hash, Vec<f32>) -> Result<(), StoreError>) -> Result<usize, StoreError> {
    let mut file = open(path)?;
    let layout = header::read(&file, path)?.layout();
    let failed = |source| StoreError::Read { path: path.into(), source };
    file.seek(SeekFrom::Start(HEADER)).map_err(failed)?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    let mut record = vec![0; layout.record_bytes()];
    let mut damaged = 0;
    loop {
        match file.read_exact(&mut record) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(damaged),
            other => other.map_err(failed)?,
        }
        if !layout.is_sound(&record) {
            damaged += 1;
            continue;
        }
        let mut key = [0; KEY];
        key.copy_from_slice(&record[..KEY]);
        let mut features = vec![0.0; layout.count()];
        layout.features(&record, &mut features);
        each(key, features)?;
    }
}

fn open(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(|source| StoreError::Open { path: path.into(), source })
}
