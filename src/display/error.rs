//! What goes wrong with displays.

use std::{io, path::PathBuf};

/// Why a display could not be opened or drawn on.
#[derive(Debug, thiserror::Error)]
pub enum DisplayError {
    /// The SPEC is of no known kind.
    #[error("{spec:?} is not a display: {reason}")]
    Spec { spec: String, reason: String },
    /// Standard output is not a terminal that can show pictures.
    #[error("cannot show the screen in the terminal: {reason}")]
    Terminal { reason: String },
    /// The terminal went away while it was drawn on.
    #[error("cannot write to the terminal, which may have been closed: {source}")]
    TerminalWrite { source: io::Error },
    /// A picture could not be written.
    #[error("cannot write {path}: {reason}; check that the folder exists and has room")]
    Write { path: PathBuf, reason: String },
    /// A device file could not be opened.
    #[error("cannot open the display {path}: {source}; {advice}")]
    Open { path: PathBuf, source: io::Error, advice: String },
    /// The device is there but cannot be used.
    #[error("cannot use the display {path}: {reason}")]
    Device { path: PathBuf, reason: String },
}

impl DisplayError {
    /// A device file that could not be opened; `group` is the group that may use such devices, `missing` says what
    /// to do where the file does not exist.
    pub(super) fn open(path: impl Into<PathBuf>, source: io::Error, group: &str, missing: &str) -> Self {
        let advice = match source.kind() {
            io::ErrorKind::PermissionDenied => join_group(group),
            io::ErrorKind::NotFound => missing.into(),
            _ => "another program may be using it".into(),
        };
        Self::Open { path: path.into(), source, advice }
    }
}

/// What to do where a device may only be used by members of `group`.
pub(super) fn join_group(group: &str) -> String {
    format!("join its group with `sudo usermod -aG {group} $USER` and log in again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_who_may_use_a_device() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let message = DisplayError::open("/dev/fb0", denied, "video", "").to_string();
        assert!(message.contains("/dev/fb0") && message.contains("usermod -aG video"), "{message}");
    }
}
