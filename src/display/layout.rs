//! Where the picture and the words go on a canvas of a given size.

use embedded_graphics::{
    geometry::{Point, Size},
    primitives::Rectangle,
};

/// How the words are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// The picture alone: the panel writes the words itself.
    Bare,
    /// Label and bar in a narrow strip under the picture, on canvases of few pixels.
    Strip,
    /// Words under the picture, on upright and nearly square canvases.
    Below,
    /// Words to the right of the picture, on wide canvases.
    Beside,
}

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How the words are arranged.
    pub arrangement: Arrangement,
    /// Where the picture goes.
    pub picture: Rectangle,
    /// Where the words go.
    pub words: Rectangle,
    /// Height of the label's capitals in pixels, from which all other sizes follow.
    ///
    /// An eye with normal sight reads letters of five minutes of arc: 2.9 mm at two metres. Panels of up to four inches
    /// have 5 to 9 pixels a millimetre, so an eighth of the height does, where it is 30 pixels or more; lower panels
    /// are smaller too, and give the label up to a fifth.
    pub capitals: u32,
}

/// Height, and width, in pixels under which a canvas has room for a strip only.
const STRIP_UNDER: (u32, u32) = (64, 110);
/// Width over height from which the words stand beside the picture.
const BESIDE_FROM: f32 = 1.45;

impl Layout {
    /// Divides a canvas of `width`×`height` pixels; `bare` gives all of it to the picture.
    pub fn new(width: u32, height: u32, bare: bool) -> Self {
        let below = |arrangement, words: u32, capitals| {
            let words = words.min(height);
            Self {
                arrangement,
                picture: rectangle(0, 0, width, height - words),
                words: rectangle(0, height - words, width, words),
                capitals,
            }
        };
        let is_wide = width as f32 >= height as f32 * BESIDE_FROM;
        if bare {
            below(Arrangement::Bare, 0, 0)
        } else if width < STRIP_UNDER.0 || height < STRIP_UNDER.1 {
            let words = (height * 3 / 8).clamp(8, 36);
            below(Arrangement::Strip, words, words * 5 / 8)
        } else if is_wide {
            let words = (width * 34 / 100).max((width / 2).min(172));
            Self {
                arrangement: Arrangement::Beside,
                picture: rectangle(0, 0, width - words, height),
                words: rectangle(width - words, 0, words, height),
                capitals: (height / 8).max((height / 5).min(30)),
            }
        } else {
            let capitals = (height / 8).min(width / 5);
            // Cameras give pictures of 4:3 or wider, so an upright canvas leaves more to the words.
            below(Arrangement::Below, (capitals * 3).max(height.saturating_sub(width * 3 / 4)), capitals)
        }
    }
}

fn rectangle(x: u32, y: u32, width: u32, height: u32) -> Rectangle {
    Rectangle::new(Point::new(x as i32, y as i32), Size::new(width, height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn divides_the_canvas_without_gap_or_overlap(width in 0u32..2000, height in 0u32..2000, bare: bool) {
            let Layout { picture, words, .. } = Layout::new(width, height, bare);
            let area = |r: Rectangle| u64::from(r.size.width) * u64::from(r.size.height);
            prop_assert_eq!(area(picture) + area(words), u64::from(width) * u64::from(height));
            prop_assert!(picture.intersection(&words).is_zero_sized());
            let canvas = rectangle(0, 0, width, height);
            prop_assert!(words.is_zero_sized() || canvas.intersection(&words) == words);
            prop_assert!(picture.is_zero_sized() || canvas.intersection(&picture) == picture);
            prop_assert!(!bare || words.is_zero_sized());
        }
    }

    #[test]
    fn suits_common_panels() {
        let arrangement = |width, height| Layout::new(width, height, false).arrangement;
        assert_eq!(arrangement(80, 48), Arrangement::Strip);
        assert_eq!(arrangement(160, 80), Arrangement::Strip);
        assert_eq!(arrangement(80, 160), Arrangement::Below);
        assert_eq!(arrangement(240, 135), Arrangement::Beside);
        assert_eq!(arrangement(240, 240), Arrangement::Below);
        assert_eq!(arrangement(320, 240), Arrangement::Below);
        assert_eq!(arrangement(480, 800), Arrangement::Below);
        assert_eq!(arrangement(480, 320), Arrangement::Beside);
        assert_eq!(arrangement(1920, 1080), Arrangement::Beside);
    }
}
