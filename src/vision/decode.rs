//! From a file or a frame to an RGB picture.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::frame::Frame;

/// Why a picture could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file could not be opened or read.
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The bytes are not a picture in a known format, or are damaged.
    #[error("{what} is not a readable picture: {reason}")]
    Damaged { what: String, reason: String },
}

/// Reads a picture file (JPEG, PNG, GIF, BMP, WebP), upright as its EXIF orientation says, as RGB.
pub fn read_picture(path: &Path) -> Result<RgbImage, DecodeError> {
    let _ = path;
    todo!()
}

/// Decodes picture bytes held in memory; `what` names them in errors.
pub fn decode_picture(bytes: &[u8], what: &str) -> Result<RgbImage, DecodeError> {
    let _ = (bytes, what);
    todo!()
}

/// Converts a camera frame to RGB.
pub fn frame_to_rgb(frame: &Frame) -> Result<RgbImage, DecodeError> {
    let _ = frame;
    todo!()
}
