//! Why weights could not be imported.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::model::error::ModelError;

/// Why weights could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be opened or read.
    #[error("cannot read {path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    /// A kind of file that is not imported.
    #[error("{path} is {what}; {advice}")]
    Foreign { path: PathBuf, what: String, advice: String },
    /// The bytes are not what their beginning says, or hold no VGG16.
    #[error("cannot import {path}: {reason}")]
    Unusable { path: PathBuf, reason: String },
    /// The backbone could not be written.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl ImportError {
    /// [`ImportError::Unusable`], for a file.
    pub fn unusable(path: &Path) -> impl Fn(String) -> ImportError {
        move |reason| ImportError::Unusable { path: path.into(), reason }
    }
}
