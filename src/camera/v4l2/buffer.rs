//! Which bytes of a driver's buffer are a whole frame, and what they mean.

use v4l::v4l_sys::v4l2_pix_format;

use crate::vision::frame::{Matrix, PixelFormat, Range, YuvColour};
use crate::vision::jpeg;

/// How the driver lays frames out in its buffers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// How pixels are laid out.
    pub format: PixelFormat,
    /// What luma and chroma mean.
    pub colour: YuvColour,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from row to row of the first plane; 0 where the driver leaves it open.
    pub stride: u32,
}

impl Layout {
    /// The layout that the driver has set.
    pub fn of(set: &v4l2_pix_format, format: PixelFormat) -> Self {
        // SAFETY: both parts of the union are one number, and for these formats it is the encoding of luma and chroma.
        let encoding = unsafe { set.__bindgen_anon_1.ycbcr_enc };
        let colour = colour(format, set.colorspace, encoding, set.quantization);
        Self { format, colour, width: set.width, height: set.height, stride: set.bytesperline }
    }

    /// Bytes from row to row of a [`Frame`](crate::vision::frame::Frame)'s first plane: 0 for compressed pictures.
    pub fn row_bytes(&self) -> usize {
        self.format.row_bytes(self.width as usize).map_or(0, |least| least.max(self.stride as usize))
    }

    /// Cuts `filled`, what the driver has written, to the frame; `None` where it is not a whole one.
    pub fn whole_frame<'a>(&self, filled: &'a [u8]) -> Option<&'a [u8]> {
        match self.format {
            PixelFormat::Mjpg => {
                (filled.starts_with(&[0xFF, jpeg::SOI]) && jpeg::is_complete(filled)).then_some(filled)
            }
            _ => filled
                .get(..self.format.frame_bytes(self.row_bytes(), self.height as usize))
                .filter(|frame| !frame.is_empty()),
        }
    }
}

/// The meaning of luma and chroma, with the defaults that the kernel's documentation gives for each colour space; grey without
/// chroma has no encoding, and takes all values.
fn colour(format: PixelFormat, space: u32, encoding: u32, quantization: u32) -> YuvColour {
    use v4l::v4l_sys as v4l2;
    let matrix = match encoding {
        v4l2::v4l2_ycbcr_encoding_V4L2_YCBCR_ENC_DEFAULT => match space {
            v4l2::v4l2_colorspace_V4L2_COLORSPACE_REC709 | v4l2::v4l2_colorspace_V4L2_COLORSPACE_DCI_P3 => {
                Matrix::Bt709
            }
            _ => Matrix::Bt601,
        },
        v4l2::v4l2_ycbcr_encoding_V4L2_YCBCR_ENC_709 | v4l2::v4l2_ycbcr_encoding_V4L2_YCBCR_ENC_XV709 => Matrix::Bt709,
        _ => Matrix::Bt601,
    };
    let range = match quantization {
        v4l2::v4l2_quantization_V4L2_QUANTIZATION_FULL_RANGE => Range::Full,
        v4l2::v4l2_quantization_V4L2_QUANTIZATION_DEFAULT
            if space == v4l2::v4l2_colorspace_V4L2_COLORSPACE_JPEG || format == PixelFormat::Grey =>
        {
            Range::Full
        }
        _ => Range::Limited,
    };
    YuvColour { matrix, range }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::samples;

    const YUYV: Layout = Layout { format: PixelFormat::Yuyv, colour: LIMITED_601, width: 4, height: 2, stride: 10 };
    const MJPG: Layout = Layout { format: PixelFormat::Mjpg, width: 16, height: 16, stride: 0, ..YUYV };
    const LIMITED_601: YuvColour = YuvColour { matrix: Matrix::Bt601, range: Range::Limited };

    #[test]
    fn frames_are_cut_to_their_size_and_short_ones_dropped() {
        use PixelFormat::{Grey, Nv12, Rgb, Uyvy, Yu12};
        let bytes = [7; 200];
        for (format, width, height, stride, needed) in [
            (PixelFormat::Yuyv, 4, 2, 10, 20),
            (Uyvy, 5, 3, 0, 36),
            (Nv12, 5, 3, 8, 40),
            (Yu12, 5, 3, 0, 6 * 3 + 2 * 3 * 2),
            (Yu12, 6, 4, 16, 16 * 4 + 8 * 4),
            (Rgb, 5, 3, 0, 45),
            (Grey, 5, 3, 0, 15),
        ] {
            let layout = Layout { format, width, height, stride, ..YUYV };
            assert_eq!(layout.whole_frame(&bytes).map(<[u8]>::len), Some(needed), "{format:?}");
            assert_eq!(layout.whole_frame(&bytes[..needed - 1]), None, "{format:?}");
        }
        assert_eq!(Layout { width: 0, height: 0, stride: 0, ..YUYV }.whole_frame(&bytes), None);
        assert_eq!(Layout { width: u32::MAX, height: u32::MAX, ..YUYV }.whole_frame(&bytes), None);
    }

    #[test]
    fn jpegs_are_whole_from_start_to_end() {
        let jpeg = samples::jpeg(&samples::gradient(16, 16));
        assert_eq!(MJPG.whole_frame(&jpeg).map(<[u8]>::len), Some(jpeg.len()));
        assert!(MJPG.whole_frame(&jpeg[..jpeg.len() - 2]).is_none());
        assert!(MJPG.whole_frame(&jpeg[1..]).is_none());
        assert!(MJPG.whole_frame(&[]).is_none());
    }

    #[test]
    fn rows_are_never_shorter_than_their_pixels() {
        assert_eq!(YUYV.row_bytes(), 10);
        assert_eq!(Layout { stride: 0, ..YUYV }.row_bytes(), 8);
        assert_eq!(Layout { stride: 0, width: 5, ..YUYV }.row_bytes(), 12);
        assert_eq!(MJPG.row_bytes(), 0);
    }

    #[test]
    fn colours_mean_what_the_driver_says_or_else_the_kernels_defaults() {
        let of = |space, encoding, quantization| {
            let YuvColour { matrix, range } = colour(PixelFormat::Yuyv, space, encoding, quantization);
            (matrix, range)
        };
        assert_eq!(colour(PixelFormat::Grey, 8, 0, 0).range, Range::Full);
        assert_eq!(colour(PixelFormat::Grey, 8, 0, 2).range, Range::Limited);
        // sRGB, as webcams say; Rec. 709; JPEG; and what is said outright.
        assert_eq!(of(8, 0, 0), (Matrix::Bt601, Range::Limited));
        assert_eq!(of(3, 0, 0), (Matrix::Bt709, Range::Limited));
        assert_eq!(of(7, 0, 0), (Matrix::Bt601, Range::Full));
        assert_eq!(of(8, 2, 1), (Matrix::Bt709, Range::Full));
        assert_eq!(of(7, 1, 2), (Matrix::Bt601, Range::Limited));
        assert_eq!(of(99, 99, 99), (Matrix::Bt601, Range::Limited));
    }
}
