//! A picture of which it is known what it shows.

use std::path::{Path, PathBuf};

/// A picture file and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The picture.
    pub file: PathBuf,
    /// Index of its class.
    pub class: usize,
}

impl AsRef<Path> for Labelled {
    fn as_ref(&self) -> &Path {
        &self.file
    }
}
