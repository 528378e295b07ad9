//! A camera picture scaled into a part of the screen.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image::{RgbImage, imageops};

/// Largest share of a side that may be cut off so that the picture fills its place.
const MAX_CROP: f64 = 0.12;

/// Draws `picture` into `area` of `canvas`, proportions kept: filling it if little is lost, else with margins.
/// Returns where it came to lie.
pub fn place(canvas: &mut RgbImage, area: Rectangle, picture: &RgbImage) -> Rectangle {
    let (pw, ph) = (f64::from(picture.width()), f64::from(picture.height()));
    let (aw, ah) = (f64::from(area.size.width), f64::from(area.size.height));
    if pw * ph * aw * ah == 0.0 {
        return Rectangle::new(area.top_left, Size::zero());
    }
    let (fit, fill) = ((aw / pw).min(ah / ph), (aw / pw).max(ah / ph));
    let scale = if fit / fill >= 1.0 - MAX_CROP { fill } else { fit };
    let width = ((pw * scale).round().min(aw) as u32).max(1);
    let height = ((ph * scale).round().min(ah) as u32).max(1);
    let crop = ((f64::from(width) / scale).min(pw), (f64::from(height) / scale).min(ph));

    let scaled = resize(picture, crop, (width, height));
    let left = area.top_left.x + (area.size.width - width) as i32 / 2;
    let top = area.top_left.y + (area.size.height - height) as i32 / 2;
    imageops::replace(canvas, &scaled, left.into(), top.into());
    Rectangle::new(Point::new(left, top), Size::new(width, height))
}

/// Scales the centred part `crop` (columns, rows) of `picture` to `size`.
fn resize(picture: &RgbImage, crop: (f64, f64), size: (u32, u32)) -> RgbImage {
    let (pw, ph) = picture.dimensions();
    let (left, top) = ((f64::from(pw) - crop.0) / 2.0, (f64::from(ph) - crop.1) / 2.0);
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(left, top, crop.0, crop.1);
    let mut scaled = RgbImage::new(size.0, size.1);
    let source = ImageRef::new(pw, ph, picture.as_raw(), PixelType::U8x3);
    let target = Image::from_slice_u8(size.0, size.1, &mut scaled, PixelType::U8x3);
    if let (Ok(source), Ok(mut target)) = (source, target) {
        if let Err(error) = Resizer::new().resize(&source, &mut target, &options) {
            log::error!("cannot scale a picture of {pw}×{ph} to {}×{}: {error}", size.0, size.1);
        }
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use proptest::prelude::*;

    fn area(x: i32, y: i32, w: u32, h: u32) -> Rectangle {
        Rectangle::new(Point::new(x, y), Size::new(w, h))
    }

    proptest! {
        #[test]
        fn stays_inside_and_keeps_proportions(pw in 1u32..300, ph in 1u32..300, aw in 1u32..200, ah in 1u32..200) {
            let mut canvas = RgbImage::new(aw + 4, ah + 4);
            let picture = RgbImage::from_pixel(pw, ph, Rgb([200, 100, 50]));
            let place = place(&mut canvas, area(2, 2, aw, ah), &picture);
            prop_assert!(place.size.width == aw || place.size.height == ah);
            for (x, y, pixel) in canvas.enumerate_pixels() {
                let within = place.contains(Point::new(x as i32, y as i32));
                prop_assert_eq!(pixel.0, if within { [200, 100, 50] } else { [0; 3] });
            }
            // One of the sides fills its place; the other is the picture's within a pixel, or a small cut.
            let scale = f64::from(place.size.width) / f64::from(pw);
            let other = f64::from(ph) * scale;
            let cut = other / f64::from(place.size.height);
            prop_assert!((other - f64::from(place.size.height)).abs() <= 1.0 + scale
                || (0.87..1.15).contains(&cut) || place.size.width == 1 || place.size.height == 1);
        }
    }

    #[test]
    fn leaves_margins_beside_a_tall_picture() {
        let mut canvas = RgbImage::new(100, 50);
        let picture = RgbImage::from_pixel(10, 20, Rgb([255; 3]));
        assert_eq!(place(&mut canvas, area(0, 0, 100, 50), &picture), area(37, 0, 25, 50));
    }

    #[test]
    fn fills_the_place_where_little_is_lost() {
        let mut canvas = RgbImage::new(100, 70);
        let picture = RgbImage::from_pixel(400, 300, Rgb([255; 3]));
        assert_eq!(place(&mut canvas, area(0, 0, 100, 70), &picture), area(0, 0, 100, 70));
    }

    #[test]
    fn takes_pictures_and_places_without_pixels() {
        let mut canvas = RgbImage::new(4, 4);
        assert_eq!(place(&mut canvas, area(0, 0, 4, 4), &RgbImage::new(0, 3)).size, Size::zero());
        assert_eq!(place(&mut canvas, area(1, 1, 0, 4), &RgbImage::new(2, 3)).size, Size::zero());
    }
}
