//! Fonts drawn for whole pixels, from u8g2. Text with letters that they lack is cut out of the outline font instead.

use embedded_graphics::geometry::Point;
use image::{Rgb, RgbImage};
use u8g2_fonts::{
    FontRenderer, fonts,
    types::{FontColor, VerticalPosition},
};

use super::{Weight, face};
use crate::display::canvas::{Canvas, rgb};

/// Heights of capitals with their fonts, smallest first.
const FONTS: [(u32, FontRenderer); 11] = [
    (5, FontRenderer::new::<fonts::u8g2_font_4x6_tf>()),
    (6, FontRenderer::new::<fonts::u8g2_font_5x7_tf>()),
    (8, FontRenderer::new::<fonts::u8g2_font_helvB08_tf>()),
    (11, FontRenderer::new::<fonts::u8g2_font_helvB10_tf>()),
    (12, FontRenderer::new::<fonts::u8g2_font_helvB12_tf>()),
    (14, FontRenderer::new::<fonts::u8g2_font_helvB14_tf>()),
    (19, FontRenderer::new::<fonts::u8g2_font_helvB18_tf>()),
    (25, FontRenderer::new::<fonts::u8g2_font_helvB24_tf>()),
    (30, FontRenderer::new::<fonts::u8g2_font_fub30_tf>()),
    (35, FontRenderer::new::<fonts::u8g2_font_fub35_tf>()),
    (42, FontRenderer::new::<fonts::u8g2_font_fub42_tf>()),
];

/// Height of the capitals of the font nearest to `capitals`.
pub fn height(capitals: u32) -> u32 {
    font(capitals).0
}

/// Width of `text` in pixels.
pub fn width(capitals: u32, text: &str) -> u32 {
    match drawable(text) {
        Some(text) => {
            let sizes =
                font(capitals).1.get_rendered_dimensions(text.as_str(), Point::zero(), VerticalPosition::Baseline);
            sizes.map_or(0, |sizes| u32::try_from(sizes.advance.x).unwrap_or(0))
        }
        None => face::width(Weight::Pixels, capitals, text),
    }
}

/// Writes `text` with its left end and baseline at `x`, `y`.
pub fn draw(capitals: u32, canvas: &mut RgbImage, text: &str, (x, y): (i32, i32), colour: Rgb<u8>) {
    match drawable(text) {
        Some(text) => {
            let colour = FontColor::Transparent(rgb(colour));
            // Unknown characters are ignored and the canvas cannot fail, so there is no error to report.
            let _ = font(capitals).1.render(
                text.as_str(),
                Point::new(x, y),
                VerticalPosition::Baseline,
                colour,
                &mut Canvas(canvas),
            );
        }
        None => face::draw(Weight::Pixels, capitals, canvas, text, (x, y), colour),
    }
}

fn font(capitals: u32) -> &'static (u32, FontRenderer) {
    static TABLE: [(u32, FontRenderer); 11] = FONTS;
    TABLE.iter().rev().find(|(height, _)| *height <= capitals).unwrap_or(&TABLE[0])
}

/// `text` in the characters of Latin-1, which are those that the fonts have; nothing where it has others.
fn drawable(text: &str) -> Option<String> {
    let mut drawable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => drawable.push_str("..."),
            '–' | '—' => drawable.push('-'),
            '‘' | '’' => drawable.push('\''),
            c if c.is_control() => drawable.push(' '),
            c if (c as u32) < 256 => drawable.push(c),
            _ => return None,
        }
    }
    Some(drawable)
}
