//! The red dot in the corner that recording cameras have: pictures are kept.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use image::{Rgb, RgbImage};

use crate::display::{
    Drawing,
    canvas::{fill, fill_rounded},
    palette,
};

/// Pixels at the right end of the first rows that the dot takes on panels of one bit, with the space around it.
pub const ONE_BIT_WIDTH: u32 = 8;

/// Draws the dot in the upper right corner, on a ring that sets it off from any picture.
pub fn draw(canvas: &mut RgbImage, drawing: Drawing) {
    let (width, height) = canvas.dimensions();
    if drawing == Drawing::OneBit {
        let side = ONE_BIT_WIDTH.min(width).min(height);
        let corner = Point::new((width - side) as i32, 0);
        fill(canvas, Rectangle::new(corner, Size::new_equal(side)), Rgb([0; 3]));
        let dot = Rectangle::new(corner + Point::new(3, 1), Size::new_equal(side.saturating_sub(3)));
        return fill_rounded(canvas, dot, 2, Rgb([255; 3]));
    }
    let shorter = width.min(height);
    let (side, inset) = ((shorter / 24).max(5), (shorter / 80).max(1));
    let ring = (side / 5).max(1);
    for (side, inset, colour) in [(side + 2 * ring, inset, palette::BACKDROP), (side, inset + ring, palette::RECORDING)]
    {
        let corner = Point::new(width as i32 - (side + inset) as i32, inset as i32);
        fill_rounded(canvas, Rectangle::new(corner, Size::new_equal(side)), side / 2, colour);
    }
}
