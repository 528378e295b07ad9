//! A simulated SSD1306 decodes what is sent to it back to the picture that its panel would show.

use std::sync::{Arc, Mutex};

use embedded_hal::i2c::{ErrorKind, ErrorType, NoAcknowledgeSource, Operation};
use image::{Rgb, imageops};
use proptest::prelude::*;

use super::*;
use crate::display::spec::{DisplaySpec, OLED_SIZES};

/// Commands, addressing and memory, after the data sheet.
#[derive(Default)]
struct Chip {
    command: Vec<u8>,
    horizontal: bool,
    columns: (usize, usize),
    pages: (usize, usize),
    at: (usize, usize),
    /// Whether column 0 of the memory is at segment 127, which decides where data are written.
    remapped: bool,
    /// Whether the rows are scanned from the last to the first, which decides where they are seen.
    upwards: bool,
    rows: usize,
    contrast: u8,
    inverted: bool,
    on: bool,
    /// Bytes of data received.
    received: usize,
    /// Writes that succeed before those that fail, and how many of those.
    failing: Option<(usize, usize)>,
    /// Bytes of each segment, page by page.
    memory: [Vec<u8>; 8],
}

impl Chip {
    fn order(&mut self, byte: u8) {
        self.command.push(byte);
        let arguments = match self.command[0] {
            0x21 | 0x22 => 2,
            0x20 | 0x81 | 0x8D | 0xA8 | 0xAD | 0xD3 | 0xD5 | 0xD9 | 0xDA | 0xDB => 1,
            _ => 0,
        };
        if self.command.len() <= arguments {
            return;
        }
        let command = std::mem::take(&mut self.command);
        let argument = |index: usize| usize::from(command[index]);
        match command[0] {
            0x20 => self.horizontal = command[1] == 0,
            0x21 => (self.columns, self.at.0) = ((argument(1), argument(2)), argument(1)),
            0x22 => (self.pages, self.at.1) = ((argument(1), argument(2)), argument(1)),
            0x81 => self.contrast = command[1],
            0xA0 | 0xA1 => self.remapped = command[0] == 0xA1,
            0xA6 | 0xA7 => self.inverted = command[0] == 0xA7,
            0xA8 => self.rows = argument(1) + 1,
            0xAE | 0xAF => self.on = command[0] == 0xAF,
            0xC0 | 0xC8 => self.upwards = command[0] == 0xC8,
            _ => {}
        }
    }

    fn store(&mut self, byte: u8) {
        assert!(self.horizontal, "data before the addressing mode");
        self.received += 1;
        let (column, page) = self.at;
        let segment = if self.remapped { 127 - column } else { column };
        self.memory[page][segment] = byte;
        self.at.0 += 1;
        if self.at.0 > self.columns.1 {
            self.at = (self.columns.0, page + 1);
        }
        if self.at.1 > self.pages.1 {
            self.at.1 = self.pages.0;
        }
    }

    /// What is seen on a panel of `size` that is mounted as modules are: segment 127 on the left, the last row on top.
    /// `left` segments beside it are not connected.
    fn picture(&self, (width, height): (u32, u32), left: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let row = if self.upwards { y as usize } else { self.rows - 1 - y as usize };
            let byte = self.memory[row / 8][127 - (x + left) as usize];
            let lit = (byte >> (row % 8) & 1 == 1) != self.inverted;
            Rgb([if lit && self.on { 255 } else { 0 }; 3])
        })
    }
}

#[derive(Clone)]
struct Bus(Arc<Mutex<Chip>>);

impl Default for Bus {
    fn default() -> Self {
        let memory = std::array::from_fn(|_| vec![0; 128]);
        Self(Arc::new(Mutex::new(Chip { memory, ..Chip::default() })))
    }
}

impl Bus {
    fn with<T>(&self, act: impl FnOnce(&mut Chip) -> T) -> T {
        act(&mut self.0.lock().expect("no test panics while it holds the lock"))
    }
}

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        assert_eq!(address, 0x3d);
        self.with(|chip| {
            if let Some((before, failing)) = &mut chip.failing {
                match (*before, *failing) {
                    (0, 0) => chip.failing = None,
                    (0, _) => {
                        *failing -= 1;
                        return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
                    }
                    _ => *before -= 1,
                }
            }
            for operation in operations {
                let Operation::Write(bytes) = operation else { panic!("a panel is only written to") };
                match bytes.split_first() {
                    Some((0x00, commands)) => commands.iter().for_each(|&byte| chip.order(byte)),
                    Some((0x40, data)) => data.iter().for_each(|&byte| chip.store(byte)),
                    _ => panic!("neither commands nor data"),
                }
            }
            Ok(())
        })
    }
}

fn start_on(bus: &Bus, options: &str) -> Box<dyn Panel> {
    let spec = format!("ssd1306:/dev/i2c-1?addr=0x3d{options}");
    let Ok(DisplaySpec::Oled(spec)) = spec.parse() else { panic!("{spec} is a panel") };
    start(&spec, bus.clone()).expect("the simulated panel starts")
}

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
    assert_eq!(error.in_short(), "not answering");
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
