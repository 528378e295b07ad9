//! Small pictures that travel inside the page.

use std::io::Cursor;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage, RgbaImage, imageops};

use crate::vision::decode::read_picture;

/// A kind of thumbnail.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Longest side, in pixels.
    side: u32,
    /// JPEG quality, 1 to 100.
    quality: u8,
}

/// One that is looked at closely: sharp on a screen with two pixels a point.
pub const LARGE: Kind = Kind { side: 288, quality: 74 };

/// One of many that give an impression.
pub const SMALL: Kind = Kind { side: 128, quality: 66 };

/// A thumbnail, and the proportions of the picture.
#[derive(Debug)]
pub struct Thumbnail {
    /// `data:` address.
    pub url: String,
    pub width: u32,
    pub height: u32,
}

/// Reads a picture and makes its thumbnail; none where it cannot be read any more.
pub fn thumbnail(path: &Path, kind: Kind) -> Option<Thumbnail> {
    let picture = read_picture(path).ok()?;
    let (width, height) = picture.dimensions();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, kind.quality).encode_image(&shrink(&picture, kind.side)).ok()?;
    Some(Thumbnail { url: format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)), width, height })
}

/// The `data:` address of a picture that one can see through in part.
pub fn layer(picture: &RgbaImage) -> Option<String> {
    let mut png = Cursor::new(Vec::new());
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgba8).ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner())))
}

/// Scales a picture down until its longest side is `side`; a smaller one stays as it is.
fn shrink(picture: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= side {
        return picture.clone();
    }
    let scaled = |length: u32| ((u64::from(length) * u64::from(side) / u64::from(longest)) as u32).max(1);
    imageops::thumbnail(picture, scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use image::{Rgb, Rgba};

    use super::*;
    use crate::vision::decode::decode_picture;

    fn decoded(url: &str) -> RgbImage {
        let bytes = STANDARD.decode(url.split_once(";base64,").unwrap().1).unwrap();
        decode_picture(&bytes, "thumbnail").unwrap()
    }

    #[test]
    fn a_thumbnail_is_the_picture_in_small() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        for (size, want) in [((1000, 500), (288, 144)), ((30, 40), (30, 40)), ((2000, 1), (288, 1))] {
            RgbImage::from_pixel(size.0, size.1, Rgb([200, 40, 90])).save(&path).unwrap();
            let made = thumbnail(&path, LARGE).unwrap();
            assert!(made.url.starts_with("data:image/jpeg;base64,") && (made.width, made.height) == size);
            let small = decoded(&made.url);
            assert_eq!(small.dimensions(), want);
            assert!(small.pixels().all(|p| p.0.iter().zip([200, 40, 90]).all(|(a, b)| a.abs_diff(b) < 8)));
        }
        assert!(thumbnail(&path, SMALL).unwrap().url.len() < thumbnail(&path, LARGE).unwrap().url.len());
    }

    #[test]
    fn what_cannot_be_read_has_no_thumbnail() {
        let folder = tempfile::tempdir().unwrap();
        assert!(thumbnail(&folder.path().join("gone.jpg"), LARGE).is_none());
        let text = folder.path().join("text.jpg");
        std::fs::write(&text, "no picture").unwrap();
        assert!(thumbnail(&text, LARGE).is_none());
    }

    #[test]
    fn a_layer_keeps_its_pixels() {
        let url = layer(&RgbaImage::from_pixel(5, 3, Rgba([1, 2, 3, 255]))).unwrap();
        assert!(url.starts_with("data:image/png;base64,"));
        assert_eq!(decoded(&url), RgbImage::from_pixel(5, 3, Rgb([1, 2, 3])));
    }
}
