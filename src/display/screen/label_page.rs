//! The label alone, as large as it goes.

use image::RgbImage;

use super::brush::Brush;
use crate::display::{
    caption::{Caption, join},
    palette,
    text::{Block, Style, Weight},
};

/// Draws the label, its confidence and its worth over the whole canvas.
pub fn draw(canvas: &mut RgbImage, caption: &Caption) {
    canvas.pixels_mut().for_each(|pixel| *pixel = palette::SURFACE);
    let (width, height) = canvas.dimensions();
    let shorter = width.min(height);
    let margin = (shorter / 14).max(2);
    let column = (margin as i32, width.saturating_sub(2 * margin));
    let mut brush = Brush { canvas, caption };
    let mark = caption.mark();

    let small = Style::new(Weight::Regular, (shorter / 20).max(6));
    let icon = (shorter / 9).max(9);
    brush.icon(column.0, column.0, icon);
    let baseline = column.0 + (icon + small.height()) as i32 / 2;
    let remark = join(&[&(mark.remark().to_owned() + &caption.since()), &caption.warning]);
    let accent = brush.accent();
    let indent = icon + icon / 3;
    let remark = small.shorten(&remark, column.1.saturating_sub(indent));
    brush.write(small, column.0 + indent as i32, baseline, &remark, accent);
    let right = column.0 + column.1 as i32;
    let badge = (shorter / 24).max(5);
    brush.frozen(right, column.0 + (icon as i32 - (badge + badge * 4 / 5 * 2) as i32) / 2, badge, true);
    let top = column.0 as u32 + icon + margin;

    let mut bottom = height.saturating_sub(margin);
    if let Some(share) = caption.share() {
        let figure = Style::new(Weight::Regular, (shorter / 9).max(7));
        let taken = figure.width("100%") + figure.height() * 3 / 4;
        let percentage = caption.percentage();
        let thickness = (figure.height() * 2 / 5).max(3);
        brush.write(figure, right - figure.width(&percentage) as i32, bottom as i32, &percentage, palette::TEXT);
        bottom = bottom.saturating_sub(figure.height());
        let middle = bottom as i32 + (figure.height() - thickness) as i32 / 2;
        brush.gauge(column.0, middle, (column.1.saturating_sub(taken), thickness), share, accent);
        bottom = bottom.saturating_sub(margin);
    } else if !caption.explanation().is_empty() {
        let style = Style::new(Weight::Regular, (shorter / 16).max(7));
        let block = Block::new(style, caption.explanation(), (column.1, height / 3));
        bottom = bottom.saturating_sub(block.height() + style.height() / 2);
        block.draw(brush.canvas, column.0, bottom as i32, palette::TEXT);
        bottom = bottom.saturating_sub(margin);
    }

    // Descenders reach a third of the capitals below the baseline, which counts as part of the text here.
    let room = bottom.saturating_sub(top);
    let largest = room * 3 / 4;
    let block =
        Block::fitting(Weight::Bold, ((shorter / 12).max(8), largest), caption.headline(), (column.1, largest), 3);
    let y = top as i32 + (room as i32 - block.height() as i32) / 2;
    brush.headline(&block, column.0, y);
}
