//! The picture with its label.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use image::{Rgb, RgbImage};

use super::{View, brush::Brush};
use crate::display::{
    canvas::fill,
    caption::Mark,
    icon::{Edges, Icon},
    layout::{Arrangement, Layout},
    palette, picture,
    text::{Block, Style, Weight},
};

/// Draws picture and words on the canvas, or the picture alone.
pub fn draw(canvas: &mut RgbImage, view: &View, bare: bool) {
    let layout = Layout::new(canvas.width(), canvas.height(), bare);
    let mark = view.caption.mark();
    let lost = mark == Mark::CameraLost;
    if let Some(picture) = view.picture {
        picture::place(canvas, layout.picture, picture);
        if lost {
            // Nothing else has been drawn yet.
            picture::fade(canvas);
        }
    }
    match view.picture {
        Some(_) if lost => symbol(canvas, layout.picture, Icon::Mark(mark), palette::TEXT),
        Some(_) => {}
        None => symbol(canvas, layout.picture, Icon::Camera, palette::TRACK),
    }
    fill(canvas, layout.words, palette::SURFACE);
    let brush = Brush { canvas, caption: view.caption };
    let mut words = Words { brush, area: layout.words, capitals: layout.capitals };
    match layout.arrangement {
        Arrangement::Bare => return,
        Arrangement::Strip => words.strip(layout.picture),
        Arrangement::Below => words.below(),
        Arrangement::Beside => words.beside(),
    }
    let capitals = (layout.capitals * 3 / 10).max(5);
    let corner = layout.picture.top_left + Point::new_equal(capitals as i32);
    words.brush.frozen(corner.x, corner.y, capitals, false);
    let Size { width, height } = layout.picture.size;
    let (room, bottom) = (width.saturating_sub(2 * capitals), corner.y + height as i32 - 2 * capitals as i32);
    words.brush.warning((corner.x, room), bottom, capitals);
}

/// An icon in the middle of the picture's place.
fn symbol(canvas: &mut RgbImage, place: Rectangle, icon: Icon, colour: Rgb<u8>) {
    let side = (place.size.width.min(place.size.height) / 3).min(400);
    let corner = place.center() - Point::new_equal(side as i32 / 2);
    icon.draw(canvas, (corner.x, corner.y), side, Edges::Smooth, colour);
}

/// The part of the canvas that holds the words.
struct Words<'a> {
    brush: Brush<'a>,
    area: Rectangle,
    /// Height of the label's capitals.
    capitals: u32,
}

impl Words<'_> {
    /// Icon, headline and figure, and a bar along the lower edge; what is amiss is told in the place of the picture.
    fn strip(&mut self, picture: Rectangle) {
        let Size { width, height } = self.area.size;
        let Point { x, y } = self.area.top_left;
        let bar = if self.brush.mark().is_answer() { (height / 8).max(1) } else { 0 };
        let capitals = self.capitals.min(height.saturating_sub(bar + 2)).max(5);
        let margin = height.saturating_sub(bar + capitals) / 2;
        let figure = self.brush.caption.percentage() + &self.brush.caption.since();
        self.title((x + margin as i32, width.saturating_sub(2 * margin)), y + margin as i32, capitals, &figure);
        if let Some(share) = self.brush.caption.share() {
            let accent = self.brush.accent();
            let filled = (width as f32 * share.clamp(0.0, 1.0)).round() as u32;
            for (width, colour) in [(width, palette::TRACK), (filled, accent)] {
                let area = Rectangle::new(Point::new(x, y + (height - bar) as i32), Size::new(width, bar));
                fill(self.brush.canvas, area, colour);
            }
        }
        if self.brush.mark().is_fault() {
            fill(self.brush.canvas, picture, palette::BACKDROP);
            let style = Style::new(Weight::Regular, (capitals / 2).max(6));
            let place = Size::new(
                picture.size.width.saturating_sub(2 * margin),
                picture.size.height.saturating_sub(2 * margin),
            );
            let text = Block::new(style, self.brush.caption.explanation(), (place.width, place.height));
            text.draw(self.brush.canvas, x + margin as i32, picture.top_left.y + margin as i32, palette::TEXT);
        }
    }

    /// Icon and headline in one line, then bar and percentage, then what the answer is worth, and the pace; or why there
    /// is no answer.
    fn below(&mut self) {
        let c = self.capitals;
        let margin = (c * 2 / 5).max(5);
        let column = (self.area.top_left.x + margin as i32, self.area.size.width.saturating_sub(2 * margin));
        let bottom = self.bottom() - (c / 4).max(4) as i32;
        let small = Style::new(Weight::Regular, (c * 3 / 10).clamp(7, 26));
        let caption = self.brush.caption;
        let mut y = self.area.top_left.y + (c / 3) as i32;
        if !caption.mark().is_answer() && caption.mark() != Mark::Waiting {
            let title = c * 3 / 4;
            self.title(column, y, title, &caption.since());
            y += (title + title / 2) as i32;
            return self.explain(column, y, bottom, small);
        }
        self.title(column, y, c, "");
        y += (c + c * 2 / 5) as i32;

        let figure = Style::new(Weight::Regular, (c * 9 / 20).max(7));
        let percentage = caption.percentage();
        // As wide for all figures, so that the bar does not change its length.
        let taken = if percentage.is_empty() { 0 } else { figure.width("100%") + figure.height() };
        let thickness = (c / 4).max(3);
        let middle = y + (figure.height() - thickness) as i32 / 2;
        self.brush.bar(column.0, middle, (column.1.saturating_sub(taken), thickness));
        let right = column.0 + (column.1 - figure.width(&percentage).min(column.1)) as i32;
        self.brush.write(figure, right, y + figure.height() as i32, &percentage, palette::TEXT);
        y += figure.height() as i32;

        let remark = caption.mark().remark();
        let left = if remark.is_empty() { caption.model.as_str() } else { remark };
        let accent = if remark.is_empty() { palette::FAINT } else { self.brush.accent() };
        // The delay gives way to the words.
        let room = column.1.saturating_sub(small.width(left) + small.height());
        let figures = [caption.pace(), caption.rate()].into_iter().find(|figures| small.width(figures) <= room);
        self.brush.pair(small, column, bottom, (left, accent), (&figures.unwrap_or_default(), palette::FAINT));
        let rows_end = bottom - (small.height() * 2) as i32;
        self.brush.classes(small, column, y + (c / 2) as i32, rows_end);
    }

    /// What the answer is worth, the label, percentage and bar from the top, the classes below, names and pace at the end.
    fn beside(&mut self) {
        let c = self.capitals;
        let margin = (c * 2 / 5).max(8);
        let column = (self.area.top_left.x + margin as i32, self.area.size.width.saturating_sub(2 * margin));
        let small = Style::new(Weight::Regular, (c * 9 / 40).clamp(7, 26));
        let bottom = self.bottom() - margin as i32;
        let caption = self.brush.caption;
        let accent = self.brush.accent();

        let mut y = self.area.top_left.y + margin as i32;
        let icon = c * 11 / 20;
        self.brush.icon(column.0, y, icon);
        let remark = Style::new(Weight::Regular, (c * 3 / 10).max(7));
        let baseline = y + (icon + remark.height()) as i32 / 2;
        let text = caption.mark().remark().to_owned() + &caption.since();
        self.brush.write(remark, column.0 + (icon + icon / 3) as i32, baseline, &text, accent);
        y += (icon + c / 2) as i32;

        let is_message = !caption.mark().is_answer();
        let largest = if is_message { c * 3 / 4 } else { c };
        let title = Block::fitting(Weight::Bold, (largest / 2, largest), caption.headline(), (column.1, c * 5 / 2), 2);
        self.brush.headline(&title, column.0, y);
        y += title.height().max(largest) as i32;
        if is_message && caption.mark() != Mark::Waiting {
            return self.explain(column, y + (c / 2) as i32, bottom, small);
        }

        y += (c * 3 / 5) as i32;
        let figure = Style::new(Weight::Regular, (c * 3 / 5).max(8));
        self.brush.write(figure, column.0, y + figure.height() as i32, &caption.percentage(), palette::TEXT);
        y += (figure.height() + c / 3) as i32;
        let bar = (c / 5).max(4);
        self.brush.bar(column.0, y, (column.1, bar));
        y += bar as i32;

        let mut lines = [caption.model.as_str(), &caption.note, &caption.pace()].map(str::to_owned).to_vec();
        lines.retain(|line| !line.is_empty());
        // On panels of few rows the pace stays longest.
        let room = u32::try_from(bottom - y).unwrap_or(0).saturating_sub(small.height() / 2);
        lines.drain(..lines.len().saturating_sub((room / small.line()) as usize));
        let top = self.footer(column, bottom, small, &lines);
        self.brush.classes(small, column, y + (c / 2) as i32, top - (small.height() * 2) as i32);
    }

    /// Faint lines upwards from the baseline `bottom`; returns where the first one's capitals begin.
    fn footer(&mut self, column: (i32, u32), bottom: i32, style: Style, lines: &[String]) -> i32 {
        let mut baseline = bottom;
        for line in lines.iter().rev() {
            self.brush.write(style, column.0, baseline, &style.shorten(line, column.1), palette::FAINT);
            baseline -= style.line() as i32;
        }
        baseline + (style.line() - style.height()) as i32
    }

    /// Why there is no answer, or what is being opened, and the model's name in the last line.
    fn explain(&mut self, column: (i32, u32), top: i32, bottom: i32, small: Style) {
        let caption = self.brush.caption;
        let style = Style::new(Weight::Regular, (small.height() * 4 / 3).max(8));
        let model = if caption.mark() == Mark::CameraLost { "" } else { &caption.model };
        // The model's name gives way to the reason.
        let whole = u32::try_from(bottom - top).unwrap_or(0);
        let mut text = Block::new(style, caption.explanation(), (column.1, whole));
        let smaller = Block::new(small, caption.explanation(), (column.1, whole));
        if text.lines.last().is_some_and(|line| line.ends_with('…')) {
            text = smaller;
        }
        text.draw(self.brush.canvas, column.0, top, palette::TEXT);
        if text.height() + small.height() * 2 + small.height() / 2 <= whole {
            let name = small.shorten(model, column.1);
            self.brush.write(small, column.0, bottom, &name, palette::FAINT);
        }
    }

    /// Icon and headline from the left, a figure on the right of one line.
    fn title(&mut self, (x, width): (i32, u32), top: i32, capitals: u32, figure: &str) {
        let side = capitals * 11 / 10;
        self.brush.icon(x, top - (side - capitals) as i32 / 2, side);
        let indent = side + capitals * 2 / 5;
        let mut room = width.saturating_sub(indent);
        let style = Style::new(Weight::Regular, (capitals * 3 / 4).max(5));
        let taken = style.width(figure);
        // A figure that leaves no room for the headline is of no use.
        if taken > 0 && taken * 2 <= room {
            let right = x + (width - taken) as i32;
            self.brush.write(style, right, top + capitals as i32, figure, palette::TEXT);
            room -= taken + capitals / 2;
        }
        let least = (capitals / 2).max(7).min(capitals);
        let block =
            Block::fitting(Weight::Bold, (least, capitals), self.brush.caption.headline(), (room, capitals * 5 / 4), 2);
        let height = block.height().min(capitals * 5 / 4);
        self.brush.headline(&block, x + indent as i32, top + (capitals as i32 - height as i32) / 2);
    }

    fn bottom(&self) -> i32 {
        self.area.top_left.y + self.area.size.height as i32
    }
}
