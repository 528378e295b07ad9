//! Small pictures that travel inside the page.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};

use crate::vision::decode::read_picture;

/// Longest side of a thumbnail, in pixels: sharp on a screen with two pixels a point.
const SIDE: u32 = 320;

/// JPEG quality, 1 to 100.
const QUALITY: u8 = 78;

/// Reads a picture and makes a `data:` address of its thumbnail; none where it cannot be read any more.
pub fn data_url(path: &Path) -> Option<String> {
    let picture = read_picture(path).ok()?;
    let small = shrink(&picture);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&small).ok()?;
    Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))
}

/// Scales a picture down until its longest side is [`SIDE`]; a smaller one stays as it is.
fn shrink(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= SIDE {
        return picture.clone();
    }
    let scaled = |side: u32| ((u64::from(side) * u64::from(SIDE) / u64::from(longest)) as u32).max(1);
    imageops::thumbnail(picture, scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::vision::decode::decode_picture;

    fn decoded(url: &str) -> RgbImage {
        let jpeg = STANDARD.decode(url.strip_prefix("data:image/jpeg;base64,").unwrap()).unwrap();
        decode_picture(&jpeg, "thumbnail").unwrap()
    }

    #[test]
    fn a_thumbnail_is_the_picture_in_small() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        for (size, want) in [((1000, 500), (320, 160)), ((30, 40), (30, 40)), ((2000, 1), (320, 1))] {
            RgbImage::from_pixel(size.0, size.1, Rgb([200, 40, 90])).save(&path).unwrap();
            let small = decoded(&data_url(&path).unwrap());
            assert_eq!(small.dimensions(), want);
            assert!(small.pixels().all(|p| p.0.iter().zip([200, 40, 90]).all(|(a, b)| a.abs_diff(b) < 8)));
        }
    }

    #[test]
    fn what_cannot_be_read_has_no_thumbnail() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(data_url(&folder.path().join("gone.jpg")), None);
        let text = folder.path().join("text.jpg");
        std::fs::write(&text, "no picture").unwrap();
        assert_eq!(data_url(&text), None);
    }
}
