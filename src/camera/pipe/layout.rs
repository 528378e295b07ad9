//! How an uncompressed frame lies in a stream that has no marks between frames.

use crate::vision::frame::{MAX_SIDE, Matrix, PixelFormat, Range, YuvColour};

/// Longest uncompressed frame, in bytes.
const MAX_FRAME_BYTES: usize = 64 << 20;

/// BT.601 over the whole range, as in JPEG.
pub const JPEG_COLOUR: YuvColour = YuvColour { matrix: Matrix::Bt601, range: Range::Full };

/// The form of every frame in a stream of uncompressed frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawLayout {
    /// Format of the pixels, not compressed.
    pub format: PixelFormat,
    /// Columns and rows.
    pub size: (u32, u32),
    /// Bytes from one row to the next in the first plane.
    pub stride: usize,
    /// What luma and chroma mean.
    pub colour: YuvColour,
}

impl RawLayout {
    /// A frame of `size`, its rows `stride` bytes apart, or without padding where that is `None`; the error says in one line
    /// what does not fit.
    pub fn new(format: PixelFormat, size: (u32, u32), stride: Option<usize>) -> Result<Self, String> {
        let (width, height) = size;
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(format!("the sides of {width}×{height} are not between 1 and {MAX_SIDE}"));
        }
        let row = format.row_bytes(width as usize).ok_or("a compressed format has no size and no stride")?;
        let stride = stride.unwrap_or(row);
        if stride < row {
            return Err(format!("stride={stride} is less than the {row} bytes of a row"));
        }
        let layout = Self { format, size, stride, colour: YuvColour::default() };
        if stride > MAX_FRAME_BYTES || layout.frame_bytes() > MAX_FRAME_BYTES {
            return Err(format!("a frame would take more than {} MiB", MAX_FRAME_BYTES >> 20));
        }
        Ok(layout)
    }

    /// Bytes of one frame, padding included.
    pub fn frame_bytes(&self) -> usize {
        self.format.frame_bytes(self.stride, self.size.1 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_bytes_of_their_planes() {
        let bytes = |format, size, stride| RawLayout::new(format, size, stride).unwrap().frame_bytes();
        assert_eq!(bytes(PixelFormat::Yu12, (640, 480), None), 640 * 480 * 3 / 2);
        assert_eq!(bytes(PixelFormat::Nv12, (640, 480), Some(704)), 704 * 720);
        assert_eq!(bytes(PixelFormat::Yu12, (100, 50), Some(128)), 128 * 50 + 2 * 64 * 25);
        assert_eq!(bytes(PixelFormat::Yu12, (5, 3), None), 6 * 3 + 2 * 3 * 2);
        assert_eq!(bytes(PixelFormat::Yuyv, (3, 2), None), 16);
        assert_eq!(bytes(PixelFormat::Rgb, (3, 2), None), 18);
        assert_eq!(bytes(PixelFormat::Grey, (3, 2), Some(4)), 8);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (format, size, stride, part) in [
            (PixelFormat::Yu12, (0, 4), None, "not between"),
            (PixelFormat::Rgb, (4, 4), Some(11), "less than the 12 bytes"),
            (PixelFormat::Rgb, (30_000, 30_000), None, "64 MiB"),
            (PixelFormat::Grey, (1, 1), Some(usize::MAX), "64 MiB"),
            (PixelFormat::Mjpg, (4, 4), None, "compressed"),
        ] {
            let refusal = RawLayout::new(format, size, stride).unwrap_err();
            assert!(refusal.contains(part), "{refusal}");
        }
    }
}
