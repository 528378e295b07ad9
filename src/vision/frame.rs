//! A camera frame: its pixels as the source gave them, their format and their time.

use std::time::Instant;

/// Longest side, in pixels, of a picture that is decoded.
pub const MAX_SIDE: u32 = 32_768;

/// How the bytes of a [`Frame`] are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// Red, green and blue bytes (V4L2's `RGB3`).
    Rgb,
    /// One byte a pixel, luma alone.
    Grey,
    /// `Y0 U Y1 V` for each two pixels (YUV 4:2:2).
    Yuyv,
    /// `U Y0 V Y1` for each two pixels (YUV 4:2:2).
    Uyvy,
    /// A plane of luma, then one of `U V` pairs with half the rows (YUV 4:2:0).
    Nv12,
    /// A plane of luma, then U, then V, each with half the rows of half the bytes (YUV 4:2:0, also called I420).
    Yu12,
    /// One JPEG picture, as webcams send it: the Huffman tables may be missing.
    Mjpg,
}

impl PixelFormat {
    /// The format of a name that V4L2, GStreamer or FFmpeg gives it, in letters of any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "mjpg" | "mjpeg" | "jpeg" => Self::Mjpg,
            "yu12" | "i420" | "yuv420" | "yuv420p" => Self::Yu12,
            "nv12" => Self::Nv12,
            "yuyv" | "yuy2" | "yuyv422" => Self::Yuyv,
            "uyvy" | "uyvy422" => Self::Uyvy,
            "rgb" | "rgb3" | "rgb24" => Self::Rgb,
            "grey" | "gray" | "gray8" | "y800" => Self::Grey,
            _ => return None,
        })
    }

    /// Its name as V4L2 has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rgb => "RGB3",
            Self::Grey => "GREY",
            Self::Yuyv => "YUYV",
            Self::Uyvy => "UYVY",
            Self::Nv12 => "NV12",
            Self::Yu12 => "YU12",
            Self::Mjpg => "MJPG",
        }
    }

    /// Whether its pixels are of luma, with or without chroma, uncompressed.
    pub fn is_luma_and_chroma(self) -> bool {
        !matches!(self, Self::Rgb | Self::Mjpg)
    }

    /// Bytes of a row of `width` pixels in the first plane, without padding; `None` for compressed formats.
    pub fn row_bytes(self, width: usize) -> Option<usize> {
        Some(match self {
            Self::Rgb => width.saturating_mul(3),
            Self::Grey => width,
            Self::Yuyv | Self::Uyvy => width.div_ceil(2).saturating_mul(4),
            // Chroma has a byte for every second column, so an odd column brings one more.
            Self::Nv12 | Self::Yu12 => width.div_ceil(2).saturating_mul(2),
            Self::Mjpg => return None,
        })
    }

    /// Bytes of all planes of `height` rows, of which those of the first plane are `stride` bytes apart; 0 for compressed formats.
    pub fn frame_bytes(self, stride: usize, height: usize) -> usize {
        let half = height.div_ceil(2);
        let chroma = match self {
            Self::Mjpg => return 0,
            Self::Nv12 => stride.saturating_mul(half),
            Self::Yu12 => (stride / 2).saturating_mul(2 * half),
            Self::Rgb | Self::Grey | Self::Yuyv | Self::Uyvy => 0,
        };
        stride.saturating_mul(height).saturating_add(chroma)
    }
}

/// Weights of the colours in luma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601, which webcams use.
    #[default]
    Bt601,
    /// ITU-R BT.709, for high definition.
    Bt709,
}

/// Values between which luma and chroma lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// Luma 16 to 235, chroma 16 to 240.
    #[default]
    Limited,
    /// 0 to 255.
    Full,
}

/// How luma and chroma stand for colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YuvColour {
    /// Weights of the colours in luma.
    pub matrix: Matrix,
    /// Values between which luma and chroma lie.
    pub range: Range,
}

/// One picture as the camera delivered it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// How `bytes` is laid out.
    pub format: PixelFormat,
    /// What luma and chroma mean; of no concern for RGB and JPEG.
    pub colour: YuvColour,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from the start of a row to the start of the next, in the first plane; 0 for compressed formats.
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
