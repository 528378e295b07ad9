//! A picture as something that embedded-graphics draws on.

use std::convert::Infallible;

use embedded_graphics::{Drawable, primitives::CornerRadii};
use embedded_graphics::{
    Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    pixelcolor::{Gray8, GrayColor, Rgb888, RgbColor},
    primitives::{Primitive, PrimitiveStyle, Rectangle, RoundedRectangle},
};
use image::{GrayImage, Rgb, RgbImage};

/// A colour picture as a draw target; what falls outside is left out.
pub struct Canvas<'a>(pub &'a mut RgbImage);

impl OriginDimensions for Canvas<'_> {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, colour) in pixels {
            if let Some(pixel) = inside(point).and_then(|(x, y)| self.0.get_pixel_mut_checked(x, y)) {
                *pixel = Rgb([colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

/// A grey picture as a draw target; what falls outside is left out.
pub struct Mask<'a>(pub &'a mut GrayImage);

impl OriginDimensions for Mask<'_> {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Mask<'_> {
    type Color = Gray8;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Gray8>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, colour) in pixels {
            if let Some(pixel) = inside(point).and_then(|(x, y)| self.0.get_pixel_mut_checked(x, y)) {
                pixel.0 = [colour.luma()];
            }
        }
        Ok(())
    }
}

/// Fills `area` with one colour.
pub fn fill(canvas: &mut RgbImage, area: Rectangle, colour: Rgb<u8>) {
    let Ok(()) = area.into_styled(PrimitiveStyle::with_fill(rgb(colour))).draw(&mut Canvas(canvas));
}

/// Fills `area` with one colour, its ends rounded off.
pub fn fill_rounded(canvas: &mut RgbImage, area: Rectangle, colour: Rgb<u8>) {
    let radius = area.size.height.min(area.size.width) / 2;
    let shape = RoundedRectangle::new(area, CornerRadii::new(Size::new_equal(radius)));
    let Ok(()) = shape.into_styled(PrimitiveStyle::with_fill(rgb(colour))).draw(&mut Canvas(canvas));
}

/// Lays `colour` over the pixel at `x`, `y` with an opacity of 0 to 255; outside nothing happens.
pub fn blend(canvas: &mut RgbImage, x: i32, y: i32, colour: Rgb<u8>, opacity: u8) {
    if let Some(pixel) = inside(Point::new(x, y)).and_then(|(x, y)| canvas.get_pixel_mut_checked(x, y)) {
        for (under, over) in pixel.0.iter_mut().zip(colour.0) {
            let sum = u32::from(*under) * u32::from(255 - opacity) + u32::from(over) * u32::from(opacity);
            *under = ((sum + 127) / 255) as u8;
        }
    }
}

fn rgb(colour: Rgb<u8>) -> Rgb888 {
    Rgb888::new(colour.0[0], colour.0[1], colour.0[2])
}

fn inside(point: Point) -> Option<(u32, u32)> {
    Some((u32::try_from(point.x).ok()?, u32::try_from(point.y).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fills_exactly_the_area(x in -5i32..15, y in -5i32..15, w in 0u32..20, h in 0u32..20) {
            let mut canvas = RgbImage::new(10, 8);
            fill(&mut canvas, Rectangle::new(Point::new(x, y), Size::new(w, h)), Rgb([1, 2, 3]));
            for (px, py, pixel) in canvas.enumerate_pixels() {
                let (px, py) = (px as i32, py as i32);
                let within = px >= x && px < x + w as i32 && py >= y && py < y + h as i32;
                prop_assert_eq!(pixel.0 == [1, 2, 3], within);
            }
        }

        #[test]
        fn blending_stays_between_the_two_colours(under: u8, over: u8, opacity: u8) {
            let mut canvas = RgbImage::from_pixel(1, 1, Rgb([under; 3]));
            blend(&mut canvas, 0, 0, Rgb([over; 3]), opacity);
            let exact = f64::from(under) + (f64::from(over) - f64::from(under)) * f64::from(opacity) / 255.0;
            prop_assert!((f64::from(canvas.get_pixel(0, 0).0[0]) - exact).abs() <= 0.51);
        }
    }

    #[test]
    fn ignores_what_lies_outside() {
        let mut canvas = RgbImage::new(2, 2);
        blend(&mut canvas, -1, 5, Rgb([255; 3]), 255);
        assert!(canvas.pixels().all(|pixel| pixel.0 == [0; 3]));
    }
}
