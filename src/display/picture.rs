//! A camera picture scaled into a part of the screen.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use image::{RgbImage, imageops};

use super::scale::{FilterType, Pixels, scale};

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
    let factor = if fit / fill >= 1.0 - MAX_CROP { fill } else { fit };
    let width = ((pw * factor).round().min(aw) as u32).max(1);
    let height = ((ph * factor).round().min(ah) as u32).max(1);
    let cut = |drawn: u32, whole: u32| ((f64::from(drawn) / factor).round() as u32).clamp(1, whole);
    let crop = (cut(width, picture.width()), cut(height, picture.height()));
    let pixels = Pixels { size: picture.dimensions(), channels: 3, bytes: picture.as_raw() };
    let scaled = scale(pixels, crop, (width, height), FilterType::CatmullRom);
    let scaled = RgbImage::from_raw(width, height, scaled).unwrap_or_default();
    let left = area.top_left.x + (area.size.width - width) as i32 / 2;
    let top = area.top_left.y + (area.size.height - height) as i32 / 2;
    imageops::replace(canvas, &scaled, left.into(), top.into());
    Rectangle::new(Point::new(left, top), Size::new(width, height))
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
            for (x, y, pixel) in canvas.enumerate_pixels() {
                let within = place.contains(Point::new(x as i32, y as i32));
                prop_assert_eq!(pixel.0, if within { [200, 100, 50] } else { [0; 3] });
            }
            let scales = (f64::from(aw) / f64::from(pw), f64::from(ah) / f64::from(ph));
            let (fit, fill) = (scales.0.min(scales.1), scales.0.max(scales.1));
            if fit / fill >= 0.88 {
                prop_assert_eq!(place.size, Size::new(aw, ah));
            } else {
                let near = |side: u32, exact: f64| (f64::from(side) - exact.max(1.0)).abs() <= 0.5;
                prop_assert!(near(place.size.width, f64::from(pw) * fit) && near(place.size.height, f64::from(ph) * fit));
            }
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
