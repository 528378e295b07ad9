//! New content for a file, from one instant to the next.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use super::{beside::unfinished, error::ModelError};

/// Writes beside `path` first, so that nobody ever reads half a file.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    put_atomically(path, |file| file.write_all(bytes))
}

/// Lets `put` write beside `path`, and gives that file its name once it is on the disk.
pub(crate) fn put_atomically(path: &Path, put: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), ModelError> {
    let failed = |source| ModelError::Io { action: "write", path: path.into(), source };
    let temporary = unfinished(path);
    let written = File::create(&temporary)
        .and_then(|mut file| put(&mut file).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // Nothing more can be done about a leftover that cannot be removed either.
        let _ = fs::remove_file(&temporary);
        failed(source)
    })
}
