//! From a picture of any size to the network's square input.

use fast_image_resize::images::{CroppedImage, Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use crate::model::metadata::Fit;

/// Scales `picture` to `size`×`size` pixels (bilinear, with as wide a support as the reduction needs).
///
/// The result is what Pillow's `resize` gives with `BILINEAR`, to one step of 255. A picture without
/// pixels gives black.
pub fn fit(picture: &RgbImage, size: u32, fit: Fit) -> RgbImage {
    let (width, height) = picture.dimensions();
    if width == 0 || height == 0 || size == 0 {
        return RgbImage::new(size, size);
    }
    let source = ImageRef::new(width, height, picture.as_raw(), PixelType::U8x3)
        .expect("an RgbImage holds three bytes for every pixel");
    let (left, top, width, height) = match fit {
        Fit::Squash => (0, 0, width, height),
        Fit::CentreCrop => {
            let side = width.min(height);
            ((width - side) / 2, (height - side) / 2, side, side)
        }
    };
    // Cut first, as `ResizeOptions::crop` lets the filter look over the edge of its box.
    let source = CroppedImage::new(&source, left, top, width, height).expect("the crop lies inside the source");
    let mut target = Image::new(size, size, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).expect("both pictures are of the same pixel type");
    RgbImage::from_raw(size, size, target.into_vec()).expect("the target holds three bytes for every pixel")
}

#[cfg(test)]
mod tests {
    use image::{Rgb, imageops};
    use proptest::prelude::*;

    use super::*;
    use crate::vision::samples;

    /// Red values that Pillow's `resize((4, 4), BILINEAR)` gives for the pictures of [`golden_source`].
    const GOLDEN: [(u32, u32, [[u8; 4]; 4]); 4] = [
        (16, 12, [[116, 130, 119, 131], [137, 130, 123, 122], [133, 129, 133, 131], [132, 138, 130, 129]]),
        (3, 2, [[0, 23, 51, 74], [25, 50, 81, 106], [76, 105, 140, 169], [101, 132, 170, 201]]),
        (4, 31, [[129, 121, 131, 125], [139, 123, 127, 144], [127, 126, 119, 127], [121, 119, 110, 115]]),
        (50, 1, [[107, 118, 123, 129], [107, 118, 123, 129], [107, 118, 123, 129], [107, 118, 123, 129]]),
    ];

    /// A picture by formula, so that any program can make it.
    fn golden_source(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let value = ((x * 37 + y * 101 + x * y * 13) % 256) as u8;
            Rgb([value, 255 - value, value / 2])
        })
    }

    #[test]
    fn agrees_with_pillow() {
        for (width, height, rows) in GOLDEN {
            let fitted = fit(&golden_source(width, height), 4, Fit::Squash);
            for (x, y, pixel) in fitted.enumerate_pixels() {
                let want = rows[y as usize][x as usize];
                assert!(pixel.0[0].abs_diff(want) <= 1, "{width}×{height} at {x},{y}: {} is not {want}", pixel.0[0]);
                assert!(pixel.0[1].abs_diff(255 - want) <= 1);
            }
        }
    }

    #[test]
    fn the_smallest_and_the_longest_fit() {
        for (width, height) in [(1, 1), (20_000, 1), (1, 20_000)] {
            for how in [Fit::Squash, Fit::CentreCrop] {
                let picture = RgbImage::from_pixel(width, height, Rgb([9, 99, 199]));
                assert_eq!(fit(&picture, 224, how), RgbImage::from_pixel(224, 224, Rgb([9, 99, 199])));
            }
        }
    }

    #[test]
    fn no_pixels_give_black() {
        assert_eq!(fit(&RgbImage::new(0, 5), 3, Fit::Squash), RgbImage::new(3, 3));
        assert_eq!(fit(&RgbImage::new(5, 5), 0, Fit::CentreCrop), RgbImage::new(0, 0));
    }

    proptest! {
        #[test]
        fn the_right_size_is_left_alone(size in 1u32..40) {
            let picture = samples::noise(size, size);
            for how in [Fit::Squash, Fit::CentreCrop] {
                prop_assert_eq!(&fit(&picture, size, how), &picture);
            }
        }

        #[test]
        fn a_centre_crop_is_the_cut_out_square(width in 1u32..60, height in 1u32..60, size in 1u32..30) {
            let picture = samples::noise(width, height);
            let side = width.min(height);
            let square = imageops::crop_imm(&picture, (width - side) / 2, (height - side) / 2, side, side).to_image();
            prop_assert_eq!(fit(&picture, size, Fit::CentreCrop), fit(&square, size, Fit::Squash));
        }

        #[test]
        fn agrees_with_a_second_implementation(width in 1u32..90, height in 1u32..90, size in 1u32..60) {
            let picture = samples::noise(width, height);
            let want = imageops::resize(&picture, size, size, imageops::FilterType::Triangle);
            for (got, want) in fit(&picture, size, Fit::Squash).iter().zip(want.iter()) {
                prop_assert!(got.abs_diff(*want) <= 2, "{} is not {}", got, want);
            }
        }
    }
}
