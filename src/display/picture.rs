//! A camera picture scaled into a part of the screen.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use image::{Rgb, RgbImage, imageops};

use super::scale::{FilterType, Pixels, scale};

/// Largest share of a side that may be cut off so that the picture fills its place.
const MAX_CROP: f64 = 0.18;
/// Columns and rows of the picture that is spread over the margins: few enough to show colours and no shapes.
const HAZE: (u32, u32) = (6, 4);

/// Draws `picture` into `area` of `canvas`, proportions kept: filling it if little is cut off, else with as little margin as
/// such a cut leaves, in dark colours of the picture. Returns where it came to lie.
pub fn place(canvas: &mut RgbImage, area: Rectangle, picture: &RgbImage) -> Rectangle {
    let (pw, ph) = (f64::from(picture.width()), f64::from(picture.height()));
    let (aw, ah) = (f64::from(area.size.width), f64::from(area.size.height));
    if pw * ph * aw * ah == 0.0 {
        return Rectangle::new(area.top_left, Size::zero());
    }
    let (fit, fill) = ((aw / pw).min(ah / ph), (aw / pw).max(ah / ph));
    let factor = fill.min(fit / (1.0 - MAX_CROP));
    let width = ((pw * factor).round().min(aw) as u32).max(1);
    let height = ((ph * factor).round().min(ah) as u32).max(1);
    let cut = |drawn: u32, whole: u32| ((f64::from(drawn) / factor).round() as u32).clamp(1, whole);
    let crop = (cut(width, picture.width()), cut(height, picture.height()));
    let scaled = resize(picture, crop, (width, height), FilterType::CatmullRom);
    if (width, height) != (area.size.width, area.size.height) {
        let mut haze = resize(&scaled, scaled.dimensions(), HAZE, FilterType::Box);
        map(&mut haze, |pixel| pixel.map(|value| value / 4));
        let haze = resize(&haze, HAZE, (area.size.width, area.size.height), FilterType::Bilinear);
        imageops::replace(canvas, &haze, area.top_left.x.into(), area.top_left.y.into());
    }
    let left = area.top_left.x + (area.size.width - width) as i32 / 2;
    let top = area.top_left.y + (area.size.height - height) as i32 / 2;
    imageops::replace(canvas, &scaled, left.into(), top.into());
    Rectangle::new(Point::new(left, top), Size::new(width, height))
}

/// `picture` dark and without colours, so that nobody takes it for a live one.
pub fn fade(canvas: &mut RgbImage) {
    map(canvas, |[r, g, b]| {
        // Weights of the colours in brightness as ITU-R BT.601 has them, in parts of 256; a third of it is left.
        let luma = (u32::from(r) * 77 + u32::from(g) * 150 + u32::from(b) * 29) / (3 * 256);
        [luma as u8, (luma + luma / 24) as u8, (luma + luma / 8) as u8]
    });
}

fn resize(picture: &RgbImage, crop: (u32, u32), size: (u32, u32), filter: FilterType) -> RgbImage {
    let pixels = Pixels { size: picture.dimensions(), channels: 3, bytes: picture.as_raw() };
    RgbImage::from_raw(size.0, size.1, scale(pixels, crop, size, filter)).unwrap_or_default()
}

fn map(picture: &mut RgbImage, change: impl Fn([u8; 3]) -> [u8; 3]) {
    for Rgb(pixel) in picture.pixels_mut() {
        *pixel = change(*pixel);
    }
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
            let whole = area(2, 2, aw, ah);
            for (x, y, pixel) in canvas.enumerate_pixels() {
                let point = Point::new(x as i32, y as i32);
                let margin = if whole.contains(point) { [50, 25, 12] } else { [0; 3] };
                prop_assert_eq!(pixel.0, if place.contains(point) { [200, 100, 50] } else { margin });
            }
            let scales = (f64::from(aw) / f64::from(pw), f64::from(ah) / f64::from(ph));
            let (fit, fill) = (scales.0.min(scales.1), scales.0.max(scales.1));
            if fit / fill >= 0.82 {
                prop_assert_eq!(place.size, Size::new(aw, ah));
            } else {
                // One side fills its place, and of the other direction at most the share is cut off.
                prop_assert!(place.size.width == aw || place.size.height == ah);
                let drawn = (f64::from(place.size.width) / f64::from(pw) / fit).min(f64::from(place.size.height) / f64::from(ph) / fit);
                let pixel = 0.5 / f64::from(place.size.width.min(place.size.height));
                prop_assert!(drawn >= 1.0 - pixel * 2.0, "{}", drawn);
            }
        }
    }

    #[test]
    fn leaves_margins_beside_a_tall_picture() {
        let mut canvas = RgbImage::new(100, 50);
        let picture = RgbImage::from_pixel(10, 20, Rgb([255; 3]));
        assert_eq!(place(&mut canvas, area(0, 0, 100, 50), &picture), area(35, 0, 30, 50));
    }

    #[test]
    fn fills_the_place_where_little_is_lost() {
        let mut canvas = RgbImage::new(100, 70);
        let picture = RgbImage::from_pixel(400, 300, Rgb([255; 3]));
        assert_eq!(place(&mut canvas, area(0, 0, 100, 70), &picture), area(0, 0, 100, 70));
    }

    #[test]
    fn a_faded_picture_is_dark_and_grey() {
        let mut canvas =
            RgbImage::from_fn(9, 1, |x, _| Rgb([[0, 255, 255, 90][x as usize % 4], 255 - x as u8 * 20, 200]));
        fade(&mut canvas);
        for Rgb([r, g, b]) in canvas.pixels() {
            assert!(*b <= 96 && b - r <= 12 && g - r <= 4, "{r} {g} {b}");
        }
    }

    #[test]
    fn takes_pictures_and_places_without_pixels() {
        let mut canvas = RgbImage::new(4, 4);
        assert_eq!(place(&mut canvas, area(0, 0, 4, 4), &RgbImage::new(0, 3)).size, Size::zero());
        assert_eq!(place(&mut canvas, area(1, 1, 0, 4), &RgbImage::new(2, 3)).size, Size::zero());
    }
}
