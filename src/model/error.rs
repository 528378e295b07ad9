//! Why a model file cannot be used.

use std::{io, path::PathBuf};

/// Why a model file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file could not be opened, read or written.
    #[error("cannot {action} {path}: {source}")]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The bytes are not a model that this program understands.
    #[error("{what} is not a usable model: {reason}")]
    Unusable { what: String, reason: String },
}
