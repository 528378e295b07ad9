//! Variants of a training picture: cut and mirrored, so that a head learns what does not matter.

use image::{RgbImage, imageops};

use super::cache::{Hash, hash};
use crate::{model::metadata::Fit, vision::fit::fit};

/// A way to look at a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The part that is seen.
    part: Part,
    /// Whether left and right are swapped.
    mirrored: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

/// What variants are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Augmentation {
    /// Mirroring: twice as many variants.
    Flip,
    /// Seven eighths of width and height from each corner: five times as many variants.
    Crops,
}

impl Augmentation {
    /// As the user writes it.
    pub fn name(self) -> &'static str {
        match self {
            Augmentation::Flip => "flip",
            Augmentation::Crops => "crops",
        }
    }
}

/// All variants by `augmentations`, the plain picture first.
pub fn variants(augmentations: &[Augmentation]) -> Vec<Variant> {
    let corners = [Part::TopLeft, Part::TopRight, Part::BottomLeft, Part::BottomRight];
    let crops = corners.into_iter().filter(|_| augmentations.contains(&Augmentation::Crops));
    let flips: &[bool] = if augmentations.contains(&Augmentation::Flip) { &[false, true] } else { &[false] };
    let parts = std::iter::once(Part::Whole).chain(crops);
    parts.flat_map(|part| flips.iter().map(move |&mirrored| Variant { part, mirrored })).collect()
}

impl Variant {
    /// The picture as it is.
    pub const PLAIN: Variant = Variant { part: Part::Whole, mirrored: false };

    /// The hash under which features of this variant are kept; the plain picture's is that of its file.
    pub fn key(self, file: &Hash) -> Hash {
        let part = match self.part {
            Part::Whole if !self.mirrored => return *file,
            Part::Whole => "whole",
            Part::TopLeft => "top left 7/8",
            Part::TopRight => "top right 7/8",
            Part::BottomLeft => "bottom left 7/8",
            Part::BottomRight => "bottom right 7/8",
        };
        let side = if self.mirrored { "mirrored" } else { "as it is" };
        hash([part.as_bytes(), side.as_bytes(), file])
    }

    /// This variant of a picture, fitted to a square of `size` pixels.
    pub fn fit(self, picture: &RgbImage, size: u32, how: Fit) -> RgbImage {
        let (width, height) = picture.dimensions();
        let (w, h) = ((width * 7 / 8).max(1), (height * 7 / 8).max(1));
        let corner = match self.part {
            Part::Whole => None,
            Part::TopLeft => Some((0, 0)),
            Part::TopRight => Some((width - w, 0)),
            Part::BottomLeft => Some((0, height - h)),
            Part::BottomRight => Some((width - w, height - h)),
        };
        let mut fitted = match corner {
            None => fit(picture, size, how),
            Some((x, y)) => fit(&imageops::crop_imm(picture, x, y, w, h).to_image(), size, how),
        };
        if self.mirrored {
            imageops::flip_horizontal_in_place(&mut fitted);
        }
        fitted
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_plain_picture_comes_first_and_no_variant_twice() {
        let both = [Augmentation::Crops, Augmentation::Flip];
        for (augmentations, count) in [(&both[..0], 1), (&both[..1], 5), (&both[1..], 2), (&both[..], 10)] {
            let variants = variants(augmentations);
            let keys: HashSet<_> = variants.iter().map(|variant| variant.key(&[3; 32])).collect();
            assert_eq!((variants.len(), keys.len()), (count, count));
            assert_eq!((variants[0], variants[0].key(&[3; 32])), (Variant::PLAIN, [3; 32]));
        }
    }

    #[test]
    fn corners_and_sides_are_where_they_belong() {
        // Each pixel says where it is.
        let picture = RgbImage::from_fn(64, 32, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let all = variants(&[Augmentation::Flip, Augmentation::Crops]);
        let middle = all.iter().map(|variant| {
            let fitted = variant.fit(&picture, 32, Fit::Squash);
            assert_eq!(fitted.dimensions(), (32, 32));
            let [left, right] = [fitted.get_pixel(0, 16).0[0], fitted.get_pixel(31, 16).0[0]];
            assert_eq!(left > right, variant.mirrored);
            let [x, y, _] = fitted.get_pixel(16, 16).0;
            (i32::from(x) - 32, i32::from(y) - 16)
        });
        let expected = [(0, 0), (-4, -2), (4, -2), (-4, 2), (4, 2)];
        for ((x, y), (right, down)) in middle.zip(expected.into_iter().flat_map(|middle| [middle, middle])) {
            assert!((x - right).abs() <= 2 && (y - down).abs() <= 1, "{x}, {y} and not {right}, {down}");
        }
    }
}
