//! Which bytes of a driver's buffer are a whole frame.

use crate::camera::spec::Encoding;
use crate::vision::jpeg;

/// How the driver lays frames out in its buffers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// What the bytes mean.
    pub encoding: Encoding,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from row to row; 0 where the driver leaves it open.
    pub stride: u32,
}

impl Layout {
    /// Bytes from row to row of a [`Frame`](crate::vision::frame::Frame): 0 for compressed pictures.
    pub fn row_bytes(&self) -> usize {
        match self.encoding {
            Encoding::Mjpg => 0,
            Encoding::Yuyv => (self.stride as usize).max((self.width as usize).div_ceil(2).saturating_mul(4)),
        }
    }

    /// The part of `buffer` that the driver filled, if it is a whole frame.
    ///
    /// `bytes_used` and `damaged` are what the driver says about the buffer: how much it filled, and
    /// whether it lost data on the way.
    pub fn whole_frame<'a>(&self, buffer: &'a [u8], bytes_used: u32, damaged: bool) -> Option<&'a [u8]> {
        let filled = &buffer[..buffer.len().min(bytes_used as usize)];
        let whole = match self.encoding {
            Encoding::Mjpg => filled.starts_with(&[0xFF, jpeg::SOI]) && jpeg::is_complete(filled),
            Encoding::Yuyv => {
                let needed = self.row_bytes().saturating_mul(self.height as usize);
                !filled.is_empty() && filled.len() >= needed
            }
        };
        (whole && !damaged).then_some(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::samples;

    const YUYV: Layout = Layout { encoding: Encoding::Yuyv, width: 4, height: 2, stride: 10 };
    const MJPG: Layout = Layout { encoding: Encoding::Mjpg, width: 16, height: 16, stride: 0 };

    #[test]
    fn buffers_are_cut_to_what_was_filled() {
        let buffer = [7; 64];
        assert_eq!(YUYV.whole_frame(&buffer, 20, false).unwrap().len(), 20);
        let mut jpeg = samples::jpeg(&samples::gradient(16, 16));
        let length = jpeg.len();
        jpeg.resize(length + 1000, 0);
        assert_eq!(MJPG.whole_frame(&jpeg, length as u32, false).unwrap().len(), length);
    }

    #[test]
    fn frames_that_are_not_whole_are_dropped() {
        let buffer = [7; 64];
        assert!(YUYV.whole_frame(&buffer, 19, false).is_none());
        assert!(YUYV.whole_frame(&buffer, 0, false).is_none());
        assert!(YUYV.whole_frame(&buffer, 20, true).is_none());
        assert!(YUYV.whole_frame(&buffer[..19], 64, false).is_none());
        let jpeg = samples::jpeg(&samples::gradient(16, 16));
        assert!(MJPG.whole_frame(&jpeg, jpeg.len() as u32 - 2, false).is_none());
        assert!(MJPG.whole_frame(&jpeg[1..], jpeg.len() as u32, false).is_none());
        assert!(MJPG.whole_frame(&jpeg, jpeg.len() as u32, true).is_none());
    }

    #[test]
    fn rows_are_never_shorter_than_their_pixels() {
        assert_eq!(YUYV.row_bytes(), 10);
        assert_eq!(Layout { stride: 0, ..YUYV }.row_bytes(), 8);
        assert_eq!(Layout { stride: 0, width: 5, ..YUYV }.row_bytes(), 12);
        assert_eq!(MJPG.row_bytes(), 0);
    }
}
