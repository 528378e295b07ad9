//! What is sent to a panel, against a simulated controller.

use std::sync::Arc;

use image::{Rgb, imageops};
use proptest::prelude::*;

use super::{
    simulator::{Board, start_on, try_start_on},
    wire::TRANSFER_BYTES,
    *,
};

/// A picture without symmetry whose colours survive 16 bits.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x % 32) as u8 * 8, (y % 64) as u8 * 4, ((x / 32 + y / 64) % 32) as u8 * 8])
    })
}

/// The picture as the panel stores it: five or six bits a colour.
fn stored(picture: &RgbImage) -> RgbImage {
    let mut stored = picture.clone();
    for pixel in stored.pixels_mut() {
        let nearest = |value: u8, levels: f32| (f32::from(value) * levels / 255.0).round() as u8;
        pixel.0 = [nearest(pixel.0[0], 31.0) << 3, nearest(pixel.0[1], 63.0) << 2, nearest(pixel.0[2], 31.0) << 3];
    }
    stored
}

#[test]
fn shows_the_picture_turned_as_asked() {
    for kind in ["st7789", "ili9341"] {
        for rotate in [0, 90, 180, 270] {
            let board = Board::default();
            let mut panel = start_on(&board, &format!("{kind}:/dev/spidev0.0?dc=GPIO25&rotate={rotate}"));
            let (width, height) = panel.size();
            assert_eq!((width, height), if rotate % 180 == 0 { (240, 320) } else { (320, 240) });
            let picture = picture(width, height);
            panel.show(&picture, &Caption::default()).expect("nothing fails here");
            let turned = match rotate {
                90 => imageops::rotate90(&picture),
                180 => imageops::rotate180(&picture),
                270 => imageops::rotate270(&picture),
                _ => picture,
            };
            let seen = board.with(|controller| controller.picture((0, 0), (240, 320)));
            assert!(seen == stored(&turned), "{kind} turned by {rotate}");
        }
    }
}

#[test]
fn keeps_to_the_part_of_the_memory_that_the_panel_shows() {
    for rotate in [0, 90, 180, 270] {
        let board = Board::default();
        let mut panel =
            start_on(&board, &format!("st7789:/dev/spidev0.0?dc=GPIO25&size=135x240&offset=52,40&rotate={rotate}"));
        let (width, height) = panel.size();
        panel.show(&RgbImage::from_pixel(width, height, Rgb([255; 3])), &Caption::default()).expect("nothing fails");
        let (inside, outside) = board.with(|controller| {
            let lit = |pixels: RgbImage| pixels.pixels().filter(|pixel| pixel.0 != [0; 3]).count();
            let inside = lit(controller.picture((52, 40), (135, 240)));
            (inside, lit(controller.picture((0, 0), (240, 320))) - inside)
        });
        assert_eq!((inside, outside), (135 * 240, 0), "turned by {rotate}");
    }
}

#[test]
fn starts_up_and_goes_dark() {
    let board = Board::default();
    let mut panel = start_on(&board, "st7789:/dev/spidev0.0?dc=GPIO25&rst=GPIO27&bl=GPIO18");
    panel.show(&picture(240, 320), &Caption::default()).expect("nothing fails");
    board.with(|c| assert!(c.on && c.lit && c.inverted && c.resets == 1 && c.largest_transfer <= TRANSFER_BYTES));
    drop(panel);
    board.with(|c| assert!(!c.lit && c.memory.iter().all(|&pixel| pixel == 0)));
}

#[test]
fn sets_what_the_controller_needs() {
    let board = Board::default();
    drop(start_on(&board, "ili9341:/dev/spidev0.0?dc=GPIO25"));
    board
        .with(|c| assert!(c.on && !c.inverted && c.resets == 1 && c.access & 0x08 != 0, "BGR panel, reset by command"));
}

/// A command and its arguments as they travel.
fn order(command: u8, arguments: &[u8]) -> Vec<(bool, u8)> {
    std::iter::once((false, command)).chain(arguments.iter().map(|&byte| (true, byte))).collect()
}

#[test]
fn sends_the_rows_that_changed_and_not_a_byte_more() {
    let board = Board::default();
    let mut panel = start_on(&board, "st7789:/dev/spidev0.0?dc=GPIO25&size=4x320&offset=52,0&rotate=90");
    // Turned by a quarter, the picture has 320 columns and 4 rows, and the offset is one of rows.
    let mut canvas = RgbImage::new(320, 4);
    let traffic = |panel: &mut Box<dyn Panel>, canvas: &RgbImage| {
        board.with(|controller| controller.traffic.clear());
        panel.show(canvas, &Caption::default()).expect("nothing fails here");
        board.with(|controller| std::mem::take(&mut controller.traffic))
    };
    traffic(&mut panel, &canvas);
    assert_eq!(traffic(&mut panel, &canvas), [], "the same picture again");

    canvas.put_pixel(0, 1, Rgb([255, 0, 0]));
    canvas.put_pixel(319, 3, Rgb([0, 0, 255]));
    let rows = |top: u8, bottom: u8, pixels: Vec<u8>| {
        // Columns 0 to 319 of a picture that is turned, rows after the 184 that the panel does not show.
        let window = [order(0x2A, &[0, 0, 1, 63]), order(0x2B, &[0, 184 + top, 0, 184 + bottom])];
        [window.concat(), order(0x2C, &pixels)].concat()
    };
    let mut first = vec![0; 640];
    first[..2].copy_from_slice(&[0xF8, 0x00]);
    let mut last = vec![0; 640];
    last[638..].copy_from_slice(&[0x00, 0x1F]);
    assert_eq!(traffic(&mut panel, &canvas), [rows(1, 1, first.clone()), rows(3, 3, last.clone())].concat());

    panel.invalidate();
    let everything = [vec![0; 640], first, vec![0; 640], last].concat();
    assert_eq!(traffic(&mut panel, &canvas), rows(0, 3, everything));
}

#[test]
fn a_panel_that_failed_can_be_opened_again_and_again() {
    let board = Board::default();
    let spec = "ili9341:/dev/spidev0.0?dc=GPIO25&rst=GPIO27&bl=GPIO18";
    for round in 0..20 {
        let mut panel = start_on(&board, spec);
        let picture = picture(240, 320);
        panel.show(&picture, &Caption::default()).expect("nothing fails yet");
        assert!(board.with(|controller| controller.lit));
        assert!(board.with(|controller| controller.picture((0, 0), (240, 320))) == stored(&picture));
        board.with(|controller| controller.failing = Some((round, usize::MAX)));
        let error = panel.show(&RgbImage::new(240, 320), &Caption::default()).expect_err("the bus fails");
        assert!(error.to_string().contains("/dev/spidev0.0 does not answer: writing to the bus failed"), "{error}");
        assert!(matches!(error, DisplayError::Lost { .. }));
        drop(panel);
        assert!(try_start_on(&board, spec).is_err());
        assert_eq!(Arc::strong_count(&board.0), 1, "bus and lines are given back");
        board.with(|controller| controller.failing = None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn shows_the_right_picture_again_after_errors_anywhere(
        steps in prop::collection::vec((0u32..4, prop::option::of((0usize..20, 1usize..4))), 1..6),
    ) {
        let board = Board::default();
        let mut panel = start_on(&board, "st7789:/dev/spidev0.0?dc=GPIO25&size=24x20&offset=3,7");
        for (seed, failing) in steps {
            board.with(|controller| controller.failing = failing);
            let canvas = RgbImage::from_fn(24, 20, |x, y| Rgb([if y % 4 < seed { 248 } else { 0 }, x as u8 * 8, 0]));
            let mut tries = 0;
            while panel.show(&canvas, &Caption::default()).is_err() {
                tries += 1;
                prop_assert!(tries < 5);
            }
            prop_assert!(board.with(|controller| controller.picture((3, 7), (24, 20))) == stored(&canvas));
        }
    }
}
