//! The screen: the picture, the label, its confidence as a bar, frames per second, the model's name.

use embedded_graphics::{
    geometry::{Point, Size},
    prelude::Transform,
    primitives::Rectangle,
};
use image::{Rgb, RgbImage};

use super::{
    Drawing,
    canvas::{fill, fill_rounded},
    caption::{Caption, Certainty, percent},
    layout::{Arrangement, Layout},
    palette, picture,
    text::{Style, Weight},
};

/// What the screen puts first; a button leafs through these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The picture with its label.
    #[default]
    Picture,
    /// The label alone, as large as it goes.
    Label,
    /// Camera, model and figures.
    Details,
}

impl Page {
    /// The page after this one.
    pub fn next(self) -> Self {
        match self {
            Self::Picture => Self::Label,
            Self::Label => Self::Details,
            Self::Details => Self::Picture,
        }
    }
}

/// What the screen shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The camera's newest picture, of any size; `None` before the first.
    pub picture: Option<&'a RgbImage>,
    /// What is said about it.
    pub caption: &'a Caption,
    /// What is put first.
    pub page: Page,
}

/// Draws what a panel wants on a canvas of `size` (width, height) pixels.
pub fn draw(view: &View, (width, height): (u32, u32), drawing: Drawing) -> RgbImage {
    let mut canvas = RgbImage::from_pixel(width, height, palette::BACKDROP);
    let layout = Layout::new(width, height, drawing == Drawing::Picture);
    if let Some(picture) = view.picture {
        picture::place(&mut canvas, layout.picture, picture);
    }
    fill(&mut canvas, layout.words, palette::SURFACE);
    let mut words = Words { canvas: &mut canvas, area: layout.words, caption: view.caption };
    match layout.arrangement {
        Arrangement::Bare => {}
        Arrangement::Strip => words.strip(),
        Arrangement::Below => words.below(),
        Arrangement::Beside => words.beside(),
    }
    canvas
}

/// The part of the canvas that holds the words.
struct Words<'a> {
    canvas: &'a mut RgbImage,
    area: Rectangle,
    caption: &'a Caption,
}

impl Words<'_> {
    /// Label, percentage, and a bar along the lower edge.
    fn strip(&mut self) {
        let (width, height) = (self.area.size.width, self.area.size.height);
        let bar = (height / 7).max(1);
        let margin = (height / 5).max(1);
        let above = height.saturating_sub(bar);
        let style = Style::new(Weight::Bold, above.saturating_sub(margin + 1).max(5));
        let baseline = self.top() + (above + style.height()).div_ceil(2) as i32;
        self.headline(style, style, margin, width - 2 * margin.min(width / 2), baseline);
        self.bar(0, self.bottom() - bar as i32, width, bar, false);
    }

    /// Label and percentage in one line, the bar, the classes where there is room, model and rate in the last line.
    fn below(&mut self) {
        let (width, height) = (self.area.size.width, self.area.size.height);
        // The words scale with the canvas, whose height can be large where the width is not.
        let unit = height.min(width * 9 / 20);
        let margin = (width / 24).clamp(6, 48);
        let inner = width.saturating_sub(2 * margin);
        let label = Style::new(Weight::Bold, (unit * 29 / 100).max(8));
        let figure = Style::new(Weight::Regular, (unit * 24 / 100).max(8));
        let small = Style::new(Weight::Regular, (unit / 8).min(width / 26).clamp(8, 26));
        let bar = (unit / 10).max(4);

        let mut y = self.top() + (unit / 7 + label.height()) as i32;
        self.headline(label, figure, margin, inner, y);
        y += (unit / 8) as i32;
        self.bar(margin, y, inner, bar, true);
        y += bar as i32;

        let footer = self.bottom() - (unit / 9) as i32;
        self.line(small, margin, inner, footer, &self.caption.model, &self.caption.rate());
        let rows_end = footer - (small.height() * 2) as i32;
        self.classes(small, margin, inner, y + (unit / 6) as i32, rows_end);
    }

    /// Model, label, percentage and bar from the top, the classes below, source and rate in the last lines.
    fn beside(&mut self) {
        let (width, height) = (self.area.size.width, self.area.size.height);
        let unit = width.min(height);
        let margin = unit / 11;
        let inner = width.saturating_sub(2 * margin);
        let small = Style::new(Weight::Regular, (unit / 20).clamp(8, 26));
        let headline = self.caption.headline().to_owned();
        let label = Style::fitting(Weight::Bold, unit / 6, small.height() * 3 / 2, &headline, inner);
        let figure = Style::new(Weight::Regular, (unit / 9).max(10));
        let colour = palette::accent(self.caption.certainty);

        let mut y = self.top() + (margin + small.height()) as i32;
        self.line(small, margin, inner, y, &self.caption.model, "");
        y += (margin * 3 / 2 + unit / 6) as i32;
        self.write(label, margin, y, &label.shorten(&headline, inner), colour);
        y += (margin + figure.height()) as i32;
        self.write(figure, margin, y, &self.caption.percentage(), palette::TEXT);
        y += (margin * 3 / 4) as i32;
        let bar = (unit / 18).max(6);
        self.bar(margin, y, inner, bar, true);
        y += bar as i32;

        let mut footer = self.bottom() - margin as i32;
        self.line(small, margin, inner, footer, &self.caption.rate(), "");
        footer -= (small.height() * 2) as i32;
        self.line(small, margin, inner, footer, &self.caption.note, "");
        let rows_end = footer - (small.height() * 5 / 2) as i32;
        self.classes(small, margin, inner, y + margin as i32, rows_end);
    }

    /// The label on the left and its percentage on the right of one line; the label shrinks, then is shortened.
    fn headline(&mut self, label: Style, figure: Style, x: u32, width: u32, baseline: i32) {
        let percentage = self.caption.percentage();
        let taken = figure.width(&percentage);
        // A figure that leaves no room for the label is of no use.
        let shows_figure = !percentage.is_empty() && taken * 2 <= width;
        let room = if shows_figure { (width - taken).saturating_sub(label.height() / 2) } else { width };
        let text = self.caption.headline().to_owned();
        let least = label.height() / 2;
        let label = Style::fitting(Weight::Bold, label.height(), least.max(8), &text, room);
        self.write(label, x, baseline, &label.shorten(&text, room), palette::accent(self.caption.certainty));
        if shows_figure {
            self.write(figure, x + width - taken, baseline, &percentage, palette::TEXT);
        }
    }

    /// One faint line with words on the left and on the right; those on the left give way.
    fn line(&mut self, style: Style, x: u32, width: u32, baseline: i32, left: &str, right: &str) {
        let right = style.shorten(right, width);
        let taken = style.width(&right);
        let room = width.saturating_sub(if taken > 0 { taken + style.height() } else { 0 });
        self.write(style, x, baseline, &style.shorten(left, room), palette::FAINT);
        self.write(style, x + width - taken, baseline, &right, palette::FAINT);
    }

    /// The likeliest classes, a line and a thin bar each, as many as fit between the rows `top` and `bottom`.
    fn classes(&mut self, style: Style, x: u32, width: u32, top: i32, bottom: i32) {
        let step = style.height() * 3;
        let fitting = u32::try_from(bottom - top).unwrap_or(0) / step;
        let classes = self.caption.likeliest(fitting as usize);
        if self.caption.certainty == Certainty::Waiting || classes.len() < 2 {
            return;
        }
        let rows: Vec<(String, f32)> = classes.into_iter().map(|(name, p)| (name.to_owned(), p)).collect();
        for (row, (name, probability)) in rows.iter().enumerate() {
            let baseline = top + (row as u32 * step + style.height() * 3 / 2) as i32;
            self.line(style, x, width, baseline, name, &percent(*probability));
            let thickness = (style.height() / 4).max(2);
            let y = baseline + (style.height() * 3 / 5) as i32;
            let area = Rectangle::new(Point::new(x as i32, y), Size::new(width, thickness));
            self.gauge(area, *probability, palette::FAINT, true);
        }
    }

    /// The confidence bar in the colour of the answer, empty while waiting.
    fn bar(&mut self, x: u32, y: i32, width: u32, thickness: u32, rounded: bool) {
        let share = if self.caption.certainty == Certainty::Waiting { 0.0 } else { self.caption.confidence };
        let area = Rectangle::new(Point::new(x as i32, y), Size::new(width, thickness));
        self.gauge(area, share, palette::accent(self.caption.certainty), rounded);
    }

    /// A bar of which `share` is filled; `area` counts columns from the left edge of the words.
    fn gauge(&mut self, area: Rectangle, share: f32, colour: Rgb<u8>, rounded: bool) {
        let area = area.translate(Point::new(self.area.top_left.x, 0));
        let filled = (area.size.width as f32 * share.clamp(0.0, 1.0)).round() as u32;
        let part = Rectangle::new(area.top_left, Size::new(filled, area.size.height));
        for (area, colour) in [(area, palette::TRACK), (part, colour)] {
            if rounded { fill_rounded(self.canvas, area, colour) } else { fill(self.canvas, area, colour) }
        }
    }

    fn write(&mut self, style: Style, x: u32, baseline: i32, text: &str, colour: Rgb<u8>) {
        style.draw(self.canvas, text, self.area.top_left.x + x as i32, baseline, colour);
    }

    fn top(&self) -> i32 {
        self.area.top_left.y
    }

    fn bottom(&self) -> i32 {
        self.area.top_left.y + self.area.size.height as i32
    }
}

#[cfg(test)]
mod tests;
