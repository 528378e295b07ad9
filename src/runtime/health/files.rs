//! Small files of the kernel, of which any may be missing or refuse to be read.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The text of a file without the white space around it.
pub fn text(path: impl AsRef<Path>) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The decimal number that a file holds.
pub fn number(path: impl AsRef<Path>) -> Option<i64> {
    text(path)?.parse().ok()
}

/// What lies in `folder` and has a name that `wanted` accepts, in the order of names; nothing where there is no such folder.
pub fn entries(folder: impl AsRef<Path>, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(&wanted))
        .collect();
    paths.sort();
    paths
}
