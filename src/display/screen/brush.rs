//! What the pages in colour are made of: icons, lines of text, bars.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use image::{Rgb, RgbImage};

use crate::display::{
    canvas::fill_rounded,
    caption::{Caption, Mark, percent},
    icon::{Edges, Icon},
    palette,
    text::{Block, Style, Weight},
};

/// Draws parts of the caption at places on the canvas. Text is placed by its baseline where the argument is called so, all
/// else by its upper left corner.
pub struct Brush<'a> {
    /// What is drawn on.
    pub canvas: &'a mut RgbImage,
    /// What is told.
    pub caption: &'a Caption,
}

impl Brush<'_> {
    /// State and certainty.
    pub fn mark(&self) -> Mark {
        self.caption.mark()
    }

    /// The colour of the state.
    pub fn accent(&self) -> Rgb<u8> {
        palette::accent(self.mark())
    }

    /// The shape of the state.
    pub fn icon(&mut self, x: i32, y: i32, side: u32) {
        let (mark, colour) = (self.mark(), self.accent());
        Icon::Mark(mark).draw(self.canvas, (x, y), side, Edges::Smooth, colour);
    }

    /// The headline, or a part of it in lines.
    pub fn headline(&mut self, block: &Block, x: i32, top: i32) {
        block.draw(self.canvas, x, top, palette::TEXT);
    }

    /// One line of text.
    pub fn write(&mut self, style: Style, x: i32, baseline: i32, text: &str, colour: Rgb<u8>) {
        style.draw(self.canvas, text, x, baseline, colour);
    }

    /// One line with words on the left and on the right; those on the left give way.
    pub fn pair(
        &mut self,
        style: Style,
        (x, width): (i32, u32),
        baseline: i32,
        left: (&str, Rgb<u8>),
        right: (&str, Rgb<u8>),
    ) {
        let shown = style.shorten(right.0, width);
        let taken = style.width(&shown);
        let room = width.saturating_sub(if taken > 0 { taken + style.height() } else { 0 });
        self.write(style, x, baseline, &style.shorten(left.0, room), left.1);
        self.write(style, x + (width - taken) as i32, baseline, &shown, right.1);
    }

    /// A bar of which `share` is filled.
    pub fn gauge(&mut self, x: i32, y: i32, (width, thickness): (u32, u32), share: f32, colour: Rgb<u8>) {
        let filled = (width as f32 * share.clamp(0.0, 1.0)).round() as u32;
        for (width, colour) in [(width, palette::TRACK), (filled, colour)] {
            let area = Rectangle::new(Point::new(x, y), Size::new(width, thickness));
            fill_rounded(self.canvas, area, thickness / 2, colour);
        }
    }

    /// The confidence as a bar in the colour of the state; an empty one while there is no answer.
    pub fn bar(&mut self, x: i32, y: i32, size: (u32, u32)) {
        let (share, accent) = (self.caption.share().unwrap_or(0.0), self.accent());
        self.gauge(x, y, size, share, accent);
    }

    /// The likeliest classes, a line and a thin bar each, as many as fit between the rows `top` and `bottom`; nothing
    /// where there is no answer or only one class.
    pub fn classes(&mut self, style: Style, (x, width): (i32, u32), top: i32, bottom: i32) {
        let cap = style.height();
        let (thickness, step) = ((cap / 4).max(2), cap * 3);
        // The last one needs no distance to a next.
        let fitting = u32::try_from(bottom - top).unwrap_or(0).saturating_add(cap) / step.max(1);
        let caption = self.caption;
        if caption.share().is_none() || caption.classes.len() < 2 {
            return;
        }
        let mut y = top;
        for (i, (name, probability)) in caption.likeliest(fitting as usize).into_iter().enumerate() {
            // The first one is what the headline says, so it has the same colour.
            let is_answer = i == 0 && self.mark() != Mark::Unknown;
            let (ink, colour) =
                if is_answer { (palette::TEXT, self.accent()) } else { (palette::FAINT, palette::FAINT) };
            self.pair(style, (x, width), y + cap as i32, (name, ink), (&percent(probability), ink));
            self.gauge(x, y + (cap * 3 / 2) as i32, (width, thickness), probability, colour);
            y += step as i32;
        }
    }

    /// A sign that says that the picture stands still, its capitals `capitals` pixels tall; it ends at `x` where
    /// that is asked for, else it begins there.
    pub fn frozen(&mut self, x: i32, y: i32, capitals: u32, ends_at_x: bool) {
        if !self.caption.frozen {
            return;
        }
        let width = sign_width(capitals, FROZEN);
        let left = if ends_at_x { x - width as i32 } else { x };
        self.sign((left, y), capitals, (Icon::Frozen, FROZEN), palette::ICE);
    }

    /// A sign that says what is wrong with the board, within the columns from `x` on and above the row `bottom`.
    pub fn warning(&mut self, (x, width): (i32, u32), bottom: i32, capitals: u32) {
        let style = Style::new(Weight::Bold, capitals);
        let room = width.saturating_sub(sign_width(capitals, ""));
        let text = style.shorten(&self.caption.warning, room);
        if text.is_empty() {
            return;
        }
        let mark = Mark::Uncertain;
        self.sign(
            (x, bottom - sign_height(capitals) as i32),
            capitals,
            (Icon::Mark(mark), &text),
            palette::accent(mark),
        );
    }

    /// An icon and a word on a ground with round ends.
    fn sign(&mut self, (left, top): (i32, i32), capitals: u32, (icon, text): (Icon, &str), ground: Rgb<u8>) {
        let style = Style::new(Weight::Bold, capitals);
        let (side, pad) = (capitals * 6 / 5, capitals * 4 / 5);
        let (width, height) = (sign_width(capitals, text), sign_height(capitals));
        fill_rounded(self.canvas, Rectangle::new(Point::new(left, top), Size::new(width, height)), height / 2, ground);
        let corner = (left + pad as i32, top + (height - side) as i32 / 2);
        icon.draw(self.canvas, corner, side, Edges::Smooth, palette::SURFACE);
        let x = corner.0 + (side + pad * 2 / 3) as i32;
        self.write(style, x, top + (pad + capitals) as i32, text, palette::SURFACE);
    }
}

/// Width in pixels of a sign whose capitals are `capitals` pixels tall.
fn sign_width(capitals: u32, text: &str) -> u32 {
    let (side, pad) = (capitals * 6 / 5, capitals * 4 / 5);
    pad + side + pad * 2 / 3 + Style::new(Weight::Bold, capitals).width(text) + pad
}

/// Its height in pixels.
fn sign_height(capitals: u32) -> u32 {
    capitals + 2 * (capitals * 4 / 5)
}

const FROZEN: &str = "Frozen";
