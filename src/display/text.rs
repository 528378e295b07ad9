//! Text of any size: outline fonts with smooth edges for colour, fonts drawn for whole pixels where pixels are on or off.

mod face;
mod pixel_font;
mod wrap;

use image::{Rgb, RgbImage};

pub use wrap::Block;

/// How letters are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weight {
    /// For what is read in passing; its digits are of one width, so that figures keep their place.
    Regular,
    /// For what catches the eye.
    Bold,
    /// Every pixel is on or off; sizes are those for which a font was drawn.
    Pixels,
}

/// A font: its weight and the height of its capitals in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    weight: Weight,
    capitals: u32,
}

impl Style {
    /// The font whose capitals are `capitals` pixels tall, or for [`Weight::Pixels`] the nearest that is not taller,
    /// unless there is none so small.
    pub fn new(weight: Weight, capitals: u32) -> Self {
        let capitals = capitals.max(1);
        Self { weight, capitals: if weight == Weight::Pixels { pixel_font::height(capitals) } else { capitals } }
    }

    /// The largest style up to `capitals` pixels, and not under `least`, in which `text` is at most `width` wide.
    pub fn fitting(weight: Weight, capitals: u32, least: u32, text: &str, width: u32) -> Self {
        let mut style = Self::new(weight, capitals);
        while style.capitals > least && style.width(text) > width {
            // Widths of outlines grow with their size, so the right size is near; those of bitmaps are tried in turn.
            let near = (u64::from(style.capitals) * u64::from(width) / u64::from(style.width(text))) as u32;
            let below = style.capitals - 1;
            let next = Self::new(weight, if weight == Weight::Pixels { below } else { below.min(near + 1).max(least) });
            if next.capitals < least || next == style {
                break;
            }
            style = next;
        }
        // Widths are whole pixels, so the right size may be a little larger than the proportion says.
        while style.capitals < capitals {
            let larger = Self::new(weight, style.capitals + 1);
            if larger.width(text) > width || larger == style {
                break;
            }
            style = larger;
        }
        style
    }

    /// Height of the capitals in pixels.
    pub fn height(self) -> u32 {
        self.capitals
    }

    /// Distance in pixels from one baseline to the next, in text of several lines.
    pub fn line(self) -> u32 {
        match self.weight {
            Weight::Regular => self.capitals * 7 / 4,
            Weight::Bold => self.capitals * 3 / 2,
            Weight::Pixels => self.capitals + (self.capitals / 3).max(2),
        }
    }

    /// Width of `text` in pixels.
    pub fn width(self, text: &str) -> u32 {
        match self.weight {
            Weight::Pixels => pixel_font::width(self.capitals, text),
            weight => face::width(weight, self.capitals, text),
        }
    }

    /// `text`, or as much of its beginning as fits `width` with an ellipsis; nothing if not even that fits.
    pub fn shorten(self, text: &str, width: u32) -> String {
        if self.width(text) <= width {
            return text.into();
        }
        let mut short: String = text.into();
        while short.pop().is_some() {
            let candidate = format!("{}…", short.trim_end());
            if !short.is_empty() && self.width(&candidate) <= width {
                return candidate;
            }
        }
        String::new()
    }

    /// Writes `text` with its left end at `x` and its baseline just above row `y`; does not wrap.
    pub fn draw(self, canvas: &mut RgbImage, text: &str, x: i32, y: i32, colour: Rgb<u8>) {
        match self.weight {
            Weight::Pixels => pixel_font::draw(self.capitals, canvas, text, (x, y), colour),
            weight => face::draw(weight, self.capitals, canvas, text, (x, y), colour),
        }
    }
}

#[cfg(test)]
mod tests;
