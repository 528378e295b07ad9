//! A camera frame: its pixels as the source gave them, their format and their time.

use std::time::Instant;

/// Longest side, in pixels, of a picture that is decoded.
pub const MAX_SIDE: u32 = 32_768;

/// How the bytes of a [`Frame`] are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// Red, green and blue bytes, rows tightly packed.
    Rgb,
    /// `Y0 U Y1 V` for each two pixels (YUV 4:2:2).
    Yuyv,
    /// One JPEG picture, as webcams send it: the Huffman tables may be missing.
    Mjpg,
}

/// One picture as the camera delivered it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// How `bytes` is laid out.
    pub format: PixelFormat,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from the start of a row to the start of the next; 0 for compressed formats.
    pub stride: usize,
    /// The pixels.
    pub bytes: Vec<u8>,
    /// When the frame was captured.
    pub captured_at: Instant,
    /// Number of the frame at its source; gaps mean lost frames.
    pub sequence: u64,
    /// Name of a still picture (its path), empty for a live camera.
    pub name: String,
}
