//! The outline fonts, and the pixels of their letters.

use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::LazyLock};

use ab_glyph::{Font, FontRef, GlyphId, PxScale, point};
use image::{Rgb, RgbImage};

use super::Weight;
use crate::display::canvas;

static MEDIUM: LazyLock<Face> =
    LazyLock::new(|| Face::new(include_bytes!("../../../assets/fonts/Inter-Medium-subset.otf")));
static SEMI_BOLD: LazyLock<Face> =
    LazyLock::new(|| Face::new(include_bytes!("../../../assets/fonts/InterDisplay-SemiBold-subset.otf")));

/// Steps of a pixel to which the left ends of letters are rounded.
const STEPS: f32 = 4.0;
/// Bytes of drawn letters that each thread keeps.
const KEPT_BYTES: usize = 2 << 20;

/// A font with the height of its capitals.
struct Face {
    font: FontRef<'static>,
    /// Height of capitals, in the font's own units.
    capitals: f32,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Self {
        let font = FontRef::try_from_slice(bytes).expect("the fonts in the program are valid, as tests show");
        // Which of both is the upper edge depends on the direction of the font's axis.
        let capitals = font
            .outline(font.glyph_id('H'))
            .map_or(font.ascent_unscaled(), |outline| outline.bounds.min.y.max(outline.bounds.max.y));
        Self { font, capitals }
    }

    fn of(weight: Weight) -> &'static Self {
        match weight {
            Weight::Regular => &MEDIUM,
            Weight::Bold | Weight::Pixels => &SEMI_BOLD,
        }
    }

    /// Letters of `text` with the distance of each from the left end, in the font's units, and where the last ends.
    fn letters(&self, text: &str) -> (Vec<(GlyphId, f32)>, f32) {
        let mut letters: Vec<(GlyphId, f32)> = Vec::with_capacity(text.len());
        let mut end = 0.0;
        for id in text.chars().filter_map(visible).map(|c| self.font.glyph_id(c)) {
            if let Some(&(last, _)) = letters.last() {
                end += self.font.kern_unscaled(last, id);
            }
            letters.push((id, end));
            end += self.font.h_advance_unscaled(id);
        }
        (letters, end)
    }
}

/// The character to draw; none for marks that only change others.
fn visible(c: char) -> Option<char> {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => None,
        '\u{ad}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => None,
        c if c.is_control() || c.is_whitespace() => Some(' '),
        c => Some(c),
    }
}

/// Width of `text` in pixels.
pub fn width(weight: Weight, capitals: u32, text: &str) -> u32 {
    let face = Face::of(weight);
    (face.letters(text).1 * capitals as f32 / face.capitals).ceil() as u32
}

/// Writes `text` with its left end and baseline at `x`, `y`.
pub fn draw(weight: Weight, capitals: u32, canvas: &mut RgbImage, text: &str, (x, y): (i32, i32), colour: Rgb<u8>) {
    let face = Face::of(weight);
    for (id, distance) in face.letters(text).0 {
        let steps = (distance * capitals as f32 / face.capitals * STEPS).round() as i32;
        let (whole, step) = (steps.div_euclid(STEPS as i32), steps.rem_euclid(STEPS as i32));
        let letter = Letter::kept(weight, capitals, id, step);
        canvas::stamp(canvas, (x + whole + letter.left, y + letter.top), letter.columns, &letter.coverage, colour);
    }
}

/// The pixels of one letter.
#[derive(Default)]
struct Letter {
    /// First column, counted from the letter's left end.
    left: i32,
    /// First row, counted from the baseline.
    top: i32,
    columns: u32,
    /// How much of each pixel is covered, 0 to 255, row by row.
    coverage: Vec<u8>,
}

/// The letters that a thread has drawn lately.
#[derive(Default)]
struct Kept {
    letters: HashMap<(Weight, u32, u16, i32), Rc<Letter>>,
    bytes: usize,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

impl Letter {
    /// The letter as drawn before, or drawn now.
    fn kept(weight: Weight, capitals: u32, id: GlyphId, step: i32) -> Rc<Self> {
        KEPT.with_borrow_mut(|kept| {
            let key = (weight, capitals, id.0, step);
            if let Some(letter) = kept.letters.get(&key) {
                return Rc::clone(letter);
            }
            let letter = Rc::new(Self::rasterize(weight, capitals, id, step));
            if kept.bytes > KEPT_BYTES {
                *kept = Kept::default();
            }
            kept.bytes += letter.coverage.len();
            kept.letters.insert(key, Rc::clone(&letter));
            letter
        })
    }

    fn rasterize(weight: Weight, capitals: u32, id: GlyphId, step: i32) -> Self {
        let face = Face::of(weight);
        let scale = PxScale::from(capitals as f32 * face.font.height_unscaled() / face.capitals);
        let glyph = id.with_scale_and_position(scale, point(step as f32 / STEPS, 0.0));
        let Some(outline) = face.font.outline_glyph(glyph) else { return Self::default() };
        let bounds = outline.px_bounds();
        let (columns, rows) = (bounds.width() as u32, bounds.height() as u32);
        let mut coverage = vec![0; columns as usize * rows as usize];
        outline.draw(|x, y, share| {
            if let Some(pixel) = coverage.get_mut((y * columns + x) as usize) {
                let share = if weight == Weight::Pixels { share.round() } else { share };
                *pixel = (share.clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        });
        Self { left: bounds.min.x as i32, top: bounds.min.y as i32, columns, coverage }
    }
}
