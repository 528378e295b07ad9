//! The screen on a small panel whose pixels are on or off: words as large as they go, in white on black.
//!
//! No picture: at these sizes it would say less than a larger label does.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};
use image::{Rgb, RgbImage};

use super::{Page, keeping_dot};
use crate::display::{
    canvas::fill,
    caption::{Caption, Mark, join, percent},
    icon::{Edges, Icon},
    text::{Block, Style, Weight},
};

const ON: Rgb<u8> = Rgb([255; 3]);
const OFF: Rgb<u8> = Rgb([0; 3]);
/// Height in pixels from which a panel has room for a line above the label.
const ROOMY_FROM: u32 = 48;

/// Draws the words in white on black.
pub fn draw(canvas: &mut RgbImage, caption: &Caption, page: Page) {
    canvas.pixels_mut().for_each(|pixel| *pixel = OFF);
    let mut panel = Panel { canvas, caption };
    match (caption.mark(), page) {
        (Mark::CameraLost | Mark::ModelFailed | Mark::Starting, Page::Picture | Page::Label) => panel.message(),
        (_, Page::Picture) => panel.answer(),
        (_, Page::Label) => panel.label(),
        (_, Page::Details) => panel.details(),
    }
}

/// The canvas and what is told on it.
struct Panel<'a> {
    canvas: &'a mut RgbImage,
    caption: &'a Caption,
}

impl Panel<'_> {
    /// Where there is room, a line with state and pace; the label; percentage and bar, with the state before them where
    /// there is no line.
    fn answer(&mut self) {
        let (width, height) = self.canvas.dimensions();
        let is_roomy = height >= ROOMY_FROM;
        let mut top = 0;
        if is_roomy {
            let small = Style::new(Weight::Pixels, 6);
            let icon = small.height() + 3;
            let mut x = self.icon((0, 0), icon) + 3;
            if self.caption.frozen {
                x = self.frozen((x, 0), icon) + 3;
            }
            let remark = if self.caption.frozen { "frozen" } else { self.caption.mark().remark() };
            self.write(small, x, 8, remark);
            let right = width.saturating_sub(if self.caption.keeping { keeping_dot::ONE_BIT_WIDTH } else { 0 });
            // The rate gives way to what must be said.
            let room = right.saturating_sub(x as u32 + small.width(remark) + 6);
            let pace = if self.caption.warning.is_empty() {
                let figures = [self.caption.pace(), self.caption.since(), self.caption.delay()];
                figures.into_iter().find(|figure| !figure.is_empty() && small.width(figure) <= room)
            } else {
                Some(small.shorten(&self.caption.warning, room))
            };
            let pace = pace.unwrap_or_default();
            self.write(small, (right - small.width(&pace).min(right)) as i32, 8, &pace);
            top = 13;
        }
        let figure = Style::new(Weight::Pixels, if is_roomy { 11 } else { 8 });
        let foot = if height < 20 { 0 } else { figure.height() };
        if foot > 0 {
            let mut x = 0;
            let y = (height - foot - 1) as i32;
            if !is_roomy {
                x = self.icon((0, y - 1), foot + 1) + 4;
                if self.caption.frozen {
                    x = self.frozen((x, y - 1), foot + 1) + 4;
                }
            }
            self.gauge(x, y, foot, figure);
        }
        let room = height.saturating_sub(top + foot + if foot > 0 { 5 } else { 0 });
        self.headline((top as i32, room), width, 2);
    }

    /// The label as large as it goes, and the percentage below.
    fn label(&mut self) {
        let (width, height) = self.canvas.dimensions();
        let figure = Style::new(Weight::Pixels, 8);
        let foot = if height >= ROOMY_FROM { figure.height() } else { 0 };
        if foot > 0 {
            let y = height as i32 - foot as i32 - 1;
            let mut x = self.icon((0, y - 1), foot + 1) + 4;
            if self.caption.frozen {
                x = self.frozen((x, y - 1), foot + 1) + 4;
            }
            self.write(figure, x, height as i32 - 1, self.caption.mark().remark());
            let percentage = self.caption.percentage();
            self.write(figure, (width - figure.width(&percentage).min(width)) as i32, height as i32 - 1, &percentage);
        }
        self.headline((0, height - foot - if foot > 0 { 4 } else { 0 }), width, 2);
    }

    /// A white head with black words, which stands out by its shape, and the reason below it.
    fn message(&mut self) {
        let (width, height) = self.canvas.dimensions();
        let is_fault = self.caption.mark().is_fault();
        let head = if height >= ROOMY_FROM { Style::new(Weight::Pixels, 11) } else { Style::new(Weight::Pixels, 8) };
        let pad = if height >= ROOMY_FROM { 4 } else { 2 };
        let thickness = head.height() + 2 * pad;
        let (ink, paper) = if is_fault { (OFF, ON) } else { (ON, OFF) };
        fill(self.canvas, Rectangle::new(Point::zero(), Size::new(width, thickness)), paper);
        let side = head.height() + 2;
        let x = pad as i32;
        Icon::Mark(self.caption.mark()).draw(self.canvas, (x, pad as i32 - 1), side, Edges::Hard, ink);
        let x = x + side as i32 + 4;
        let baseline = (pad + head.height()) as i32;
        let small = Style::new(Weight::Pixels, 8);
        let since = self.caption.since();
        let taken = small.width(&since) + pad;
        let room = width.saturating_sub(x as u32 + taken + 2);
        let title = Style::fitting(Weight::Pixels, head.height(), 6, self.caption.headline(), room);
        title.draw(self.canvas, &title.shorten(self.caption.headline(), room), x, baseline, ink);
        small.draw(self.canvas, &since, (width - taken.min(width)) as i32, baseline, ink);

        let top = thickness + 3;
        let place = (width, height.saturating_sub(top));
        let large = Block::new(small, self.caption.explanation(), place);
        let is_cut = large.lines.last().is_none_or(|line| line.ends_with('…'));
        let text =
            if is_cut { Block::new(Style::new(Weight::Pixels, 6), self.caption.explanation(), place) } else { large };
        text.draw(self.canvas, 0, top as i32, ON);
        let below = top + text.height() + 6;
        if self.caption.mark() == Mark::Starting && below + small.height() <= height {
            let name = small.shorten(&self.caption.model, width);
            self.write(small, 0, height as i32 - 3, &name);
        }
    }

    /// A line for each thing that is known.
    fn details(&mut self) {
        let (width, height) = self.canvas.dimensions();
        let style = Style::new(Weight::Pixels, 6);
        let caption = self.caption;
        let first = match caption.mark().is_answer() {
            true => format!("{} {}", caption.headline(), caption.percentage()),
            false => format!("{} {}", caption.headline(), caption.since()),
        };
        let count = |name: &str, count: Option<u64>| count.map(|count| format!("{name} {count}")).unwrap_or_default();
        let counts = join(&[&count("skipped", caption.skipped), &count("dropped", caption.dropped)]);
        let others: Vec<String> =
            caption.likeliest(4).iter().skip(1).map(|(name, p)| format!("{name} {}", percent(*p))).collect();
        let lines = [
            first,
            caption.pace(),
            caption.board.clone(),
            caption.model.clone(),
            caption.note.clone(),
            counts,
            others.join(" "),
        ];
        let mut baseline = style.height() + 2;
        for line in lines.iter().filter(|line| !line.is_empty()) {
            if baseline > height {
                break;
            }
            self.write(style, 0, baseline as i32, &style.shorten(line, width));
            baseline += style.line() + 2;
        }
    }

    /// The headline in the middle of the rows from `top` on, of which there are `room`.
    fn headline(&mut self, (top, room): (i32, u32), width: u32, count: usize) {
        let text = self.caption.headline();
        // A quarter is left to descenders.
        let largest = (room * 5 / 6).min(42);
        let block = Block::fitting(Weight::Pixels, (6, largest), text, (width, largest), count);
        block.draw(self.canvas, 0, top + (room.saturating_sub(block.height())) as i32 / 2, ON);
    }

    /// The percentage on the right, and a bar in a frame as wide as is left.
    fn gauge(&mut self, x: i32, y: i32, height: u32, figure: Style) {
        let Some(share) = self.caption.share() else { return };
        let width = self.canvas.width();
        let percentage = self.caption.percentage();
        let taken = figure.width("100%") + 3;
        let right = (width - figure.width(&percentage).min(width)) as i32;
        self.write(figure, right, y + height as i32, &percentage);
        let outer = Size::new(width.saturating_sub(x as u32 + taken), height);
        if outer.width < 8 {
            return;
        }
        fill(self.canvas, Rectangle::new(Point::new(x, y), outer), ON);
        let inner = Size::new(outer.width - 2, outer.height.saturating_sub(2));
        fill(self.canvas, Rectangle::new(Point::new(x + 1, y + 1), inner), OFF);
        let most = inner.width.saturating_sub(2);
        let filled = Size::new((most as f32 * share.clamp(0.0, 1.0)).round() as u32, inner.height.saturating_sub(2));
        fill(self.canvas, Rectangle::new(Point::new(x + 2, y + 2), filled), ON);
    }

    /// The shape of the state; returns where it ends.
    fn icon(&mut self, corner: (i32, i32), side: u32) -> i32 {
        Icon::Mark(self.caption.mark()).draw(self.canvas, corner, side, Edges::Hard, ON);
        corner.0 + side as i32
    }

    fn frozen(&mut self, corner: (i32, i32), side: u32) -> i32 {
        Icon::Frozen.draw(self.canvas, corner, side, Edges::Hard, ON);
        corner.0 + side as i32
    }

    fn write(&mut self, style: Style, x: i32, baseline: i32, text: &str) {
        style.draw(self.canvas, text, x, baseline, ON);
    }
}
