//! Which kind of camera a SPEC means, and how it is opened.

use super::Camera;

/// Why a camera could not be opened or gave no frame.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// The SPEC is of no known kind.
    #[error("{spec:?} is not a camera: {reason}")]
    Spec { spec: String, reason: String },
}

/// Opens the camera that `spec` names.
pub fn open(spec: &str) -> Result<Box<dyn Camera>, CameraError> {
    Err(CameraError::Spec { spec: spec.into(), reason: "not a known kind".into() })
}
