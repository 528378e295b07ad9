//! Uncompressed frames: every pixel is held against the definition of its format.

use std::time::Instant;

use vggcam::{
    model::metadata::Fit,
    vision::{
        decode::frame_to_rgb,
        fit::fit,
        frame::{Frame, MAX_SIDE, Matrix, PixelFormat, Range, YuvColour},
        scaled::{frame_to_input, frame_to_rgb_at_least},
    },
};

const FORMATS: [PixelFormat; 6] =
    [PixelFormat::Grey, PixelFormat::Yuyv, PixelFormat::Uyvy, PixelFormat::Nv12, PixelFormat::Yu12, PixelFormat::Rgb];

/// Choices: format, colour and fit, columns, rows, padding of a row, size that is wanted; then the frame's bytes.
pub fn run(data: &[u8]) {
    let ([format, kind, width, height, padding, wanted], bytes) = super::choices(data);
    let format = FORMATS[usize::from(format) % FORMATS.len()];
    let colour = YuvColour {
        matrix: if kind & 1 == 0 { Matrix::Bt601 } else { Matrix::Bt709 },
        range: if kind & 2 == 0 { Range::Limited } else { Range::Full },
    };
    let how = if kind & 4 == 0 { Fit::Squash } else { Fit::CentreCrop };
    let row = format.row_bytes(usize::from(width)).unwrap_or_default();
    // Sides and strides that no camera has, now and then.
    let (width, height) = match kind >> 4 {
        15 => (u32::MAX - u32::from(width), u32::from(height)),
        14 => (u32::from(width), MAX_SIDE + u32::from(height)),
        _ => (u32::from(width), u32::from(height)),
    };
    let stride = match kind >> 4 {
        13 => usize::MAX - usize::from(padding),
        12 => usize::from(padding),
        _ => row + usize::from(padding),
    };
    let frame = Frame {
        format,
        colour,
        width,
        height,
        stride,
        bytes: bytes.to_vec(),
        captured_at: Instant::now(),
        sequence: 0,
        name: String::new(),
    };
    let wanted = u32::from(wanted) % 48;
    let whole = frame.bytes.len() >= format.frame_bytes(stride, height as usize);
    let picture = match frame_to_rgb(&frame) {
        Ok(picture) => picture,
        Err(error) => {
            super::assert_told(error);
            let fits = stride >= row && (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height);
            assert!(!(fits && whole), "a whole frame was refused");
            assert!(frame_to_input(&frame, wanted, how).is_err() && frame_to_rgb_at_least(&frame, (1, 1)).is_err());
            return;
        }
    };
    assert_eq!(picture.dimensions(), (width, height));
    let mut in_range = true;
    for (x, y, pixel) in picture.enumerate_pixels() {
        for (ours, defined) in pixel.0.iter().zip(defined(&frame, x as usize, y as usize)) {
            let byte = defined.clamp(0.0, 255.0);
            in_range &= (defined - byte).abs() < 0.5;
            assert!((f64::from(*ours) - byte).abs() <= 0.51, "{ours} for {defined} at {x}, {y} of {format:?}");
        }
    }
    let scaled = frame_to_input(&frame, wanted, how).expect("the whole frame could be converted");
    let usual = fit(&picture, wanted, how);
    assert_eq!(scaled.dimensions(), usual.dimensions());
    for (ours, usual) in scaled.iter().zip(usual.iter()) {
        let near = ours.abs_diff(*usual) <= 2;
        assert!(near || !in_range, "{ours} for {usual} at {wanted} pixels of {format:?}");
    }
    let reduced = frame_to_rgb_at_least(&frame, (wanted, wanted)).expect("the whole frame could be converted");
    assert!(reduced.width() >= wanted.min(width) && reduced.height() >= wanted.min(height));
}

/// Red, green and blue at a place, from 0 to 255 or beyond, as the format and ITU-R BT.601 and BT.709 define them.
fn defined(frame: &Frame, x: usize, y: usize) -> [f64; 3] {
    let (at, stride) = (|index: usize| f64::from(frame.bytes[index]), frame.stride);
    let (height, row, pair) = (frame.height as usize, y * stride, x / 2);
    let half = stride / 2;
    let [luma, u, v] = match frame.format {
        PixelFormat::Rgb => return [0, 1, 2].map(|channel| at(row + 3 * x + channel)),
        PixelFormat::Grey => [at(row + x), 128.0, 128.0],
        PixelFormat::Yuyv => [at(row + 2 * x), at(row + 4 * pair + 1), at(row + 4 * pair + 3)],
        PixelFormat::Uyvy => [at(row + 2 * x + 1), at(row + 4 * pair), at(row + 4 * pair + 2)],
        PixelFormat::Nv12 => {
            let chroma = stride * height + y / 2 * stride + 2 * pair;
            [at(row + x), at(chroma), at(chroma + 1)]
        }
        PixelFormat::Yu12 => {
            let chroma = stride * height + y / 2 * half + pair;
            [at(row + x), at(chroma), at(chroma + half * height.div_ceil(2))]
        }
        PixelFormat::Mjpg => unreachable!("it is not among the formats"),
    };
    let (red, blue) = match frame.colour.matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
    };
    let (luma, u, v) = match frame.colour.range {
        Range::Limited => ((luma - 16.0) / 219.0, (u - 128.0) / 224.0, (v - 128.0) / 224.0),
        Range::Full => (luma / 255.0, (u - 128.0) / 255.0, (v - 128.0) / 255.0),
    };
    let r = luma + 2.0 * (1.0 - red) * v;
    let b = luma + 2.0 * (1.0 - blue) * u;
    let g = (luma - red * r - blue * b) / (1.0 - red - blue);
    [r, g, b].map(|value| 255.0 * value)
}
