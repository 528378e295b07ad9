//! Pictures that tests make: good ones in every format, and bad ones of every kind.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage};

/// Red grows to the right, green downwards, blue stays: every corner can be told from the others.
pub fn gradient(width: u32, height: u32) -> RgbImage {
    let share = |at: u32, of: u32| (at * 255 / of.saturating_sub(1).max(1)) as u8;
    RgbImage::from_fn(width, height, |x, y| Rgb([share(x, width), share(y, height), 60]))
}

/// Every pixel different from its neighbours, the same in every run.
pub fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 0x2545_F491_u32;
    RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, r, g, b] = state.to_le_bytes();
        Rgb([r, g, b])
    })
}

/// Encodes a picture, of any pixel type that the format takes.
pub fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A baseline JPEG.
pub fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 95)).unwrap();
    bytes
}

/// A JPEG whose EXIF says how the camera was held; `orientation` is 1 to 8.
pub fn jpeg_with_orientation(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    // A TIFF header and one directory with the entry 0x0112.
    let exif = [b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(), &[orientation, 0, 0, 0], &[0; 4]];
    let exif = exif.concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let jpeg = jpeg(picture);
    [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
}

/// An animation of two frames; the first is `first`, the second is black.
pub fn animated_gif(first: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    let black = RgbImage::new(first.width(), first.height());
    for picture in [first, &black] {
        encoder.encode_frame(Frame::new(DynamicImage::from(picture.clone()).into_rgba8())).unwrap();
    }
    drop(encoder);
    bytes
}

/// A 16-bit grey picture, brighter to the right.
pub fn grey16(width: u32, height: u32) -> DynamicImage {
    let step = 65_535 / width.max(2).saturating_sub(1);
    DynamicImage::from(ImageBuffer::from_fn(width, height, |x, _| Luma([(x * step) as u16])))
}

/// Grey 200, transparent to the left and opaque to the right.
pub fn grey_alpha(width: u32, height: u32) -> DynamicImage {
    DynamicImage::from(ImageBuffer::from_fn(width, height, |x, _| LumaA([200u8, if x < width / 2 { 0 } else { 255 }])))
}

/// A PNG with a palette of red and green, the pixels red, green, green, red in two rows of two.
pub fn palette_png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png_chunks(&mut bytes, [2, 2], 3);
    encoder(b"PLTE", &[255, 0, 0, 0, 255, 0]);
    // zlib, stored block: filter byte and two pixels for each row.
    let rows = [0, 0, 1, 0, 1, 0];
    let mut data = vec![0x78, 0x01, 1, 6, 0, !6, !0];
    data.extend_from_slice(&rows);
    data.extend_from_slice(&adler32(&rows).to_be_bytes());
    encoder(b"IDAT", &data);
    encoder(b"IEND", &[]);
    drop(encoder);
    bytes
}

/// A PNG that claims to be `width`×`height` pixels but holds none.
pub fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png_chunks(&mut bytes, [width, height], 2);
    encoder(b"IDAT", &[0x78, 0x01, 1, 0, 0, 0xFF, 0xFF, 0, 0, 0, 1]);
    encoder(b"IEND", &[]);
    drop(encoder);
    bytes
}

/// Bytes that are no whole picture, each with a name for messages.
pub fn bad_pictures() -> Vec<(&'static str, Vec<u8>)> {
    let picture = noise(48, 40);
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() * 2 / 3].to_vec();
    vec![
        ("empty.jpg", Vec::new()),
        ("text.jpg", b"This is not a photograph.\n".to_vec()),
        ("start-marker-only.jpg", vec![0xFF, 0xD8, 0xFF]),
        ("truncated.jpg", cut(jpeg(&picture))),
        ("truncated.png", cut(encoded(picture.clone(), ImageFormat::Png))),
        ("truncated.gif", cut(encoded(picture.clone(), ImageFormat::Gif))),
        ("truncated.bmp", cut(encoded(picture.clone(), ImageFormat::Bmp))),
        ("truncated.webp", cut(encoded(picture, ImageFormat::WebP))),
        ("huge.png", png_bomb(30_000, 30_000)),
        ("long.png", png_bomb(100_000, 1)),
        ("photograph.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec()),
    ]
}

/// Starts a PNG (8 bits a sample, PNG's `colour_type`) and returns a writer of further chunks.
fn png_chunks(bytes: &mut Vec<u8>, [width, height]: [u32; 2], colour_type: u8) -> impl FnMut(&[u8; 4], &[u8]) + '_ {
    bytes.extend_from_slice(b"\x89PNG\r\n\x1a\n");
    let mut write = move |name: &[u8; 4], data: &[u8]| {
        bytes.extend_from_slice(&(data.len() as u32).to_be_bytes());
        let start = bytes.len();
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(data);
        let sum = crc32(&bytes[start..]);
        bytes.extend_from_slice(&sum.to_be_bytes());
    };
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend_from_slice(&[8, colour_type, 0, 0, 0]);
    write(b"IHDR", &header);
    write
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}
