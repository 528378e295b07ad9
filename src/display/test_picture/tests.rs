//! The picture as it was meant, and as panels with a wrong setting show it.

use std::path::Path;

use image::{GenericImageView, imageops};

use super::*;
use crate::display::{
    caption::Caption,
    oled::simulator as oled,
    spi::simulator::{self as spi, Board},
};

/// The picture that was looked at and found good; `INSTA_UPDATE=always` takes the present one instead.
fn golden(name: &str, drawn: &RgbImage) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/display/test_picture/golden").join(name);
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        drawn.save(&path).expect("the folder can be written");
    }
    let kept = image::open(&path).expect("the picture is kept").into_rgb8();
    assert!(kept == *drawn, "{name} is drawn differently; look at it with INSTA_UPDATE=always");
}

#[test]
fn looks_as_it_was_found_good() {
    for (width, height) in [(240, 240), (320, 240), (1920, 1080)] {
        golden(&format!("{width}x{height}.png"), &draw((width, height), Drawing::Whole));
    }
    for (width, height) in [(128, 64), (128, 32), (96, 16)] {
        golden(&format!("{width}x{height}-1bit.png"), &draw((width, height), Drawing::OneBit));
    }
}

#[test]
fn draws_on_any_size() {
    let sides = [0, 1, 2, 3, 5, 8, 13, 21, 34, 39, 40, 41, 55, 72, 89, 144, 233];
    for (width, height) in sides.iter().flat_map(|&w| sides.map(|h| (w, h))) {
        for drawing in [Drawing::Whole, Drawing::OneBit] {
            let picture = draw((width, height), drawing);
            assert_eq!(picture.dimensions(), (width, height));
            if drawing == Drawing::OneBit {
                assert!(picture.pixels().all(|&pixel| pixel == BLACK || pixel == WHITE));
            }
        }
    }
}

#[test]
fn every_part_is_there_on_every_panel_that_is_sold() {
    let inked = |picture: &RgbImage, area: Rectangle| {
        let view = view(picture, area);
        let first = *view.get_pixel(0, 0);
        view.pixels().any(|&pixel| pixel != first)
    };
    for (width, height) in [(240, 240), (240, 320), (320, 240), (135, 240), (160, 80), (800, 480), (3840, 2160)] {
        let (picture, places) = (draw((width, height), Drawing::Whole), Places::new((width, height), false));
        let named = places.fields.iter().map(|field| field.2);
        for area in places.corners.into_iter().chain([places.arrow, places.top, places.size]).chain(named) {
            assert!(inked(&picture, area), "{width}×{height} has nothing at {area:?}");
        }
    }
    for (width, height) in crate::display::spec::OLED_SIZES {
        let (picture, places) = (draw((width, height), Drawing::OneBit), Places::new((width, height), true));
        let named = places.fields.iter().map(|field| field.2);
        for area in places.corners.into_iter().chain([places.arrow, places.top]).chain(named) {
            assert!(inked(&picture, area), "{width}×{height} has nothing at {area:?}");
        }
    }
}

#[test]
fn the_ramps_have_more_steps_than_any_panel() {
    let (picture, places) = (draw((320, 240), Drawing::Whole), Places::new((320, 240), false));
    for (end, area) in places.ramps {
        let mut steps: Vec<Rgb<u8>> = view(&picture, area).rows().next().expect("it has rows").copied().collect();
        assert_eq!((steps.first(), steps.last()), (Some(&BLACK), Some(&end)));
        steps.dedup();
        assert!(steps.len() > 64, "{} steps", steps.len());
    }
}

fn view(picture: &RgbImage, area: Rectangle) -> RgbImage {
    let (Point { x, y }, Size { width, height }) = (area.top_left, area.size);
    picture.view(x as u32, y as u32, width, height).to_image()
}

/// What the eye sees on a panel of 240×240 with an ST7789 whose right settings are `offset=0,80&invert=yes&bgr=no`.
fn seen(options: &str) -> RgbImage {
    let board = Board::default();
    // What has never been written is noise.
    board.with(|controller| controller.memory = (0..240 * 320u32).map(|i| ((i * 40503) >> 3) as u16).collect());
    let mut panel = spi::start_on(&board, &format!("st7789:/dev/spidev0.0?dc=GPIO25{options}"));
    let picture = draw(panel.size(), Drawing::Whole);
    panel.show(&picture, &Caption::default()).expect("nothing fails");
    board.with(|controller| {
        let mut seen = controller.picture((0, 80), (240, 240));
        for pixel in seen.pixels_mut() {
            // White is all bits that the controller stores.
            let [r, g, b] = pixel.0.map(|value| if value >= 248 { 255 } else { value });
            let [r, g, b] = if controller.access & 8 == 0 { [r, g, b] } else { [b, g, r] };
            pixel.0 = if controller.inverted { [r, g, b] } else { [255 - r, 255 - g, 255 - b] };
        }
        seen
    })
}

const RIGHT: &str = "&size=240x240&offset=0,80";

#[test]
fn with_the_right_settings_everything_is_where_the_person_looks() {
    let (seen, places) = (seen(RIGHT), Places::new((240, 240), false));
    for (name, colour, area) in places.fields {
        assert_eq!(in_field(&seen, area), colour, "{name}");
    }
    assert_eq!(edges(&seen), [true; 4]);
}

/// The colour beside the name of a field.
fn in_field(seen: &RgbImage, field: Rectangle) -> Rgb<u8> {
    *seen.get_pixel(field.top_left.x as u32 + 2, field.top_left.y as u32 + 2)
}

/// Whether the line is seen along the upper, right, lower and left edge.
fn edges(seen: &RgbImage) -> [bool; 4] {
    let (w, h) = seen.dimensions();
    [(0, 0, w, 1), (w - 1, 0, 1, h), (0, h - 1, w, 1), (0, 0, 1, h)]
        .map(|(x, y, w, h)| seen.view(x, y, w, h).pixels().all(|(_, _, pixel)| pixel == EDGE))
}

#[test]
fn a_wrong_rotation_is_seen_at_the_arrow_and_the_word() {
    let (right, places) = (seen(RIGHT), Places::new((240, 240), false));
    let wrong = [90, 180, 270].map(|degrees| seen(&format!("{RIGHT}&rotate={degrees}")));
    for area in [places.arrow, places.top] {
        assert!(wrong.iter().all(|wrong| view(wrong, area) != view(&right, area)));
    }
    // Each is the upright picture turned, so the arrow says by how much.
    let turned = [imageops::rotate90(&right), imageops::rotate180(&right), imageops::rotate270(&right)];
    assert!(wrong == turned);
}

#[test]
fn a_wrong_offset_takes_the_line_from_the_edge() {
    for offset in ["0,0", "0,79", "0,81"] {
        assert_ne!(edges(&seen(&format!("&size=240x239&offset={offset}"))), [true; 4], "{offset}");
    }
    assert!(!edges(&seen("&size=240x240&offset=0,0"))[0]);
    assert!(!edges(&seen("&size=240x240&offset=0,79"))[0]);
}

#[test]
fn a_wrong_size_takes_the_line_from_the_edge() {
    assert_eq!(edges(&seen("&size=240x320")), [false, true, true, true]);
    assert_eq!(edges(&seen("&size=240x239&offset=0,80")), [true, false, false, false]);
    assert_eq!(edges(&seen("&size=239x240&offset=0,80")), [false, false, false, true]);
}

#[test]
fn the_wrong_order_of_colours_is_seen_in_the_fields_named_after_them() {
    let (seen, places) = (seen(&format!("{RIGHT}&bgr=yes")), Places::new((240, 240), false));
    let named: Vec<_> = places.fields.iter().map(|(name, _, area)| (*name, in_field(&seen, *area).0)).collect();
    let expected =
        [("RED", [0, 0, 255]), ("GREEN", [0, 255, 0]), ("BLUE", [255, 0, 0]), ("BLACK", [0; 3]), ("WHITE", [255; 3])];
    assert_eq!(named, expected);
    assert_eq!(edges(&seen), [true; 4], "the line says nothing about colours");
}

#[test]
fn inversion_is_seen_in_the_fields_black_and_white() {
    let (seen, places) = (seen(&format!("{RIGHT}&invert=no")), Places::new((240, 240), false));
    assert_eq!((in_field(&seen, places.fields[3].2), in_field(&seen, places.fields[4].2)), (WHITE, BLACK));
}

/// What the eye sees on a panel of 128×`rows` with an SSD1306.
fn seen_on_oled(options: &str, rows: u32) -> RgbImage {
    let bus = oled::Bus::default();
    let mut panel = oled::start_on(&bus, options);
    let picture = draw(panel.size(), panel.drawing());
    panel.show(&picture, &Caption::default()).expect("nothing fails");
    bus.with(|chip| chip.picture((128, rows), 0))
}

#[test]
fn wrong_settings_are_seen_in_black_and_white_too() {
    let (right, places) = (seen_on_oled("", 64), Places::new((128, 64), true));
    let lower = |seen: &RgbImage| seen.rows().next_back().expect("it has rows").all(|&pixel| pixel == WHITE);
    assert!(lower(&right));
    let turned = seen_on_oled("&rotate=180", 64);
    assert!(turned == imageops::rotate180(&right) && view(&turned, places.arrow) != view(&right, places.arrow));
    let inverted = seen_on_oled("&invert=yes", 64);
    let (black, white) = (places.fields[0].2, places.fields[1].2);
    assert_eq!((in_field(&right, black), in_field(&right, white)), (BLACK, WHITE));
    assert_eq!((in_field(&inverted, black), in_field(&inverted, white)), (WHITE, BLACK));
    assert!(!lower(&seen_on_oled("", 32)), "of 64 rows a panel of 32 shows the upper half");
    assert!(lower(&seen_on_oled("&size=128x32", 32)));
}
