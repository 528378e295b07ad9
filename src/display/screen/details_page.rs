//! Camera, model and figures.

use image::RgbImage;

use super::brush::Brush;
use crate::display::{
    caption::{Caption, join},
    palette,
    text::{Block, Style, Weight},
};

/// Width over height from which the classes stand beside the figures.
const BESIDE_FROM: f32 = 1.2;

/// Draws all there is to know over the whole canvas.
pub fn draw(canvas: &mut RgbImage, caption: &Caption) {
    canvas.pixels_mut().for_each(|pixel| *pixel = palette::SURFACE);
    let (width, height) = canvas.dimensions();
    let shorter = width.min(height);
    let margin = (shorter / 16).max(2);
    let inner = width.saturating_sub(2 * margin);
    let small = Style::new(Weight::Regular, (shorter / 26).clamp(7, 32));
    let mut brush = Brush { canvas, caption };

    let title = (shorter / 13).max(8);
    let (x, mut y) = (margin as i32, margin as i32);
    let icon = title * 5 / 4;
    brush.icon(x, y, icon);
    let indent = icon + icon / 3;
    let figure = Style::new(Weight::Regular, title);
    let text = caption.percentage() + &caption.since();
    let taken = figure.width(&text);
    brush.write(figure, x + (inner - taken.min(inner)) as i32, y + (icon + title) as i32 / 2, &text, palette::TEXT);
    let room = inner.saturating_sub(indent + taken + title);
    let block = Block::fitting(Weight::Bold, (title * 2 / 3, title), caption.headline(), (room, title), 1);
    brush.headline(&block, x + indent as i32, y + (icon as i32 - block.height() as i32) / 2);
    y += (icon + margin) as i32;
    let bottom = height as i32 - margin as i32;

    let is_wide = width as f32 >= height as f32 * BESIDE_FROM && caption.share().is_some() && caption.classes.len() > 1;
    let column = if is_wide { (inner - margin.min(inner)) * 11 / 20 } else { inner };
    y = facts(&mut brush, small, (x, column), y, bottom);
    if is_wide {
        let left = margin + column + margin;
        let area = (left as i32, (width - margin.min(width)).saturating_sub(left));
        brush.classes(small, area, (margin + icon + margin) as i32, bottom);
    } else {
        brush.classes(small, (x, inner), y + (small.height() * 2) as i32, bottom);
    }
}

/// A line for each thing that is known, from row `top` on; returns where they end.
fn facts(brush: &mut Brush, style: Style, (x, width): (i32, u32), top: i32, bottom: i32) -> i32 {
    let caption = brush.caption;
    let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    let (skipped, dropped) = (count(caption.skipped), count(caption.dropped));
    let state =
        if caption.frozen { join(&[caption.mark().remark(), "frozen"]) } else { caption.mark().remark().into() };
    let facts = [
        ("state", state.as_str()),
        ("cause", if caption.mark().is_fault() { caption.explanation() } else { "" }),
        ("camera", &caption.note),
        ("board", &caption.board),
        ("model", &join(&[&caption.model, &caption.model_id])),
        ("rate", &caption.rate()),
        ("delay", &caption.delay()),
        ("skipped", &skipped),
        ("dropped", &dropped),
        ("keeps", if caption.keeping { "unsure pictures" } else { "" }),
        ("keys", &caption.hint),
    ];
    let indent = style.width("skipped") + style.height() * 3 / 2;
    let mut y = top;
    for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
        let room = u32::try_from(bottom - y).unwrap_or(0).min(style.height() + 2 * style.line());
        let block = Block::new(style, value, (width.saturating_sub(indent), room));
        if block.lines.is_empty() {
            break;
        }
        brush.write(style, x, y + style.height() as i32, name, palette::FAINT);
        block.draw(brush.canvas, x + indent as i32, y, palette::TEXT);
        y += (block.height() + style.height() * 13 / 10) as i32;
    }
    y
}
