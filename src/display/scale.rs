//! Scaling of pixels that are bytes.

use fast_image_resize::{
    PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
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
pub fn scale(pixels: Pixels, crop: (f64, f64), size: (u32, u32), filter: FilterType) -> Vec<u8> {
    let kind = if pixels.channels == 1 { PixelType::U8 } else { PixelType::U8x3 };
    let (width, height) = pixels.size;
    let (left, top) = ((f64::from(width) - crop.0) / 2.0, (f64::from(height) - crop.1) / 2.0);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).crop(
        left.max(0.0),
        top.max(0.0),
        crop.0,
        crop.1,
    );
    let mut target = Image::new(size.0, size.1, kind);
    match ImageRef::new(width, height, pixels.bytes, kind) {
        Ok(source) => {
            if let Err(error) = Resizer::new().resize(&source, &mut target, &options) {
                log::error!("cannot scale {width}×{height} pixels to {}×{}: {error}", size.0, size.1);
            }
        }
        Err(error) => log::error!("{width}×{height} pixels do not fit their memory: {error}"),
    }
    target.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_by_averaging() {
        let pixels = Pixels { size: (4, 1), channels: 1, bytes: &[10, 30, 100, 200] };
        assert_eq!(scale(pixels, (4.0, 1.0), (2, 1), FilterType::Box), [20, 150]);
    }

    #[test]
    fn takes_the_centre() {
        let pixels = Pixels { size: (3, 1), channels: 3, bytes: &[9, 9, 9, 1, 2, 3, 8, 8, 8] };
        assert_eq!(scale(pixels, (1.0, 1.0), (1, 1), FilterType::Bilinear), [1, 2, 3]);
    }

    #[test]
    fn is_black_where_the_pixels_are_missing() {
        let pixels = Pixels { size: (3, 1), channels: 3, bytes: &[9] };
        assert_eq!(scale(pixels, (3.0, 1.0), (1, 1), FilterType::Bilinear), [0, 0, 0]);
    }
}
