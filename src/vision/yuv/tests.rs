//! Conversions against the standards' formulas in floating point, and layouts against pixels put there one by one.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::vision::frame::PixelFormat;

const COLOURS: [YuvColour; 4] = [
    YuvColour { matrix: Matrix::Bt601, range: Range::Limited },
    YuvColour { matrix: Matrix::Bt601, range: Range::Full },
    YuvColour { matrix: Matrix::Bt709, range: Range::Limited },
    YuvColour { matrix: Matrix::Bt709, range: Range::Full },
];

/// The standard's formula from its luma weights.
fn reference(colour: YuvColour, y: u8, u: u8, v: u8) -> [f64; 3] {
    let (kr, kb) = if colour.matrix == Matrix::Bt601 { (0.299, 0.114) } else { (0.2126, 0.0722) };
    let limited = colour.range == Range::Limited;
    let luma = if limited { (f64::from(y) - 16.0) / 219.0 } else { f64::from(y) / 255.0 };
    let chroma = if limited { 224.0 } else { 255.0 };
    let (pb, pr) = ((f64::from(u) - 128.0) / chroma, (f64::from(v) - 128.0) / chroma);
    let red = luma + 2.0 * (1.0 - kr) * pr;
    let blue = luma + 2.0 * (1.0 - kb) * pb;
    let green = (luma - kr * red - kb * blue) / (1.0 - kr - kb);
    [red, green, blue].map(|value| (value * 255.0).clamp(0.0, 255.0))
}

fn rgb(colour: YuvColour, [y, u, v]: [u8; 3]) -> [u8; 3] {
    let mut pixel = [0; 3];
    Converter::new(colour).row(&[y.into()], &[u.into()], &[v.into()], &mut pixel);
    pixel
}

fn frame(format: PixelFormat, width: u32, height: u32, stride: usize, bytes: Vec<u8>) -> Frame {
    Frame {
        format,
        colour: YuvColour::default(),
        width,
        height,
        stride,
        bytes,
        captured_at: Instant::now(),
        sequence: 0,
        name: String::new(),
    }
}

/// Lays out a picture whose luma, U and V at each pixel are given, as the format's definition says.
fn laid_out(
    format: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
    yuv: impl Fn(usize, usize) -> [u8; 3],
) -> Vec<u8> {
    let half = stride / 2;
    let chroma_rows = height.div_ceil(2);
    let length = match format {
        PixelFormat::Nv12 => stride * (height + chroma_rows),
        PixelFormat::Yu12 => stride * height + 2 * half * chroma_rows,
        _ => stride * height,
    };
    let mut bytes = vec![0xEE; length];
    for y in 0..height {
        for x in 0..width {
            let [luma, u, v] = yuv(x, y);
            let row = y * stride;
            let places = match format {
                PixelFormat::Yuyv => [row + x * 2, row + x / 2 * 4 + 1, row + x / 2 * 4 + 3],
                PixelFormat::Uyvy => [row + x * 2 + 1, row + x / 2 * 4, row + x / 2 * 4 + 2],
                PixelFormat::Nv12 => {
                    let pair = stride * (height + y / 2) + x / 2 * 2;
                    [row + x, pair, pair + 1]
                }
                PixelFormat::Yu12 => {
                    let first = stride * height + y / 2 * half + x / 2;
                    [row + x, first, first + half * chroma_rows]
                }
                _ => [row + x; 3],
            };
            for (place, value) in places.into_iter().zip([luma, u, v]).rev() {
                bytes[place] = value;
            }
        }
    }
    bytes
}

#[test]
fn black_white_and_the_primaries() {
    let convert = |yuv| rgb(YuvColour::default(), yuv);
    assert_eq!(convert([16, 128, 128]), [0, 0, 0]);
    assert_eq!(convert([235, 128, 128]), [255, 255, 255]);
    // Full red, green and blue as an encoder rounds them.
    for (yuv, rgb) in [([81, 90, 240], [255, 0, 0]), ([145, 54, 34], [0, 255, 0]), ([41, 240, 110], [0, 0, 255])] {
        for (got, want) in convert(yuv).into_iter().zip(rgb) {
            assert!(i32::abs(i32::from(got) - want) <= 2, "{yuv:?} gave {got}, not {want}");
        }
    }
}

#[test]
fn frames_that_are_too_short_are_errors() {
    for (format, stride, enough) in [
        (PixelFormat::Grey, 6, 6 * 4),
        (PixelFormat::Yuyv, 12, 12 * 4),
        (PixelFormat::Uyvy, 12, 12 * 4),
        (PixelFormat::Nv12, 6, 6 * 6),
        (PixelFormat::Yu12, 6, 6 * 4 + 3 * 4),
    ] {
        let whole = frame(format, 6, 4, stride, vec![0; enough]);
        assert!(to_rgb(&whole).is_ok(), "{format:?}");
        assert!(to_rgb(&Frame { bytes: vec![0; enough - 1], ..whole.clone() }).is_err(), "{format:?}");
        assert!(to_rgb(&Frame { stride: stride - 1, ..whole.clone() }).is_err(), "{format:?}");
        assert!(to_rgb(&Frame { stride: 0, ..whole.clone() }).is_err(), "{format:?}");
        assert!(to_rgb(&Frame { width: 0, ..whole.clone() }).is_err(), "{format:?}");
        assert!(to_rgb(&Frame { width: u32::MAX, height: u32::MAX, stride: usize::MAX, ..whole }).is_err());
    }
}

proptest! {
    #[test]
    fn conversion_agrees_with_the_formula(y: u8, u: u8, v: u8) {
        for colour in COLOURS {
            for (got, want) in rgb(colour, [y, u, v]).into_iter().zip(reference(colour, y, u, v)) {
                prop_assert!((f64::from(got) - want).abs() <= 0.501, "{} for {}", got, want);
            }
        }
    }

    #[test]
    fn every_pixel_comes_from_its_place(width in 1u32..9, height in 1u32..6, padding in 0usize..5, seed: u64) {
        use PixelFormat::{Grey, Nv12, Uyvy, Yu12, Yuyv};
        let noise = |x: usize, y: usize, part: u64| (seed.wrapping_mul((x * 31 + y * 977) as u64 + part) >> 24) as u8;
        for format in [Grey, Yuyv, Uyvy, Nv12, Yu12] {
            let shared_rows = matches!(format, Nv12 | Yu12);
            let yuv = |x: usize, y: usize| {
                let (cx, cy) = (x / 2, if shared_rows { y / 2 } else { y });
                [noise(x, y, 1), noise(cx, cy, 2), noise(cx, cy, 3)]
            };
            let row_bytes = (width as usize).div_ceil(2) * if matches!(format, Yuyv | Uyvy) { 4 } else { 2 };
            let stride = (row_bytes + padding).next_multiple_of(2);
            let bytes = laid_out(format, width as usize, height as usize, stride, yuv);
            let picture = to_rgb(&frame(format, width, height, stride, bytes)).unwrap();
            for (x, y, pixel) in picture.enumerate_pixels() {
                let [luma, u, v] = yuv(x as usize, y as usize);
                let [u, v] = if format == Grey { [128, 128] } else { [u, v] };
                prop_assert_eq!(pixel.0, rgb(YuvColour::default(), [luma, u, v]), "{:?}", format);
            }
        }
    }
}
