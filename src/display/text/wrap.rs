//! Text of several lines.

use image::{Rgb, RgbImage};

use super::{Style, Weight};

/// Text broken into lines, in a style in which it fits its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The style of all lines.
    pub style: Style,
    /// The lines, first to last.
    pub lines: Vec<String>,
}

impl Block {
    /// Breaks `text` into lines of at most `width` pixels that are at most `height` high together. Text that is longer
    /// ends with an ellipsis.
    pub fn new(style: Style, text: &str, (width, height): (u32, u32)) -> Self {
        let more = height.saturating_sub(style.height()) / style.line();
        let count = if height < style.height() { 0 } else { more as usize + 1 };
        let mut lines = break_lines(style, text, width, true);
        if lines.len() > count {
            lines.truncate(count);
            if let Some(last) = lines.last_mut() {
                // A letter more than fits, so that shortening puts the ellipsis there.
                *last = style.shorten(&format!("{last} ……"), width);
            }
        }
        // Where not even one letter fits, there is nothing to show.
        for line in &mut lines {
            *line = style.shorten(line, width);
        }
        Self { style, lines }
    }

    /// `text` as large as it goes in a place of `width` × `height` pixels, its capitals between `least` and `largest`
    /// pixels, in at most `count` lines. Words are broken only where even the smallest style leaves no other way.
    pub fn fitting(
        weight: Weight,
        (least, largest): (u32, u32),
        text: &str,
        (width, height): (u32, u32),
        count: usize,
    ) -> Self {
        let largest = largest.min(height).max(1);
        let single = Style::fitting(weight, largest, least, text, width);
        // One line reads more easily than two that are a little larger.
        let enough = if count < 2 { 0 } else { largest * 3 / 4 };
        let is_single = |height: u32| single.width(text) <= width && single.height() >= height;
        if is_single(enough) {
            return Self { style: single, lines: vec![text.into()] };
        }
        let mut style = Style::new(weight, largest);
        loop {
            let block = Self { style, lines: break_lines(style, text, width, false) };
            let fits = block.lines.len() <= count && block.height() <= height;
            if fits && block.lines.iter().all(|line| style.width(line) <= width) {
                return block;
            }
            if is_single(style.height()) {
                return Self { style: single, lines: vec![text.into()] };
            }
            let smaller = Style::new(weight, style.height() - (style.height() / 24).max(1).min(style.height() - 1));
            if smaller.height() < least || smaller == style {
                let height = height.min(style.height() + style.line() * (count.max(1) as u32 - 1));
                return Self::new(style, text, (width, height.max(style.height())));
            }
            style = smaller;
        }
    }

    /// Pixels from the top of the first line's capitals to the last baseline; 0 where there are no lines.
    pub fn height(&self) -> u32 {
        match self.lines.len() as u32 {
            0 => 0,
            lines => self.style.height() + (lines - 1) * self.style.line(),
        }
    }

    /// Writes the lines, the left end of each at `x` and the top of the first one's capitals in row `top`.
    pub fn draw(&self, canvas: &mut RgbImage, x: i32, top: i32, colour: Rgb<u8>) {
        let mut baseline = top + self.style.height() as i32;
        for line in &self.lines {
            self.style.draw(canvas, line, x, baseline, colour);
            baseline += self.style.line() as i32;
        }
    }
}

/// Puts as many words into each line as fit; words that are too long are cut where `cut` says so, else stick out.
fn break_lines(style: Style, text: &str, width: u32, cut: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if style.width(&longer) <= width {
                *line = longer;
                continue;
            }
        }
        let mut rest = word;
        while cut && style.width(rest) > width {
            let fitting =
                rest.char_indices().skip(1).map(|(end, _)| end).take_while(|&end| style.width(&rest[..end]) <= width);
            let Some(end) = fitting.last() else { break };
            lines.push(rest[..end].into());
            rest = &rest[end..];
        }
        lines.push(rest.into());
    }
    lines
}
