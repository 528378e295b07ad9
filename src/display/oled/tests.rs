//! What is sent to a panel, against a simulated chip.

use image::{Rgb, imageops};
use proptest::prelude::*;

use super::{
    simulator::{Bus, start_on},
    *,
};
use crate::display::spec::{DisplaySpec, OLED_SIZES};

/// A black and white picture without symmetry.
fn picture((width, height): (u32, u32), seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([if (x * x + 3 * y + seed) % 7 < 2 { 255 } else { 0 }; 3]))
}

fn show(panel: &mut Box<dyn Panel>, canvas: &RgbImage) {
    panel.show(canvas, &Caption::default()).expect("nothing fails here");
}

#[test]
fn shows_the_picture_turned_as_asked_on_every_size() {
    // Unconnected segments on the left of each size.
    for (size, left) in OLED_SIZES.into_iter().zip([0, 0, 0, 28, 32, 32]) {
        for rotate in [0, 90, 180, 270] {
            let bus = Bus::default();
            let mut panel = start_on(&bus, &format!("&size={}x{}&rotate={rotate}", size.0, size.1));
            assert_eq!(panel.size(), if rotate % 180 == 0 { size } else { (size.1, size.0) });
            let picture = picture(panel.size(), 0);
            show(&mut panel, &picture);
            let turned = match rotate {
                90 => imageops::rotate90(&picture),
                180 => imageops::rotate180(&picture),
                270 => imageops::rotate270(&picture),
                _ => picture,
            };
            assert!(bus.with(|chip| chip.picture(size, left)) == turned, "{size:?} turned by {rotate}");
        }
    }
}

#[test]
fn sets_what_is_asked_for_and_goes_dark() {
    let bus = Bus::default();
    let mut panel = start_on(&bus, "&contrast=200&invert=yes");
    assert_eq!(panel.drawing(), Drawing::OneBit);
    assert!(bus.with(|chip| chip.on && chip.contrast == 200 && chip.inverted));
    // Just above and just below the middle between black and white.
    let canvas = RgbImage::from_fn(128, 64, |x, _| Rgb(if x < 64 { [128; 3] } else { [127, 128, 128] }));
    show(&mut panel, &canvas);
    let seen = bus.with(|chip| chip.picture((128, 64), 0));
    assert_eq!((seen.get_pixel(63, 0).0[0], seen.get_pixel(64, 0).0[0]), (0, 255));
    drop(panel);
    assert!(!bus.with(|chip| chip.on));
}

#[test]
fn shows_no_noise_while_it_starts() {
    let bus = Bus::default();
    bus.with(|chip| chip.memory.iter_mut().for_each(|page| page.fill(0xA5)));
    let _panel = start_on(&bus, "");
    assert_eq!(bus.with(|chip| chip.picture((128, 64), 0)), RgbImage::new(128, 64));
}

#[test]
fn sends_the_bytes_that_changed_and_no_others() {
    let bus = Bus::default();
    let mut panel = start_on(&bus, "");
    let mut canvas = picture((128, 64), 0);
    let sent = |panel: &mut Box<dyn Panel>, canvas: &RgbImage| {
        let before = bus.with(|chip| chip.received);
        show(panel, canvas);
        assert!(bus.with(|chip| chip.picture((128, 64), 0)) == *canvas);
        bus.with(|chip| chip.received) - before
    };
    assert_eq!(sent(&mut panel, &canvas), 1024);
    assert_eq!(sent(&mut panel, &canvas), 0);
    for (x, y) in [(5, 3), (9, 4), (100, 61)] {
        let pixel = canvas.get_pixel_mut(x, y);
        pixel.0 = [255 - pixel.0[0]; 3];
    }
    assert_eq!(sent(&mut panel, &canvas), 5 + 1);
    panel.invalidate();
    assert_eq!(sent(&mut panel, &canvas), 1024);
}

#[test]
fn says_that_the_panel_stopped_answering() {
    let bus = Bus::default();
    let mut panel = start_on(&bus, "");
    bus.with(|chip| chip.failing = Some((0, usize::MAX)));
    let error = panel.show(&picture((128, 64), 0), &Caption::default()).expect_err("nothing answers");
    assert!(error.to_string().contains("/dev/i2c-1") && error.to_string().contains("0x3d"), "{error}");
    assert!(matches!(error, DisplayError::Lost { .. }));
    drop(panel);
    let spec = "ssd1306:/dev/i2c-1?addr=0x3d".parse();
    let Ok(DisplaySpec::Oled(spec)) = spec else { panic!("it is a panel") };
    assert!(start(&spec, bus).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn shows_the_right_picture_again_after_errors_anywhere(
        steps in prop::collection::vec((0u32..4, prop::option::of((0usize..90, 1usize..4))), 1..6), rotate in 0u16..4,
    ) {
        let bus = Bus::default();
        let mut panel = start_on(&bus, &format!("&rotate={}", rotate * 90));
        for (seed, failing) in steps {
            bus.with(|chip| chip.failing = failing);
            let canvas = picture(panel.size(), seed);
            let mut tries = 0;
            while panel.show(&canvas, &Caption::default()).is_err() {
                tries += 1;
                prop_assert!(tries < 5);
            }
            let turned = match rotate {
                1 => imageops::rotate90(&canvas),
                2 => imageops::rotate180(&canvas),
                3 => imageops::rotate270(&canvas),
                _ => canvas,
            };
            prop_assert!(bus.with(|chip| chip.picture((128, 64), 0)) == turned);
        }
    }
}
