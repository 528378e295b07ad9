//! What the screen shows is read back from the pixels.

use embedded_graphics::primitives::PointsIter;
use proptest::prelude::*;

use super::*;

fn caption(label: &str, confidence: f32) -> Caption {
    Caption {
        label: label.into(),
        confidence,
        certainty: Certainty::of(confidence, true),
        fps: Some(7.5),
        model: "vgg16-slim cats-dogs".into(),
        note: "dog.jpg".into(),
        classes: vec![(label.into(), confidence), ("another".into(), 1.0 - confidence)],
        ..Caption::default()
    }
}

fn drawn(picture: &RgbImage, caption: &Caption, size: (u32, u32)) -> RgbImage {
    draw(&View { picture: Some(picture), caption, page: Page::Picture }, size, Drawing::Whole)
}

/// Pixels of one colour in the row that has most of them.
fn longest_row(canvas: &RgbImage, colour: Rgb<u8>) -> usize {
    canvas.rows().map(|row| row.filter(|&&pixel| pixel == colour).count()).max().unwrap_or(0)
}

const SIZES: [(u32, u32); 10] =
    [(40, 30), (80, 48), (160, 96), (128, 160), (240, 240), (240, 320), (320, 240), (480, 320), (480, 800), (800, 480)];

#[test]
fn the_bar_is_as_long_as_the_confidence() {
    let picture = RgbImage::new(4, 3);
    for size in SIZES {
        let accent = palette::accent(Certainty::Sure);
        let full = longest_row(&drawn(&picture, &caption("i", 1.0), size), accent) as f32;
        assert!(full >= size.0 as f32 * 0.2, "{size:?}: {full}");
        for confidence in [0.76f32, 0.9] {
            let part = longest_row(&drawn(&picture, &caption("i", confidence), size), accent) as f32;
            assert!((part / full - confidence).abs() <= 1.5 / full, "{size:?}: {part} of {full} for {confidence}");
        }
    }
}

#[test]
fn the_words_keep_out_of_the_picture() {
    let picture = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8 * 6, y as u8 * 8, 90]));
    let long = caption("an extraordinarily long name of a class, Ünverständlich", 0.8);
    for size in SIZES {
        let (first, second) = (drawn(&picture, &long, size), drawn(&picture, &caption("cat", 0.3), size));
        let place = Layout::new(size.0, size.1, false).picture;
        for point in place.points() {
            let (x, y) = (point.x as u32, point.y as u32);
            assert_eq!(first.get_pixel(x, y), second.get_pixel(x, y), "{size:?} at {x}, {y}");
        }
        assert!(first != second, "{size:?} says something");
    }
}

#[test]
fn the_label_is_written_in_the_colour_of_its_certainty() {
    let picture = RgbImage::new(4, 3);
    for size in SIZES {
        for certainty in [Certainty::Sure, Certainty::Uncertain, Certainty::Unknown, Certainty::Waiting] {
            // Without a bar, only the label has the colour.
            let caption = Caption { label: "cat".into(), certainty, ..Caption::default() };
            let inked = longest_row(&drawn(&picture, &caption, size), palette::accent(certainty));
            assert!(inked >= 2, "{size:?} {certainty:?}: {inked}");
        }
    }
}

#[test]
fn a_panel_with_its_own_text_gets_the_picture_alone() {
    let picture = RgbImage::from_pixel(8, 6, Rgb([9, 200, 30]));
    let view = View { picture: Some(&picture), caption: &caption("cat", 0.9), page: Page::Picture };
    let canvas = draw(&view, (80, 60), Drawing::Picture);
    assert!(canvas.pixels().all(|pixel| pixel.0 == [9, 200, 30]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn draws_anything_at_any_size(
        width in 0u32..700,
        height in 0u32..500,
        picture in (0u32..50, 0u32..50),
        label in ".{0,30}",
        confidence: f32,
        classes in 0usize..30,
    ) {
        let picture = RgbImage::new(picture.0, picture.1);
        let classes = (0..classes).map(|i| (format!("{label}{i}"), confidence / i as f32)).collect();
        let caption = Caption { note: label.clone(), classes, ..caption(&label, confidence) };
        let canvas = drawn(&picture, &caption, (width, height));
        prop_assert_eq!(canvas.dimensions(), (width, height));
    }
}
