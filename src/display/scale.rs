//! Scaling of pixels that are bytes.

use fast_image_resize::{
    PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{CroppedImage, Image, ImageRef},
};

pub use fast_image_resize::FilterType;

/// Pixels of one byte for each of `channels` (1 or 3), rows tightly packed.
#[derive(Clone, Copy)]
pub struct Pixels<'a> {
    /// Columns and rows.
    pub size: (u32, u32),
    /// Bytes of a pixel.
    pub channels: u8,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Scales the centred part `crop` (columns, rows) of `pixels` to `size`; black where that cannot be done.
pub fn scale(pixels: Pixels, crop: (u32, u32), size: (u32, u32), filter: FilterType) -> Vec<u8> {
    let kind = if pixels.channels == 1 { PixelType::U8 } else { PixelType::U8x3 };
    let mut target = Image::new(size.0, size.1, kind);
    if let Err(reason) = scale_into(&mut target, pixels, kind, crop, filter) {
        let (width, height) = pixels.size;
        log::error!("cannot scale {width}×{height} pixels to {}×{}: {reason}", size.0, size.1);
    }
    target.into_vec()
}

fn scale_into(
    target: &mut Image,
    pixels: Pixels,
    kind: PixelType,
    crop: (u32, u32),
    filter: FilterType,
) -> Result<(), String> {
    let (width, height) = pixels.size;
    let source = ImageRef::new(width, height, pixels.bytes, kind).map_err(|error| error.to_string())?;
    // Cut before scaling: with the crop of `ResizeOptions`, filters that pass through zero read beyond their rows.
    let (left, top) = (width.saturating_sub(crop.0) / 2, height.saturating_sub(crop.1) / 2);
    let source = CroppedImage::new(&source, left, top, crop.0, crop.1).map_err(|error| error.to_string())?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&source, target, &options).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_by_averaging() {
        let pixels = Pixels { size: (4, 1), channels: 1, bytes: &[10, 30, 100, 200] };
        assert_eq!(scale(pixels, (4, 1), (2, 1), FilterType::Box), [20, 150]);
    }

    #[test]
    fn takes_the_centre() {
        let pixels = Pixels { size: (3, 1), channels: 3, bytes: &[9, 9, 9, 1, 2, 3, 8, 8, 8] };
        assert_eq!(scale(pixels, (1, 1), (1, 1), FilterType::Bilinear), [1, 2, 3]);
    }

    proptest! {
        #[test]
        fn every_filter_keeps_a_plain_colour(
            from in (1u32..60, 1u32..60), cut in (0f64..1.0, 0f64..1.0), to in (1u32..300, 1u32..200), sharp: bool,
        ) {
            let crop = ((f64::from(from.0) * cut.0) as u32 + 1, (f64::from(from.1) * cut.1) as u32 + 1);
            let filter = if sharp { FilterType::CatmullRom } else { FilterType::Bilinear };
            let bytes = vec![77; (from.0 * from.1 * 3) as usize];
            let scaled = scale(Pixels { size: from, channels: 3, bytes: &bytes }, crop, to, filter);
            prop_assert_eq!(scaled.len(), (to.0 * to.1 * 3) as usize);
            prop_assert!(scaled.iter().all(|&byte| byte == 77));
        }
    }

    #[test]
    fn is_black_where_the_pixels_are_missing() {
        let pixels = Pixels { size: (3, 1), channels: 3, bytes: &[9] };
        assert_eq!(scale(pixels, (3, 1), (1, 1), FilterType::Bilinear), [0, 0, 0]);
    }
}
