//! Which kind of display a SPEC means, and how it is opened.

use std::path::PathBuf;

/// Why a display could not be opened or drawn on.
#[derive(Debug, thiserror::Error)]
pub enum DisplayError {
    /// The SPEC is of no known kind.
    #[error("{spec:?} is not a display: {reason}")]
    Spec { spec: String, reason: String },
}
