//! A simulated controller decodes what is sent to it back to the picture that its panel would show.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use embedded_hal::{digital, spi};
use image::{Rgb, imageops};

use super::{wire::TRANSFER_BYTES, *};

/// What a controller does with its address window and its memory, after the data sheets of ST7789 and ILI9341.
#[derive(Default)]
struct Controller240x320 {
    data: bool,
    command: u8,
    arguments: Vec<u8>,
    access: u8,
    columns: (usize, usize),
    pages: (usize, usize),
    next: usize,
    inverted: bool,
    on: bool,
    resets: usize,
    lit: bool,
    largest_transfer: usize,
    memory: Vec<u16>,
}

impl Controller240x320 {
    fn receive(&mut self, bytes: &[u8]) {
        self.largest_transfer = self.largest_transfer.max(bytes.len());
        for &byte in bytes {
            if !self.data {
                (self.command, self.next) = (byte, 0);
                self.arguments.clear();
                match byte {
                    0x01 => self.resets += 1,
                    0x20 => self.inverted = false,
                    0x21 => self.inverted = true,
                    0x29 => self.on = true,
                    _ => {}
                }
                continue;
            }
            self.arguments.push(byte);
            let window =
                |a: &[u8]| (usize::from(a[0]) << 8 | usize::from(a[1]), usize::from(a[2]) << 8 | usize::from(a[3]));
            match (self.command, self.arguments.len()) {
                (0x36, 1) => self.access = byte,
                (0x2A, 4) => self.columns = window(&self.arguments),
                (0x2B, 4) => self.pages = window(&self.arguments),
                (0x2C, 2) => {
                    let pixel = u16::from_be_bytes([self.arguments[0], byte]);
                    self.arguments.clear();
                    self.write(pixel);
                }
                _ => {}
            }
        }
    }

    fn write(&mut self, pixel: u16) {
        let width = self.columns.1 - self.columns.0 + 1;
        let (column, page) = (self.columns.0 + self.next % width, self.pages.0 + self.next / width);
        assert!(page <= self.pages.1, "more pixels than the window holds");
        self.next += 1;
        // MADCTL: bit 5 exchanges columns and pages, bit 6 mirrors columns, bit 7 mirrors pages.
        let (mut x, mut y) = if self.access & 0x20 == 0 { (column, page) } else { (page, column) };
        if self.access & 0x40 != 0 {
            x = 239 - x;
        }
        if self.access & 0x80 != 0 {
            y = 319 - y;
        }
        self.memory.resize(240 * 320, 0);
        self.memory[y * 240 + x] = pixel;
    }

    fn picture(&self, (left, top): (u32, u32), (width, height): (u32, u32)) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let pixel = self.memory[((y + top) * 240 + x + left) as usize];
            Rgb([(pixel >> 11 << 3) as u8, (pixel >> 5 << 2) as u8, (pixel << 3) as u8])
        })
    }
}

#[derive(Clone, Default)]
struct Board(Arc<Mutex<Controller240x320>>);

impl Board {
    fn with<T>(&self, act: impl FnOnce(&mut Controller240x320) -> T) -> T {
        act(&mut self.0.lock().expect("no test panics while it holds the lock"))
    }
}

impl spi::ErrorType for Board {
    type Error = Infallible;
}

impl SpiDevice for Board {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let spi::Operation::Write(bytes) = operation else { panic!("a panel is only written to") };
            self.with(|controller| controller.receive(bytes));
        }
        Ok(())
    }
}

enum Pin {
    Dc(Board),
    Reset(Board),
    Backlight(Board),
}

impl digital::ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        match self {
            Pin::Dc(board) => board.with(|controller| controller.data = false),
            Pin::Reset(board) => board.with(|controller| controller.resets += 1),
            Pin::Backlight(board) => board.with(|controller| controller.lit = false),
        }
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        match self {
            Pin::Dc(board) => board.with(|controller| controller.data = true),
            Pin::Reset(_) => {}
            Pin::Backlight(board) => board.with(|controller| controller.lit = true),
        }
        Ok(())
    }
}

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _ns: u32) {}
}

fn start_on(board: &Board, spec: &str) -> Box<dyn Panel> {
    let Ok(crate::display::spec::DisplaySpec::Spi(spec)) = spec.parse() else { panic!("{spec} is a panel") };
    let pins = || Pins {
        dc: Pin::Dc(board.clone()),
        reset: spec.reset.as_ref().map(|_| Pin::Reset(board.clone())),
        backlight: spec.backlight.as_ref().map(|_| Pin::Backlight(board.clone())),
    };
    let started = match spec.controller {
        Controller::St7789 => start(&spec, ST7789, board.clone(), pins(), NoDelay),
        Controller::Ili9341 => start(&spec, ILI9341Rgb565, board.clone(), pins(), NoDelay),
    };
    started.expect("the simulated panel starts")
}

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
