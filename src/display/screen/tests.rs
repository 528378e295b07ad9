//! What the screen shows is read back from the pixels.

use embedded_graphics::primitives::PointsIter;
use image::Rgb;
use proptest::prelude::*;

use super::*;
use crate::display::{
    caption::{Certainty, Mark, State},
    layout::Layout,
};

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
        let accent = palette::accent(Mark::Sure);
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

/// Rows from the first to the last that hold much of `colour`'s ink in the words of a canvas.
fn inked_rows(canvas: &RgbImage, colour: Rgb<u8>) -> u32 {
    let rows: Vec<usize> = canvas
        .rows()
        .enumerate()
        .filter(|(_, row)| row.clone().any(|&pixel| pixel == colour))
        .map(|(y, _)| y)
        .collect();
    rows.last().zip(rows.first()).map_or(0, |(last, first)| (last - first + 1) as u32)
}

#[test]
fn the_label_can_be_read_from_two_metres() {
    // Five minutes of arc, the smallest letters that a normal eye reads, are 2.9 mm at two metres.
    let least_mm = 2.9;
    let picture = RgbImage::from_pixel(64, 48, Rgb([90; 3]));
    // Usual panels: pixels, height in millimetres, capitals at least in parts of the shorter side.
    let panels = [
        ((240, 240), 23.4, 9),
        ((320, 240), 36.7, 9),
        ((240, 320), 43.2, 9),
        ((480, 320), 49.0, 9),
        ((800, 480), 85.9, 9),
        ((1920, 1080), 300.0, 9),
    ];
    for (size, height_mm, part) in panels {
        // Without figures, only the headline has the brightest ink.
        let caption =
            Caption { label: "HIE".into(), certainty: Certainty::Sure, confidence: 0.0, ..Caption::default() };
        let canvas =
            draw(&View { picture: Some(&picture), caption: &caption, page: Page::Picture }, size, Drawing::Whole);
        let layout = Layout::new(size.0, size.1, false);
        let mut first = canvas.clone();
        // Cuts off what lies below the label: bar and percentage.
        let end = layout.words.top_left.y as u32 + layout.capitals * 5 / 2;
        first.enumerate_pixels_mut().filter(|(_, y, _)| *y > end.min(size.1)).for_each(|(.., p)| *p = palette::SURFACE);
        let capitals = inked_rows(&first, palette::TEXT).min(layout.capitals);
        assert!(capitals * part >= size.0.min(size.1), "{size:?}: {capitals}");
        assert!(f64::from(capitals) * height_mm / f64::from(size.1) >= least_mm, "{size:?}: {capitals}");
    }
    for (size, height_mm) in [((128, 64), 10.9), ((128, 32), 5.6)] {
        let caption = Caption { label: "HIE".into(), certainty: Certainty::Waiting, ..Caption::default() };
        let caption = Caption { certainty: Certainty::Sure, ..caption };
        let canvas = draw(&View { picture: None, caption: &caption, page: Page::Label }, size, Drawing::OneBit);
        let capitals = inked_rows(&canvas, Rgb([255; 3]));
        assert!(f64::from(capitals) * height_mm / f64::from(size.1) >= least_mm, "{size:?}: {capitals}");
    }
}

#[test]
fn no_two_states_look_alike_without_colours() {
    let lost = State::CameraLost { cause: "x".into(), since: std::time::Duration::ZERO };
    let states = [State::Starting, State::Live, lost, State::ModelFailed { cause: "x".into() }];
    let picture = RgbImage::from_pixel(64, 48, Rgb([90; 3]));
    let certainties = [Certainty::Waiting, Certainty::Sure, Certainty::Uncertain, Certainty::Unknown];
    let captions: Vec<Caption> = states
        .into_iter()
        .flat_map(|state| {
            let count = if state == State::Live { 4 } else { 1 };
            certainties.into_iter().take(count).map(move |certainty| Caption {
                certainty,
                state: state.clone(),
                ..caption("x", 0.5)
            })
        })
        .flat_map(|caption| [false, true].map(|frozen| Caption { frozen, ..caption.clone() }))
        .collect();
    for (size, drawing) in [((240, 240), Drawing::Whole), ((480, 320), Drawing::Whole), ((128, 64), Drawing::OneBit)] {
        let shapes: Vec<Vec<bool>> = captions
            .iter()
            .filter(|caption| drawing == Drawing::Whole || !caption.frozen || caption.mark().is_answer())
            .map(|caption| {
                let canvas = draw(&View { picture: Some(&picture), caption, page: Page::Picture }, size, drawing);
                canvas.pixels().map(|pixel| pixel.0.iter().any(|&value| value > 120)).collect()
            })
            .collect();
        for (i, first) in shapes.iter().enumerate() {
            assert!(shapes.iter().skip(i + 1).all(|second| first != second), "{size:?}: state {i}");
        }
    }
}

#[test]
fn a_lost_camera_darkens_its_last_picture() {
    let picture = RgbImage::from_pixel(64, 48, Rgb([250, 120, 30]));
    let state = State::CameraLost { cause: "unplugged".into(), since: std::time::Duration::from_secs(3) };
    for drawing in [Drawing::Whole, Drawing::Picture] {
        let caption = Caption { state: state.clone(), ..caption("cat", 0.9) };
        let canvas =
            draw(&View { picture: Some(&picture), caption: &caption, page: Page::Picture }, (240, 240), drawing);
        let Rgb([r, g, b]) = *canvas.get_pixel(3, 3);
        assert!(r < 90 && r.abs_diff(g) < 10 && r.abs_diff(b) < 15, "{r} {g} {b}");
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
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn draws_anything_at_any_size(
        (width, height) in prop_oneof![(0u32..700, 0u32..500), (0u32..140, 0u32..70)],
        picture in (0u32..50, 0u32..50),
        label in ".{0,30}",
        confidence: f32,
        classes in 0usize..30,
        (page, drawing, state, certainty) in (0usize..3, 0usize..3, 0usize..4, 0usize..4),
        frozen: bool,
    ) {
        let picture = RgbImage::new(picture.0, picture.1);
        let classes = (0..classes).map(|i| (format!("{label}{i}"), confidence / i as f32)).collect();
        let lost = State::CameraLost { cause: label.clone(), since: std::time::Duration::from_secs(3) };
        let state = [State::Live, State::Starting, lost, State::ModelFailed { cause: label.clone() }][state].clone();
        let certainty = [Certainty::Waiting, Certainty::Sure, Certainty::Uncertain, Certainty::Unknown][certainty];
        let caption = Caption { note: label.clone(), classes, state, frozen, certainty, ..caption(&label, confidence) };
        let page = [Page::Picture, Page::Label, Page::Details][page];
        let drawing = [Drawing::Whole, Drawing::Picture, Drawing::OneBit][drawing];
        let canvas = draw(&View { picture: Some(&picture), caption: &caption, page }, (width, height), drawing);
        prop_assert_eq!(canvas.dimensions(), (width, height));
        let is_black_or_white = |pixel: &Rgb<u8>| pixel.0 == [0; 3] || pixel.0 == [255; 3];
        prop_assert!(drawing != Drawing::OneBit || canvas.pixels().all(is_black_or_white));
    }
}
