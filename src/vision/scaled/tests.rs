//! Every format against the way through a picture of full size; then damage of every kind.

use std::time::Instant;

use image::imageops::{self, FilterType};
use proptest::prelude::*;

use super::*;
use crate::vision::frame::{Matrix, PixelFormat, Range, YuvColour};
use crate::vision::{demo, samples};

const UNCOMPRESSED: [PixelFormat; 6] =
    [PixelFormat::Rgb, PixelFormat::Grey, PixelFormat::Yuyv, PixelFormat::Uyvy, PixelFormat::Nv12, PixelFormat::Yu12];

fn frame(format: PixelFormat, (width, height): (u32, u32), stride: usize, bytes: Vec<u8>) -> Frame {
    let (colour, name) = (YuvColour::default(), String::new());
    Frame { format, colour, width, height, stride, bytes, captured_at: Instant::now(), sequence: 0, name }
}

/// Bytes of a row of the first plane, and rows of that length that hold everything.
fn room(format: PixelFormat, (width, height): (u32, u32)) -> (usize, usize) {
    let (pairs, rows) = (width.div_ceil(2) as usize, height as usize);
    match format {
        PixelFormat::Rgb => (3 * width as usize, rows),
        PixelFormat::Yuyv | PixelFormat::Uyvy => (4 * pairs, rows),
        PixelFormat::Grey => (width as usize, rows),
        _ => (2 * pairs, 2 * rows + 2),
    }
}

/// A frame whose luma and chroma differ from each pixel to the next, but of which no colour lies outside RGB's range.
fn noise(format: PixelFormat, size: (u32, u32), padding: usize) -> Frame {
    let (row, rows) = room(format, size);
    let stride = row + padding * 2;
    let noise = samples::noise((stride * rows).div_ceil(3) as u32, 1).into_raw();
    let (packed, luma_bytes) = (matches!(format, PixelFormat::Yuyv | PixelFormat::Uyvy), stride * size.1 as usize);
    let value = |(at, byte): (usize, u8)| {
        let luma = match format {
            PixelFormat::Rgb => return byte,
            _ if packed => at % stride % 2 == usize::from(format == PixelFormat::Uyvy),
            _ => at < luma_bytes,
        };
        if luma { 96 + byte / 4 } else { 112 + byte / 8 }
    };
    frame(format, size, stride, noise.into_iter().enumerate().map(value).collect())
}

/// Largest and mean difference.
fn difference(got: &RgbImage, want: &RgbImage) -> (u8, f64) {
    assert_eq!(got.dimensions(), want.dimensions());
    let differences: Vec<u8> = got.iter().zip(want.iter()).map(|(got, want)| got.abs_diff(*want)).collect();
    let sum: u64 = differences.iter().map(|&difference| u64::from(difference)).sum();
    (differences.iter().copied().max().unwrap_or(0), sum as f64 / differences.len() as f64)
}

fn as_jpeg(bytes: &[u8]) -> Frame {
    frame(PixelFormat::Mjpg, (0, 0), 0, bytes.to_vec())
}

#[test]
fn pictures_of_rgb_come_as_files_do() {
    for (name, bytes) in demo::PICTURES {
        let frame = as_jpeg(bytes);
        let whole = frame_to_rgb(&frame).unwrap();
        for how in [Fit::Squash, Fit::CentreCrop] {
            assert_eq!(frame_to_input(&frame, 224, how).unwrap(), fit(&whole, 224, how), "{name}");
        }
        assert_eq!(frame_to_rgb_at_least(&frame, (100, 60)).unwrap(), whole, "{name}");
    }
}

#[test]
fn an_orientation_is_heeded() {
    let frame = as_jpeg(&samples::jpeg_with_orientation(&samples::gradient(48, 32), 6));
    let want = fit(&frame_to_rgb(&frame).unwrap(), 20, Fit::Squash);
    assert_eq!(frame_to_input(&frame, 20, Fit::Squash).unwrap(), want);
}

#[test]
fn a_frame_that_is_no_larger_than_wanted_comes_whole() {
    for format in UNCOMPRESSED {
        let frame = noise(format, (7, 5), 1);
        for wanted in [(7, 5), (7, 1), (1, 5), (1000, 1000)] {
            assert_eq!(frame_to_rgb_at_least(&frame, wanted).unwrap(), frame_to_rgb(&frame).unwrap());
        }
        let smallest = if format == PixelFormat::Rgb { (7, 5) } else { (2, 1) };
        assert_eq!(frame_to_rgb_at_least(&frame, (0, 0)).unwrap().dimensions(), smallest);
    }
}

#[test]
fn no_pixels_are_asked_for() {
    assert_eq!(frame_to_input(&noise(PixelFormat::Yuyv, (7, 5), 0), 0, Fit::Squash).unwrap(), RgbImage::new(0, 0));
}

#[test]
fn every_cut_of_a_jpeg_is_an_error() {
    let jpeg = samples::jpeg(&samples::noise(40, 33));
    for length in 0..jpeg.len() {
        assert!(frame_to_input(&as_jpeg(&jpeg[..length]), 16, Fit::Squash).is_err(), "cut at {length}");
    }
}

proptest! {
    #[test]
    fn input_is_what_conversion_and_scaling_give(
        format in 0usize..6, size in (1u32..100, 1u32..100), padding in 0usize..4, side in 1u32..60, full: bool, hd: bool,
    ) {
        let mut frame = noise(UNCOMPRESSED[format], size, padding);
        frame.colour.range = if full { Range::Full } else { Range::Limited };
        frame.colour.matrix = if hd { Matrix::Bt709 } else { Matrix::Bt601 };
        let whole = frame_to_rgb(&frame).unwrap();
        for how in [Fit::Squash, Fit::CentreCrop] {
            let (most, _) = difference(&frame_to_input(&frame, side, how).unwrap(), &fit(&whole, side, how));
            prop_assert!(most <= 2, "{:?} differs by {}", how, most);
        }
    }

    #[test]
    fn a_reduced_picture_is_as_small_as_wanted(
        format in 0usize..6, size in (1u32..100, 1u32..100), wanted in (1u32..60, 1u32..60),
    ) {
        let frame = noise(UNCOMPRESSED[format], size, 0);
        prop_assume!(frame.format != PixelFormat::Rgb);
        let picture = frame_to_rgb_at_least(&frame, wanted).unwrap();
        let (width, height) = picture.dimensions();
        prop_assert!(width >= wanted.0.min(size.0) && height >= wanted.1.min(size.1));
        if (width, height) != size {
            prop_assert!(width == wanted.0 || height == wanted.1);
            // Proportions are kept to one pixel.
            let exact = f64::from(size.0.min(size.1)) / f64::from(size.0.max(size.1)) * f64::from(width.max(height));
            prop_assert!((f64::from(width.min(height)) - exact).abs() < 1.0, "{}×{}", width, height);
        }
        let want = imageops::resize(&frame_to_rgb(&frame).unwrap(), width, height, FilterType::Triangle);
        let (most, _) = difference(&picture, &want);
        prop_assert!(most <= 3, "differs by {}", most);
    }

    #[test]
    fn any_frame_gives_an_answer(
        format in 0usize..7, width: u32, height: u32, small: bool, stride in prop_oneof![0usize..200, any::<usize>()],
        bytes in proptest::collection::vec(any::<u8>(), 0..3000), side in 0u32..40,
    ) {
        let format = UNCOMPRESSED.get(format).copied().unwrap_or(PixelFormat::Mjpg);
        let size = if small { (width % 40, height % 40) } else { (width, height) };
        let frame = frame(format, size, stride, bytes);
        for how in [Fit::Squash, Fit::CentreCrop] {
            prop_assert_eq!(frame_to_input(&frame, side, how).is_ok(), frame_to_rgb(&frame).is_ok());
        }
        prop_assert_eq!(frame_to_rgb_at_least(&frame, (side, side)).is_ok(), frame_to_rgb(&frame).is_ok());
    }

    #[test]
    fn a_damaged_jpeg_gives_an_answer(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), side in 1u32..40,
    ) {
        let mut bytes = samples::jpeg(&samples::noise(41, 29));
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = frame_to_input(&as_jpeg(&bytes), side, Fit::CentreCrop);
        let _ = frame_to_rgb_at_least(&as_jpeg(&bytes), (side, side));
    }
}
