//! Where the samples of an uncompressed frame lie.

use super::frame::{Frame, PixelFormat};
use super::packed::{check_length, check_sides};

/// What the bytes of a row stand for, and of which columns of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One sample after another.
    Single,
    /// `U V` for each two columns.
    ChromaPairs,
    /// `Y0 U Y1 V` for each two columns.
    Yuyv,
    /// `U Y0 V Y1` for each two columns.
    Uyvy,
}

/// Rows of bytes of one pattern.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    bytes: &'a [u8],
    stride: usize,
    row_bytes: usize,
    /// What a row holds.
    pub pattern: Pattern,
    /// Columns of the picture for each column of the plane, and rows, as powers of two; that two columns share chroma in
    /// the patterns that mix it is not counted.
    pub shifts: (u32, u32),
}

impl<'a> Plane<'a> {
    /// Rows of `row_bytes` in `bytes`, one every `stride` bytes.
    pub fn new(bytes: &'a [u8], stride: usize, row_bytes: usize, pattern: Pattern) -> Self {
        Self { bytes, stride, row_bytes, pattern, shifts: (0, 0) }
    }

    /// The same, with other `shifts`.
    pub fn shared(self, shifts: (u32, u32)) -> Self {
        Self { shifts, ..self }
    }

    /// One row of the plane; whoever made the plane has checked that all are there.
    pub fn row(&self, row: usize) -> &'a [u8] {
        &self.bytes[row * self.stride..][..self.row_bytes]
    }
}

/// The planes of a frame of luma and chroma: one, or luma and `U V` pairs, or luma, U and V.
///
/// Errs where the frame's bytes are fewer than its size needs. Pictures of RGB and JPEG have none.
pub fn planes(frame: &Frame) -> Result<Vec<Plane<'_>>, String> {
    let Frame { bytes, width, height, stride, .. } = frame;
    let stride = *stride;
    check_sides(*width, *height)?;
    let (columns, rows) = (*width as usize, *height as usize);
    let (pairs, half_rows) = (columns.div_ceil(2), height.div_ceil(2));
    let only = |pattern, row_bytes| {
        check_length(bytes, row_bytes, *height, stride)?;
        Ok(vec![Plane::new(bytes, stride, row_bytes, pattern)])
    };
    let luma = Plane::new(bytes, stride, columns, Pattern::Single);
    let after_luma = stride.saturating_mul(rows);
    match frame.format {
        PixelFormat::Grey => only(Pattern::Single, columns),
        PixelFormat::Yuyv => only(Pattern::Yuyv, pairs * 4),
        PixelFormat::Uyvy => only(Pattern::Uyvy, pairs * 4),
        PixelFormat::Nv12 => {
            check_length(bytes, pairs * 2, *height + half_rows, stride)?;
            let chroma = Plane::new(&bytes[after_luma..], stride, pairs * 2, Pattern::ChromaPairs);
            Ok(vec![luma, chroma.shared((0, 1))])
        }
        PixelFormat::Yu12 => {
            check_length(bytes, columns, *height, stride)?;
            let half = stride / 2;
            let chroma = bytes.get(after_luma..).unwrap_or_default();
            check_length(chroma, pairs, half_rows * 2, half)?;
            let plane = |bytes| Plane::new(bytes, half, pairs, Pattern::Single).shared((1, 1));
            Ok(vec![luma, plane(chroma), plane(&chroma[half * half_rows as usize..])])
        }
        PixelFormat::Rgb | PixelFormat::Mjpg => Err("it has no planes of luma and chroma".into()),
    }
}
