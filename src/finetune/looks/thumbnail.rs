//! A picture as 16×16 grey pixels, by which near duplicates are recognised.

use image::RgbImage;

use crate::{model::metadata::Fit, vision::fit::fit};

/// Rows and columns.
const SIDE: usize = 16;
/// Pixels of a thumbnail.
pub const PIXELS: usize = SIDE * SIDE;

/// A picture squashed to 16×16 pixels of grey, 0 to 255, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail([u8; PIXELS]);

impl Thumbnail {
    /// The small copy of a picture.
    pub fn of(picture: &RgbImage) -> Self {
        let small = fit(picture, SIDE as u32, Fit::Squash);
        // Luma of ITU-R BT.601 in thousandths.
        let grey = |[r, g, b]: [u8; 3]| ((299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b)) / 1000) as u8;
        let mut pixels = [0; PIXELS];
        for (pixel, colour) in pixels.iter_mut().zip(small.pixels()) {
            *pixel = grey(colour.0);
        }
        Thumbnail(pixels)
    }

    /// From the numbers of [`Thumbnail::values`]; what lacks is black.
    pub fn from_values(values: &[f32]) -> Self {
        let mut pixels = [0; PIXELS];
        for (pixel, &value) in pixels.iter_mut().zip(values) {
            *pixel = value as u8;
        }
        Thumbnail(pixels)
    }

    /// The pixels as numbers from 0 to 255.
    pub fn values(&self) -> impl Iterator<Item = f32> + '_ {
        self.0.iter().map(|&pixel| f32::from(pixel))
    }

    /// Left and right exchanged.
    pub fn mirrored(&self) -> Self {
        let mut pixels = self.0;
        pixels.chunks_exact_mut(SIDE).for_each(<[u8]>::reverse);
        Thumbnail(pixels)
    }

    /// Standard deviation of the pixels: how much there is to see, from 0 for one colour to 127.5.
    pub fn contrast(&self) -> f32 {
        let mean = self.values().sum::<f32>() / PIXELS as f32;
        (self.values().map(|value| (value - mean).powi(2)).sum::<f32>() / PIXELS as f32).sqrt()
    }

    /// Difference hash: whether each of 8×8 blocks is brighter than the one to its right; the last column is compared with
    /// the first. Scaling, recompression and brightness change few of its bits.
    pub fn hash(&self) -> u64 {
        let block = |y: usize, x: usize| {
            let pixel = |dy, dx| u32::from(self.0[(2 * y + dy) * SIDE + 2 * (x % 8) + dx]);
            pixel(0, 0) + pixel(0, 1) + pixel(1, 0) + pixel(1, 1)
        };
        (0..64).fold(0, |hash, bit| hash << 1 | u64::from(block(bit / 8, bit % 8) > block(bit / 8, bit % 8 + 1)))
    }

    /// Pearson correlation of two thumbnails: 1 for the same picture, also brighter or with less contrast; 0 where one of
    /// them is of one colour.
    pub fn correlation(&self, other: &Thumbnail) -> f32 {
        // Whole numbers stay exact: 256 squares of a byte fit.
        let mut sums = [0u32; 5];
        for (&a, &b) in self.0.iter().zip(&other.0) {
            let (a, b) = (u32::from(a), u32::from(b));
            for (sum, value) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                *sum += value;
            }
        }
        let [a, b, aa, bb, ab] = sums.map(f64::from);
        let count = PIXELS as f64;
        let spread = ((count * aa - a * a) * (count * bb - b * b)).sqrt();
        if spread > 0.0 { ((count * ab - a * b) / spread) as f32 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vision::samples;

    proptest! {
        #[test]
        fn a_thumbnail_is_itself_and_its_mirror_image_twice(width in 1u32..60, height in 1u32..60) {
            let thumbnail = Thumbnail::of(&samples::noise(width, height));
            prop_assert_eq!(thumbnail.mirrored().mirrored(), thumbnail.clone());
            let values: Vec<f32> = thumbnail.values().collect();
            prop_assert_eq!(Thumbnail::from_values(&values), thumbnail.clone());
            if thumbnail.contrast() > 0.0 {
                prop_assert!((thumbnail.correlation(&thumbnail) - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_mirrored_picture_has_the_mirrored_thumbnail() {
        let picture = samples::noise(64, 48);
        assert_eq!(Thumbnail::of(&image::imageops::flip_horizontal(&picture)), Thumbnail::of(&picture).mirrored());
    }

    #[test]
    fn brightness_does_not_matter_and_the_negative_is_the_opposite() {
        let pixels: [u8; PIXELS] = std::array::from_fn(|i| (i * 37 % 100) as u8);
        let thumbnail = Thumbnail(pixels);
        assert!(thumbnail.correlation(&Thumbnail(pixels.map(|p| p * 2 + 30))) > 0.9999);
        assert!(thumbnail.correlation(&Thumbnail(pixels.map(|p| 200 - p))) < -0.9999);
        assert_eq!(thumbnail.correlation(&Thumbnail([7; PIXELS])), 0.0);
        assert_eq!(Thumbnail([7; PIXELS]).contrast(), 0.0);
    }
}
