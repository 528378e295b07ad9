//! Good pictures in every form, bad ones of every kind, and bytes at random.

use std::time::Instant;

use image::Rgb;
use proptest::prelude::*;

use super::*;
use crate::vision::frame::YuvColour;
use crate::vision::samples;

const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP];

/// Sixteen pixels a side, half of them inks 0, 200, 180, 30 and half 150, 20, 0, 60, with Adobe's marker.
#[rustfmt::skip]
const CMYK_JPEG: [u8; 194] = [
    0xFF, 0xD8, 0xFF, 0xEE, 0x00, 0x0E, 0x41, 0x64, 0x6F, 0x62, 0x65, 0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF,
    0xDB, 0x00, 0x43, 0x00, 0x08, 0x06, 0x06, 0x07, 0x06, 0x05, 0x08, 0x07, 0x07, 0x07, 0x09, 0x09, 0x08, 0x0A, 0x0C,
    0x14, 0x0D, 0x0C, 0x0B, 0x0B, 0x0C, 0x19, 0x12, 0x13, 0x0F, 0x14, 0x1D, 0x1A, 0x1F, 0x1E, 0x1D, 0x1A, 0x1C, 0x1C,
    0x20, 0x24, 0x2E, 0x27, 0x20, 0x22, 0x2C, 0x23, 0x1C, 0x1C, 0x28, 0x37, 0x29, 0x2C, 0x30, 0x31, 0x34, 0x34, 0x34,
    0x1F, 0x27, 0x39, 0x3D, 0x38, 0x32, 0x3C, 0x2E, 0x33, 0x34, 0x32, 0xFF, 0xC0, 0x00, 0x14, 0x08, 0x00, 0x10, 0x00,
    0x10, 0x04, 0x43, 0x11, 0x00, 0x4D, 0x11, 0x00, 0x59, 0x11, 0x00, 0x4B, 0x11, 0x00, 0xFF, 0xC4, 0x00, 0x17, 0x00,
    0x01, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x05, 0x07,
    0x06, 0xFF, 0xC4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xFF, 0xDA, 0x00, 0x0E, 0x04, 0x43, 0x00, 0x4D, 0x00, 0x59, 0x00, 0x4B, 0x00, 0x00, 0x3F,
    0x00, 0xDF, 0xD9, 0xB3, 0x8A, 0x6C, 0x23, 0x49, 0x68, 0x5A, 0x20, 0x92, 0xC2, 0x58, 0x96, 0xBC, 0x34, 0x96, 0x85,
    0xA2, 0x0B, 0xFF, 0xD9,
];

/// Where [`CMYK_JPEG`] says how its colours are coded: 0 as inks, 2 as YCCK.
const ADOBE_TRANSFORM: usize = 17;

fn assert_close(got: &Rgb<u8>, want: [u8; 3], within: u8) {
    for (got, want) in got.0.iter().zip(want) {
        assert!(got.abs_diff(want) <= within, "{:?} is not {want:?} within {within}", got);
    }
}

#[test]
fn lossless_formats_give_the_very_pixels() {
    let picture = samples::noise(13, 7);
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
        assert_eq!(decode_picture(&samples::encoded(picture.clone(), format), "it").unwrap(), picture, "{format:?}");
    }
}

#[test]
fn a_jpeg_gives_nearly_the_pixels() {
    let picture = samples::gradient(64, 48);
    let decoded = decode_picture(&samples::jpeg(&picture), "it").unwrap();
    assert_eq!(decoded.dimensions(), picture.dimensions());
    for (got, want) in decoded.pixels().zip(picture.pixels()) {
        assert_close(got, want.0, 12);
    }
}

#[test]
fn the_content_counts_and_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("really-a-png.jpg");
    std::fs::write(&path, samples::encoded(samples::gradient(5, 4), ImageFormat::Png)).unwrap();
    assert_eq!(read_picture(&path).unwrap(), samples::gradient(5, 4));
}

#[test]
fn every_orientation_comes_upright() {
    // Where the stored top left and top right corners are seen, by the EXIF standard: (right?, bottom?).
    let seen = [
        ((false, false), (true, false)),
        ((true, false), (false, false)),
        ((true, true), (false, true)),
        ((false, true), (true, true)),
        ((false, false), (false, true)),
        ((true, false), (true, true)),
        ((true, true), (true, false)),
        ((false, true), (false, false)),
    ];
    let stored = samples::gradient(48, 32);
    for (orientation, (top_left, top_right)) in (1..=8).zip(seen) {
        let upright = decode_picture(&samples::jpeg_with_orientation(&stored, orientation), "it").unwrap();
        let size = if orientation < 5 { (48, 32) } else { (32, 48) };
        assert_eq!(upright.dimensions(), size, "orientation {orientation}");
        let corner = |(right, bottom): (bool, bool)| {
            upright.get_pixel(if right { size.0 - 1 } else { 0 }, if bottom { size.1 - 1 } else { 0 })
        };
        assert_close(corner(top_left), [0, 0, 60], 12);
        assert_close(corner(top_right), [255, 0, 60], 12);
    }
}

#[test]
fn cmyk_comes_as_the_colours_that_are_printed() {
    let picture = decode_picture(&CMYK_JPEG, "it").unwrap();
    assert_close(picture.get_pixel(3, 3), [225, 49, 66], 2);
    assert_close(picture.get_pixel(12, 8), [80, 180, 195], 2);
}

#[test]
fn ycck_is_told_from_cmyk_by_the_transform_byte() {
    let mut ycck = CMYK_JPEG;
    ycck[ADOBE_TRANSFORM] = 2;
    let picture = decode_picture(&ycck, "it").unwrap();
    assert_close(picture.get_pixel(3, 3), [65, 0, 114], 2);
    assert_close(picture.get_pixel(12, 8), [0, 195, 0], 2);
}

#[test]
fn sixteen_bits_become_eight() {
    let bytes = samples::encoded(samples::grey16(256, 1), ImageFormat::Png);
    let picture = decode_picture(&bytes, "it").unwrap();
    for (x, _, pixel) in picture.enumerate_pixels() {
        assert_close(pixel, [x as u8; 3], 1);
    }
}

#[test]
fn transparency_is_dropped_and_grey_spread() {
    let bytes = samples::encoded(samples::grey_alpha(4, 1), ImageFormat::Png);
    assert_eq!(decode_picture(&bytes, "it").unwrap(), RgbImage::from_pixel(4, 1, Rgb([200; 3])));
}

#[test]
fn a_palette_becomes_colours() {
    let (red, green) = ([255, 0, 0], [0, 255, 0]);
    let picture = decode_picture(&samples::palette_png(), "it").unwrap();
    assert_eq!(picture.into_raw(), [red, green, green, red].concat());
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let first = RgbImage::from_fn(6, 4, |x, _| Rgb(if x < 3 { [255, 0, 0] } else { [0, 0, 255] }));
    assert_eq!(decode_picture(&samples::animated_gif(&first), "it").unwrap(), first);
}

#[test]
fn the_smallest_and_the_longest_work() {
    for (width, height) in [(1, 1), (20_000, 1), (1, 20_000)] {
        let picture = samples::gradient(width, height);
        // A WebP side has at most 16383 pixels.
        for format in FORMATS.into_iter().filter(|&format| format != ImageFormat::WebP || width * height == 1) {
            let decoded = decode_picture(&samples::encoded(picture.clone(), format), "it").unwrap();
            assert_eq!(decoded.dimensions(), (width, height), "{format:?}");
        }
    }
}

#[test]
fn rubbish_after_the_end_is_no_damage() {
    let mut bytes = samples::jpeg(&samples::gradient(16, 16));
    let whole = decode_picture(&bytes, "it").unwrap();
    bytes.extend_from_slice(&[0; 100]);
    bytes.extend_from_slice(b"\xff\xd8\xff rubbish");
    assert_eq!(decode_picture(&bytes, "it").unwrap(), whole);
}

#[test]
fn bad_pictures_get_one_clear_line() {
    for (name, bytes) in samples::bad_pictures() {
        let message = decode_picture(&bytes, name).expect_err(name).to_string();
        assert!(message.starts_with(&format!("{name} is not a readable picture: ")), "{message}");
        assert!(!message.contains('\n') && message.contains("; "), "{message}");
    }
}

#[test]
fn messages_say_what_the_file_is_instead() {
    let message = |bytes: &[u8]| decode_picture(bytes, "it").unwrap_err().to_string();
    assert!(message(b"").contains("empty"));
    assert!(message(b"hello").contains("text file"));
    assert!(message(b"\0\0\0\x18ftypheic").contains("HEIC"));
    assert!(message(b"II*\0\x08\0\0\0").contains("Tiff"));
    assert!(message(&samples::jpeg(&samples::gradient(9, 9))[..300]).contains("breaks off"));
}

#[test]
fn a_missing_file_is_named() {
    let message = read_picture(Path::new("no/such/cat.jpg")).unwrap_err().to_string();
    assert!(message.starts_with("cannot read no/such/cat.jpg: "), "{message}");
}

#[test]
fn frames_of_each_format_become_pictures() {
    let frame = |format, width, height, stride, bytes| Frame {
        format,
        colour: YuvColour::default(),
        width,
        height,
        stride,
        bytes,
        captured_at: Instant::now(),
        sequence: 7,
        name: String::new(),
    };
    let rgb = frame_to_rgb(&frame(PixelFormat::Rgb, 2, 1, 6, vec![1, 2, 3, 4, 5, 6])).unwrap();
    assert_eq!(rgb.into_raw(), [1, 2, 3, 4, 5, 6]);
    let yuyv = frame_to_rgb(&frame(PixelFormat::Yuyv, 2, 1, 4, vec![16, 128, 235, 128])).unwrap();
    assert_eq!(yuyv.into_raw(), [0, 0, 0, 255, 255, 255]);
    let jpeg = samples::jpeg(&samples::noise(20, 10));
    let mjpg = frame_to_rgb(&frame(PixelFormat::Mjpg, 20, 10, 0, jpeg.clone())).unwrap();
    assert_eq!(mjpg, decode_picture(&jpeg, "it").unwrap());
    let short = frame_to_rgb(&frame(PixelFormat::Yuyv, 4, 4, 8, vec![0; 31])).unwrap_err();
    assert!(short.to_string().starts_with("frame 7 is not"), "{short}");
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300), magic in 0usize..6) {
        let magics: [&[u8]; 6] = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF\x40\0\0\0WEBPVP8 "];
        let _ = decode_picture(&[magics[magic], &bytes].concat(), "random");
    }

    #[test]
    fn damaged_files_give_an_answer(
        format in 0usize..=FORMATS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = match FORMATS.get(format) {
            Some(&format) => samples::encoded(samples::noise(19, 11), format),
            None => CMYK_JPEG.to_vec(),
        };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = decode_picture(&bytes, "damaged");
    }

    #[test]
    fn a_file_cut_by_half_or_more_is_an_error(format in 0usize..FORMATS.len(), cut in any::<prop::sample::Index>()) {
        let bytes = samples::encoded(samples::noise(19, 11), FORMATS[format]);
        let length = cut.index(bytes.len() / 2);
        prop_assert!(decode_picture(&bytes[..length], "cut").is_err());
    }
}
