//! Text of any size, from the bitmap fonts of u8g2.
//!
//! Small text uses the fonts as they are, because they were drawn for whole pixels. Larger text is the largest
//! font scaled smoothly to the height wanted.

use embedded_graphics::{geometry::Point, pixelcolor::Gray8};
use image::{GrayImage, Rgb, RgbImage};
use u8g2_fonts::{
    FontRenderer, fonts,
    types::{FontColor, VerticalPosition},
};

use super::{
    canvas::{self, Mask},
    scale::{FilterType, Pixels, scale},
};

/// Thickness of the strokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// For what is read in passing.
    Regular,
    /// For what catches the eye.
    Bold,
}

/// A font: its weight and the height of its capitals in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    weight: Weight,
    capitals: u32,
}

const TINY: FontRenderer = FontRenderer::new::<fonts::u8g2_font_4x6_tf>();
const SMALL: FontRenderer = FontRenderer::new::<fonts::u8g2_font_5x7_tf>();
const REGULAR: [FontRenderer; 5] = [
    TINY,
    SMALL,
    FontRenderer::new::<fonts::u8g2_font_helvR08_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvR10_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvR12_tf>(),
];
const BOLD: [FontRenderer; 5] = [
    TINY,
    SMALL,
    FontRenderer::new::<fonts::u8g2_font_helvB08_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB10_tf>(),
    FontRenderer::new::<fonts::u8g2_font_helvB12_tf>(),
];
const LARGE_REGULAR: FontRenderer = FontRenderer::new::<fonts::u8g2_font_fur42_tf>();
const LARGE_BOLD: FontRenderer = FontRenderer::new::<fonts::u8g2_font_fub42_tf>();

/// Height of capitals up to which the fonts are used as they are.
const LARGEST_BITMAP: u32 = 13;

impl Style {
    /// The font whose capitals come nearest to `capitals` pixels, and are not taller unless there is none so small.
    pub fn new(weight: Weight, capitals: u32) -> Self {
        Self { weight, capitals: capitals.max(1) }
    }

    /// The largest style up to `capitals` pixels, and not under `least`, in which `text` is at most `width` wide.
    pub fn fitting(weight: Weight, capitals: u32, least: u32, text: &str, width: u32) -> Self {
        let mut style = Self::new(weight, capitals);
        while style.capitals > least && style.width(text) > width {
            style.capitals -= 1;
        }
        style
    }

    /// Height of the capitals as drawn, in pixels.
    pub fn height(self) -> u32 {
        if self.is_scaled() { self.capitals } else { ascent(self.renderer()) }
    }

    /// Width of `text` in pixels.
    pub fn width(self, text: &str) -> u32 {
        let renderer = self.renderer();
        let native = advance(renderer, &drawable(text));
        if self.is_scaled() { (native * self.capitals).div_ceil(ascent(renderer)) } else { native }
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
        let text = drawable(text);
        let renderer = self.renderer();
        // Two heights of capitals above the baseline and one below hold every accent and descender,
        // and all three stay whole pixels when scaled.
        let height = ascent(renderer);
        let columns = (advance(renderer, &text) / height + 1) * height;
        let mut mask = GrayImage::new(columns, 3 * height);
        let baseline = Point::new(0, 2 * height as i32);
        let colouring = FontColor::Transparent(Gray8::new(255));
        // Unknown characters are ignored and the mask cannot fail, so there is no error to report.
        let _ = renderer.render(text.as_str(), baseline, VerticalPosition::Baseline, colouring, &mut Mask(&mut mask));

        if self.is_scaled() {
            mask = enlarge_or_reduce(&mask, columns / height * self.capitals, 3 * self.capitals);
        }
        let top = y - 2 * self.height() as i32;
        for (mx, my, pixel) in mask.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 0) {
            canvas::blend(canvas, x + mx as i32, top + my as i32, colour, pixel.0[0]);
        }
    }

    fn is_scaled(self) -> bool {
        self.capitals > LARGEST_BITMAP
    }

    fn renderer(self) -> &'static FontRenderer {
        static FONTS: [[FontRenderer; 5]; 2] = [REGULAR, BOLD];
        static LARGE: [FontRenderer; 2] = [LARGE_REGULAR, LARGE_BOLD];
        let weight = usize::from(self.weight == Weight::Bold);
        if self.is_scaled() {
            return &LARGE[weight];
        }
        let fonts = &FONTS[weight];
        fonts.iter().rev().find(|font| ascent(font) <= self.capitals).unwrap_or(&fonts[0])
    }
}

/// Height of a font's capitals.
fn ascent(renderer: &FontRenderer) -> u32 {
    u32::try_from(renderer.get_ascent()).unwrap_or(1).max(1)
}

fn advance(renderer: &FontRenderer, text: &str) -> u32 {
    let dimensions = renderer.get_rendered_dimensions(text, Point::zero(), VerticalPosition::Baseline);
    dimensions.map_or(0, |dimensions| u32::try_from(dimensions.advance.x).unwrap_or(0))
}

/// `text` in the characters that the fonts have, which are those of Latin-1.
fn drawable(text: &str) -> String {
    let mut drawable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => drawable.push_str("..."),
            '–' | '—' => drawable.push('-'),
            '‘' | '’' => drawable.push('\''),
            c if c.is_control() => drawable.push(' '),
            c if (c as u32) < 256 => drawable.push(c),
            _ => drawable.push('?'),
        }
    }
    drawable
}

/// Scales a mask; when it grows, its edges are made crisp again.
fn enlarge_or_reduce(mask: &GrayImage, width: u32, height: u32) -> GrayImage {
    let pixels = Pixels { size: mask.dimensions(), channels: 1, bytes: mask.as_raw() };
    let scaled = scale(pixels, mask.dimensions(), (width, height), FilterType::CatmullRom);
    let mut scaled = GrayImage::from_raw(width, height, scaled).unwrap_or_default();
    if width > mask.width() {
        let steepness = width as f32 / mask.width() as f32;
        for pixel in scaled.pixels_mut() {
            let centred = (f32::from(pixel.0[0]) - 127.5) * steepness;
            pixel.0[0] = (centred + 127.5).clamp(0.0, 255.0) as u8;
        }
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHITE: Rgb<u8> = Rgb([255; 3]);

    /// Rows and columns that `text` touches: left, top, right, bottom (the last two exclusive).
    fn ink(style: Style, text: &str) -> Option<(u32, u32, u32, u32)> {
        let mut canvas = RgbImage::new(style.width(text) + 200, style.height() * 4 + 20);
        style.draw(&mut canvas, text, 100, style.height() as i32 * 3, WHITE);
        let lit = canvas.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 100);
        lit.fold(None, |bounds, (x, y, _)| {
            let (l, t, r, b) = bounds.unwrap_or((x, y, x + 1, y + 1));
            Some((l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)))
        })
    }

    #[test]
    fn capitals_are_as_tall_as_promised() {
        for weight in [Weight::Regular, Weight::Bold] {
            for capitals in [14, 19, 27, 42, 60, 97] {
                let style = Style::new(weight, capitals);
                let (_, top, _, bottom) = ink(style, "H").expect("H has ink");
                assert!((bottom - top).abs_diff(capitals) <= 1, "{capitals}: {top}..{bottom}");
                assert!(bottom.abs_diff(capitals * 3) <= 1);
            }
        }
    }

    #[test]
    fn every_size_stays_within_its_height_and_draws_accents() {
        for capitals in 1..=16 {
            let style = Style::new(Weight::Bold, capitals);
            assert!(style.height() <= capitals.max(6), "{capitals} gives {}", style.height());
            let plain = ink(style, "MULLER").expect("letters have ink");
            let accented = ink(style, "MÜLLER").expect("letters have ink");
            assert!(accented.1 < plain.1 || capitals < 8, "the dots of Ü stand above at {capitals}");
        }
    }

    #[test]
    fn shortens_with_an_ellipsis() {
        let style = Style::new(Weight::Regular, 9);
        assert_eq!(style.shorten("cat", 100), "cat");
        let short = style.shorten("hippopotamus amphibius", 60);
        assert!(short.ends_with('…') && short.starts_with("hip"), "{short}");
        assert_eq!(style.shorten("hippopotamus", 3), "");
    }

    #[test]
    fn says_which_characters_are_missing() {
        assert_eq!(drawable("Žižka – 猫\n’…"), "?i?ka - ? '...");
    }

    proptest! {
        #[test]
        fn never_exceeds_the_width(text in "\\PC{0,40}", capitals in 1u32..60, width in 0u32..400) {
            let style = Style::fitting(Weight::Bold, capitals, 8, &text, width);
            prop_assert!(style.width(&style.shorten(&text, width)) <= width);
        }

        #[test]
        fn draws_anything_anywhere(text in ".{0,20}", capitals in 0u32..80, x in -100i32..100, y in -100i32..100) {
            Style::new(Weight::Regular, capitals).draw(&mut RgbImage::new(30, 20), &text, x, y, WHITE);
        }
    }
}
