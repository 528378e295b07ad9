//! A picture on which every wrong setting of a display is seen by a person.
//!
//! ```text
//! ┌───────────────────────┐   the edge: a line of one pixel, in a colour that is nowhere else
//! │1          ↑          2│   the arrow and the word tell which way is up, the numbers which corner is which
//! │          TOP          │
//! │ RED GREEN BLUE BLACK… │   fields that are named after their colour
//! │      ▁▂▃▄▅▆▇█         │   ramps from black to white, red, green and blue
//! │4       320x240       3│
//! └───────────────────────┘
//! ```

pub mod questions;

use embedded_graphics::{
    Drawable,
    geometry::{AnchorPoint, Point, Size},
    pixelcolor::Rgb888,
    primitives::{Circle, Primitive, PrimitiveStyle, Rectangle},
};
use image::{Rgb, RgbImage};
use u8g2_fonts::{
    FontRenderer, fonts,
    types::{FontColor, VerticalPosition},
};

use super::{
    Drawing,
    canvas::{Canvas, fill},
};

const BLACK: Rgb<u8> = Rgb([0; 3]);
const WHITE: Rgb<u8> = Rgb([255; 3]);
/// The colour of the edge, which stays itself where red and blue are exchanged.
const EDGE: Rgb<u8> = Rgb([255, 0, 255]);
/// Height under which everything stands in one row.
const FLAT_UNDER: u32 = 40;
/// Height of the ring from which it is drawn.
const RING_FROM: u32 = 30;

/// Fonts of whole pixels, largest first.
static FONTS: [FontRenderer; 10] = [
    FontRenderer::new::<fonts::u8g2_font_fub42_tf>(),
    FontRenderer::new::<fonts::u8g2_font_fub30_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB24_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB18_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB14_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB12_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB10_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB08_tf>(),
    FontRenderer::new::<fonts::u8g2_font_5x7_tf>(),
    FontRenderer::new::<fonts::u8g2_font_4x6_tf>(),
];

/// Fields on panels with colours.
const COLOURS: [(&str, Rgb<u8>); 5] = [
    ("RED", Rgb([255, 0, 0])),
    ("GREEN", Rgb([0, 255, 0])),
    ("BLUE", Rgb([0, 0, 255])),
    ("BLACK", BLACK),
    ("WHITE", WHITE),
];

/// Draws the picture for a panel of `size` (columns, rows); in black and white where the panel has nothing else.
pub fn draw(size: (u32, u32), drawing: Drawing) -> RgbImage {
    let mut picture = RgbImage::new(size.0, size.1);
    let one_bit = drawing == Drawing::OneBit;
    let Places { corners, arrow, top, fields, ramps, size: place_of_size } = Places::new(size, one_bit);

    let edge = if one_bit { WHITE } else { EDGE };
    outline(&mut picture, Rectangle::new(Point::zero(), Size::new(size.0, size.1)), edge);
    let numbers = ["1", "2", "3", "4"];
    let font = fitting(&numbers, corners[0].size);
    for (corner, number) in corners.into_iter().zip(numbers) {
        write_in(&mut picture, font, number, corner, WHITE);
    }
    point_up(&mut picture, arrow);
    write(&mut picture, "TOP", top, WHITE);
    let names: Vec<&str> = fields.iter().map(|field| field.0).collect();
    // One font for all; beside the words the colour is seen.
    let least = fields.iter().map(|field| field.2.size).reduce(|a, b| a.component_min(b)).unwrap_or_default();
    let font = fitting(&names, least.saturating_sub(Size::new((least.width / 8).max(4), (least.height / 4).max(2))));
    for (name, colour, area) in fields {
        fill(&mut picture, area, colour);
        if colour == BLACK {
            outline(&mut picture, area, WHITE);
        }
        let dark = u32::from(colour.0[0]) + 2 * u32::from(colour.0[1]) < 400;
        write_in(&mut picture, font, name, area, if dark { WHITE } else { BLACK });
    }
    for (colour, area) in ramps {
        ramp(&mut picture, colour, area);
    }
    write(&mut picture, &format!("{}x{}", size.0, size.1), place_of_size, WHITE);
    picture
}

/// Where everything is.
struct Places {
    /// From the upper left, clockwise.
    corners: [Rectangle; 4],
    arrow: Rectangle,
    top: Rectangle,
    fields: Vec<(&'static str, Rgb<u8>, Rectangle)>,
    /// With the colour at the right end.
    ramps: Vec<(Rgb<u8>, Rectangle)>,
    size: Rectangle,
}

impl Places {
    fn new((width, height): (u32, u32), one_bit: bool) -> Self {
        // Nothing touches the edge.
        let margin = 2 + width.min(height) / 60;
        let inside = Rectangle::new(Point::zero(), Size::new(width, height)).offset(-(margin as i32));
        let colours = if one_bit { &COLOURS[3..] } else { &COLOURS[..] };
        if height < FLAT_UNDER { Self::flat(inside, colours) } else { Self::tall(inside, colours) }
    }

    fn tall(inside: Rectangle, colours: &[(&'static str, Rgb<u8>)]) -> Self {
        let (w, h) = (inside.size.width, inside.size.height);
        let gap = (w.min(h) / 60).max(1);
        let side = (w.min(h) / 6).clamp(7, 120).min(w / 2);
        let ramped = colours.len() > 2;
        let (header, footer) = (h * 2 / 5, if ramped { h * 3 / 10 } else { (h / 5).max(8) });
        let middle = h.saturating_sub(header + footer);
        let between = |y, height| part(inside, side + gap, y, w.saturating_sub(2 * (side + gap)), height);

        let arrow = header * 11 / 20;
        let word = (header - arrow).saturating_sub(gap);
        let size = (footer / 4).max(8).min(footer);
        let above = footer.saturating_sub(size + gap);
        let fields = columns(part(inside, 0, header + gap, w, middle.saturating_sub(2 * gap)), colours.len(), gap);
        let mut ramps = vec![];
        // Where there is room for so few rows, there is no ramp to see.
        if ramped && above >= 12 {
            let step = above / 4;
            let ends = [WHITE, COLOURS[0].1, COLOURS[1].1, COLOURS[2].1];
            for (index, end) in (0..).zip(ends) {
                ramps.push((end, between(header + middle + index * step, step.saturating_sub(gap.min(2)))));
            }
        }
        Self {
            corners: corners(inside, Size::new_equal(side)),
            arrow: between(0, arrow),
            top: between(arrow + gap, word),
            fields: named(colours, fields),
            ramps,
            size: between(h - size, size),
        }
    }

    fn flat(inside: Rectangle, colours: &[(&'static str, Rgb<u8>)]) -> Self {
        let (w, h) = (inside.size.width, inside.size.height);
        let side = 6.min(w / 2);
        let rest = w.saturating_sub(2 * side);
        // From two lines on, the word stands under the arrow, and white under black.
        let stacked = h >= 20 && colours.len() == 2;
        let (arrow, word, up) = if stacked {
            let (wide, half) = (rest / 4, h / 2);
            (part(inside, side, 0, wide, half - 1), part(inside, side, half, wide, half), wide + 1)
        } else {
            let (arrow, word) = (h.min(rest / 8), rest / 5);
            (part(inside, side, 0, arrow, h), part(inside, side + arrow, 0, word, h), arrow + word)
        };
        let start = side + up + 1;
        let fields = part(inside, start, 0, w.saturating_sub(start + side + 1), h);
        let fields = if stacked {
            let half = fields.size.height / 2;
            vec![part(fields, 0, 0, fields.size.width, half - 1), part(fields, 0, half, fields.size.width, half)]
        } else {
            columns(fields, colours.len(), 1)
        };
        Self {
            corners: corners(inside, Size::new(side, (h / 2).saturating_sub(1))),
            arrow,
            top: word,
            fields: named(colours, fields),
            ramps: vec![],
            size: Rectangle::zero(),
        }
    }
}

fn named(colours: &[(&'static str, Rgb<u8>)], areas: Vec<Rectangle>) -> Vec<(&'static str, Rgb<u8>, Rectangle)> {
    colours.iter().zip(areas).map(|(&(name, colour), area)| (name, colour, area)).collect()
}

/// The corners of `area`, clockwise from the upper left.
fn corners(area: Rectangle, size: Size) -> [Rectangle; 4] {
    [AnchorPoint::TopLeft, AnchorPoint::TopRight, AnchorPoint::BottomRight, AnchorPoint::BottomLeft]
        .map(|corner| area.resized(size, corner))
}

/// A part of `area`, which counts from its upper left corner.
fn part(area: Rectangle, x: u32, y: u32, width: u32, height: u32) -> Rectangle {
    Rectangle::new(area.top_left + Size::new(x, y), Size::new(width, height))
}

/// `area` in `count` columns with gaps between them.
fn columns(area: Rectangle, count: usize, gap: u32) -> Vec<Rectangle> {
    let (width, count) = (area.size.width, count as u32);
    let edge = |index: u32| (width + gap) * index / count;
    (0..count)
        .map(|index| part(area, edge(index), 0, (edge(index + 1) - edge(index)).saturating_sub(gap), area.size.height))
        .collect()
}

/// The largest font in which each of `texts` fits `size`, if there is one.
fn fitting(texts: &[&str], size: Size) -> Option<&'static FontRenderer> {
    FONTS.iter().find(|font| {
        let fits = |ink: Rectangle| ink.size.width <= size.width && ink.size.height <= size.height;
        texts.iter().all(|text| ink(font, text).is_some_and(fits))
    })
}

/// Where the pixels of `text` are that starts at the origin.
fn ink(font: &FontRenderer, text: &str) -> Option<Rectangle> {
    font.get_rendered_dimensions(text, Point::zero(), VerticalPosition::Baseline).ok()?.bounding_box
}

/// Writes `text` into the middle of `area` with the largest font that fits; nothing where none does.
fn write(picture: &mut RgbImage, text: &str, area: Rectangle, colour: Rgb<u8>) {
    write_in(picture, fitting(&[text], area.size), text, area, colour);
}

fn write_in(picture: &mut RgbImage, font: Option<&FontRenderer>, text: &str, area: Rectangle, colour: Rgb<u8>) {
    let Some((font, ink)) = font.and_then(|font| Some((font, ink(font, text)?))) else { return };
    let place = area.center() - ink.center();
    let colouring = FontColor::Transparent(rgb(colour));
    // The canvas cannot fail, and a character that the font lacks would only be left out.
    let _ = font.render(text, place, VerticalPosition::Baseline, colouring, &mut Canvas(picture));
}

/// An arrow, in a ring where there is room for one, so that stretching is seen too.
fn point_up(picture: &mut RgbImage, area: Rectangle) {
    let side = area.size.width.min(area.size.height);
    let ringed = side >= RING_FROM;
    let square = area.resized(Size::new_equal(side), AnchorPoint::Center);
    if ringed {
        let style = PrimitiveStyle::with_stroke(rgb(WHITE), (side / 40).max(1));
        let Ok(()) = Circle::new(square.top_left, side).into_styled(style).draw(&mut Canvas(picture));
    }
    let inner = square.resized(Size::new_equal(if ringed { side * 3 / 5 } else { side }), AnchorPoint::Center);
    let (Point { x, y }, size) = (inner.top_left, inner.size.width as i32);
    if size < 3 {
        return;
    }
    let half = (size - 1) / 2;
    let mut bar = |left: i32, row: i32, width: i32, rows: i32| {
        fill(picture, Rectangle::new(Point::new(x + left, y + row), Size::new(width as u32, rows as u32)), WHITE);
    };
    for row in 0..=half {
        bar(half - row, row, 2 * row + 1, 1);
    }
    let thin = size / 8;
    bar(half - thin, half, 2 * thin + 1, size - half);
}

/// From black on the left to `colour` on the right.
fn ramp(picture: &mut RgbImage, colour: Rgb<u8>, area: Rectangle) {
    let last = area.size.width.saturating_sub(1).max(1);
    for x in 0..area.size.width {
        let level = |full: u8| (u32::from(full) * x / last) as u8;
        fill(picture, part(area, x, 0, 1, area.size.height), Rgb(colour.0.map(level)));
    }
}

fn outline(picture: &mut RgbImage, area: Rectangle, colour: Rgb<u8>) {
    let (w, h) = (area.size.width, area.size.height);
    let sides = [(0, 0, w, 1), (0, h.saturating_sub(1), w, 1), (0, 0, 1, h), (w.saturating_sub(1), 0, 1, h)];
    for (x, y, width, height) in sides {
        fill(picture, part(area, x, y, width, height), colour);
    }
}

fn rgb(colour: Rgb<u8>) -> Rgb888 {
    Rgb888::new(colour.0[0], colour.0[1], colour.0[2])
}

#[cfg(test)]
mod tests;
