//! Reading and writing model files.

use std::path::{Path, PathBuf};

use super::{metadata::Metadata, network::Network, quantized::QuantizedNetwork};

/// Why a model file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file could not be opened, read or written.
    #[error("cannot {action} {path}: {source}")]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    /// The bytes are not a model that this program understands.
    #[error("{what} is not a usable model: {reason}")]
    Unusable { what: String, reason: String },
}

/// Reads any VGG-shaped float ONNX file, with or without our metadata.
pub fn read_network(path: &Path) -> Result<(Network, Option<Metadata>), ModelError> {
    let _ = path;
    todo!()
}

/// Like [`read_network`], from bytes; `what` names them in errors.
pub fn parse_network(bytes: &[u8], what: &str) -> Result<(Network, Option<Metadata>), ModelError> {
    let _ = (bytes, what);
    todo!()
}

/// Writes a float ONNX file whose input is the uint8 picture.
pub fn write_network(path: &Path, network: &Network, metadata: &Metadata) -> Result<(), ModelError> {
    let _ = (path, network, metadata);
    todo!()
}

/// Writes an int8 QDQ ONNX file whose input is the uint8 picture.
pub fn write_quantized(path: &Path, network: &QuantizedNetwork, metadata: &Metadata) -> Result<(), ModelError> {
    let _ = (path, network, metadata);
    todo!()
}
