//! Zip archives: `.keras` of Keras 3, which holds an HDF5 file of weights and the model's configuration.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use hdf5_reader::storage::{BytesStorage, DynStorage, FileStorage, Storage, StorageBuffer};
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{
    error::ImportError,
    hdf5::{self, Config},
    kind::{ARRAYS_ADVICE, TORCH_ADVICE},
    layout::Layout,
    weights::Found,
};

const WEIGHTS: &str = "model.weights.h5";
const CONFIG: &str = "config.json";
/// Most bytes of a configuration.
const MAX_CONFIG_BYTES: u64 = 64 << 20;
/// Most bytes of weights that are unpacked into memory; what is stored as it is, as Keras does, is read in place.
const MAX_UNPACKED_BYTES: u64 = 4 << 30;

/// Finds the weights in the archive at `path`; the error of another archive says how to convert it.
pub fn find(path: &Path, layout: Layout) -> Result<Found, ImportError> {
    let unusable = ImportError::unusable(path);
    let damaged = |error: ZipError| {
        unusable(format!("the archive is damaged or was cut short ({error}); copy or fetch it again"))
    };
    let file = File::open(path).map_err(|source| ImportError::Io { path: path.into(), source })?;
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let names: Vec<String> = archive.file_names().filter_map(|name| name.ok().map(|name| name.into_owned())).collect();
    if !names.iter().any(|name| name == WEIGHTS) {
        let foreign = |what: &str, advice: &str| {
            Err(ImportError::Foreign { path: path.into(), what: what.into(), advice: advice.into() })
        };
        let any = |end: &str| names.iter().any(|name| name.ends_with(end));
        return if any("data.pkl") {
            foreign("a PyTorch file, which is a Python pickle", TORCH_ADVICE)
        } else if any(".npy") {
            foreign("an archive of NumPy arrays", ARRAYS_ADVICE)
        } else {
            foreign(
                "a zip archive without model.weights.h5, so no .keras file",
                "unpack it, and import the file of weights",
            )
        };
    }
    let mut text = String::new();
    if names.iter().any(|name| name == CONFIG) {
        let entry = archive.by_name(CONFIG).map_err(damaged)?;
        entry.take(MAX_CONFIG_BYTES).read_to_string(&mut text).map_err(|error| damaged(error.into()))?;
    }
    let config = if text.is_empty() { None } else { Some(Config::parse(&text).map_err(&unusable)?) };
    let storage = weights(&mut archive, path).map_err(damaged)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hdf5::find(storage, &name, layout, config).map_err(unusable)
}

/// The file of weights in an archive.
fn weights(archive: &mut ZipArchive<File>, path: &Path) -> Result<DynStorage, ZipError> {
    let entry = archive.by_name(WEIGHTS)?;
    let (start, length) = (entry.data_start(), entry.size());
    if let (CompressionMethod::Stored, Some(start)) = (entry.compression(), start) {
        let file = FileStorage::open(path).map_err(io::Error::other)?;
        if start.checked_add(length).is_some_and(|end| end <= file.len()) {
            return Ok(Arc::new(Part { file, start, length }));
        }
    }
    let mut bytes = vec![];
    entry.take(MAX_UNPACKED_BYTES).read_to_end(&mut bytes)?;
    Ok(Arc::new(BytesStorage::new(bytes)))
}

/// A part of a file.
struct Part {
    file: FileStorage,
    start: u64,
    length: u64,
}

impl Storage for Part {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_range(&self, offset: u64, len: usize) -> hdf5_reader::error::Result<StorageBuffer> {
        let end = offset.checked_add(len as u64).filter(|&end| end <= self.length);
        end.ok_or(hdf5_reader::error::Error::OffsetOutOfBounds(offset))?;
        self.file.read_range(self.start + offset, len)
    }
}
