//! A picture as something that embedded-graphics draws on.

use std::convert::Infallible;

use embedded_graphics::{
    Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    pixelcolor::{Gray8, GrayColor, Rgb888, RgbColor},
    primitives::Rectangle,
};
use image::{GrayImage, ImageBuffer, Rgb, RgbImage};

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

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Infallible> {
        let colour = [colour.r(), colour.g(), colour.b()];
        fill_rows(self.0, area, |row| row.as_chunks_mut().0.fill(colour));
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

    fn fill_solid(&mut self, area: &Rectangle, colour: Gray8) -> Result<(), Infallible> {
        fill_rows(self.0, area, |row| row.fill(colour.luma()));
        Ok(())
    }
}

/// Hands each row of the part of `area` that lies on the picture to `fill`.
fn fill_rows<P: image::Pixel<Subpixel = u8>>(
    picture: &mut ImageBuffer<P, Vec<u8>>,
    area: &Rectangle,
    fill: impl Fn(&mut [u8]),
) {
    let size = Size::new(picture.width(), picture.height());
    let area = area.intersection(&Rectangle::new(Point::zero(), size));
    if area.is_zero_sized() {
        return;
    }
    let channels = usize::from(P::CHANNEL_COUNT);
    let (left, top) = (area.top_left.x as usize, area.top_left.y as usize);
    let bytes: &mut [u8] = picture;
    for y in top..top + area.size.height as usize {
        let start = (y * size.width as usize + left) * channels;
        fill(&mut bytes[start..start + area.size.width as usize * channels]);
    }
}

/// Fills `area` with one colour.
pub fn fill(canvas: &mut RgbImage, area: Rectangle, colour: Rgb<u8>) {
    let Ok(()) = Canvas(canvas).fill_solid(&area, rgb(colour));
}

/// Fills `area` with one colour, its corners rounded to `radius` pixels with smooth edges.
pub fn fill_rounded(canvas: &mut RgbImage, area: Rectangle, radius: u32, colour: Rgb<u8>) {
    let Size { width, height } = area.size;
    let radius = radius.min(width / 2).min(height / 2);
    let corner = corner(radius);
    for y in 0..height {
        // Rows of the middle have no rounded ends.
        let row = y.min(height - 1 - y);
        let inset = if row < radius { radius } else { 0 };
        let (left, top) = (area.top_left.x, area.top_left.y + y as i32);
        let middle = Rectangle::new(Point::new(left + inset as i32, top), Size::new(width - 2 * inset, 1));
        fill(canvas, middle, colour);
        for x in 0..inset {
            let opacity = corner[(row * radius + x) as usize];
            blend(canvas, left + x as i32, top, colour, opacity);
            blend(canvas, left + (width - 1 - x) as i32, top, colour, opacity);
        }
    }
}

/// How much of each pixel of an upper left corner of `radius` × `radius` pixels lies in the quarter disc, 0 to 255.
fn corner(radius: u32) -> Vec<u8> {
    /// Points along each side of a pixel that are looked at.
    const POINTS: i64 = 8;
    let reach = i64::from(radius) * 2 * POINTS;
    let mut corner = Vec::with_capacity((radius * radius) as usize);
    for y in 0..i64::from(radius) {
        for x in 0..i64::from(radius) {
            let inside = (0..POINTS * POINTS).filter(|point| {
                // Twice the distances from the centre, in steps between points, so that all stays whole numbers.
                let from = |pixel: i64, step: i64| reach - 2 * (pixel * POINTS + step) - 1;
                let (dx, dy) = (from(x, point % POINTS), from(y, point / POINTS));
                dx * dx + dy * dy <= reach * reach
            });
            corner.push((inside.count() as i64 * 255 / (POINTS * POINTS)) as u8);
        }
    }
    corner
}

/// Lays `colour` over the pixel at `x`, `y` with an opacity of 0 to 255; outside nothing happens.
pub fn blend(canvas: &mut RgbImage, x: i32, y: i32, colour: Rgb<u8>, opacity: u8) {
    if let Some(pixel) = inside(Point::new(x, y)).and_then(|(x, y)| canvas.get_pixel_mut_checked(x, y)) {
        mix(&mut pixel.0, colour, opacity);
    }
}

/// Lays `colour` over the canvas with the opacities of a mask, row by row, whose upper left corner lies at `x`, `y`;
/// what falls outside is left out.
pub fn stamp(canvas: &mut RgbImage, (x, y): (i32, i32), columns: u32, mask: &[u8], colour: Rgb<u8>) {
    let width = i64::from(canvas.width());
    // The part of each row of the mask that lies on the canvas.
    let first = (-i64::from(x)).clamp(0, columns.into()) as usize;
    let end = (width - i64::from(x)).clamp(0, columns.into()) as usize;
    if first >= end {
        return;
    }
    let height = canvas.height() as usize;
    let bytes: &mut [u8] = canvas;
    for (row, opacities) in mask.chunks_exact(columns as usize).enumerate() {
        let Ok(y) = usize::try_from(i64::from(y) + row as i64) else { continue };
        if y >= height {
            break;
        }
        let start = (y * width as usize + (i64::from(x) + first as i64) as usize) * 3;
        let pixels = bytes[start..start + (end - first) * 3].as_chunks_mut().0;
        for (pixel, &opacity) in pixels.iter_mut().zip(&opacities[first..end]) {
            mix(pixel, colour, opacity);
        }
    }
}

fn mix(pixel: &mut [u8; 3], colour: Rgb<u8>, opacity: u8) {
    match opacity {
        0 => {}
        255 => *pixel = colour.0,
        _ => {
            for (under, over) in pixel.iter_mut().zip(colour.0) {
                let sum = u32::from(*under) * u32::from(255 - opacity) + u32::from(over) * u32::from(opacity);
                *under = ((sum + 127) / 255) as u8;
            }
        }
    }
}

/// A colour as embedded-graphics has it.
pub fn rgb(colour: Rgb<u8>) -> Rgb888 {
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
