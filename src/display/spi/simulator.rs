//! A simulated controller decodes what is sent to it back to the picture that its panel would show.

use std::sync::{Arc, Mutex};

use embedded_hal::{digital, spi};
use image::Rgb;

use super::*;

/// What a controller does with its address window and its memory, after the data sheets of ST7789 and ILI9341.
#[derive(Default)]
pub struct Controller240x320 {
    data: bool,
    command: u8,
    arguments: Vec<u8>,
    pub access: u8,
    columns: (usize, usize),
    pages: (usize, usize),
    next: usize,
    pub inverted: bool,
    pub on: bool,
    pub resets: usize,
    pub lit: bool,
    pub largest_transfer: usize,
    pub memory: Vec<u16>,
    /// Everything since it was last cleared: commands as `(false, byte)`, data as `(true, byte)`.
    pub traffic: Vec<(bool, u8)>,
    /// Transfers that succeed before those that fail, and how many of those.
    pub failing: Option<(usize, usize)>,
}

impl Controller240x320 {
    fn receive(&mut self, bytes: &[u8]) {
        self.largest_transfer = self.largest_transfer.max(bytes.len());
        for &byte in bytes {
            self.traffic.push((self.data, byte));
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

    /// Whether the next transfer goes through.
    fn passes(&mut self) -> bool {
        match &mut self.failing {
            None => true,
            Some((0, 0)) => {
                self.failing = None;
                true
            }
            Some((0, failing)) => {
                *failing -= 1;
                false
            }
            Some((before, _)) => {
                *before -= 1;
                true
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

    /// What the memory holds from `left`, `top` on.
    pub fn picture(&self, (left, top): (u32, u32), (width, height): (u32, u32)) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let pixel = self.memory[((y + top) * 240 + x + left) as usize];
            Rgb([(pixel >> 11 << 3) as u8, (pixel >> 5 << 2) as u8, (pixel << 3) as u8])
        })
    }
}

/// A controller, shared by the wires that lead to it.
#[derive(Clone, Default)]
pub struct Board(pub Arc<Mutex<Controller240x320>>);

impl Board {
    /// Looks at the controller, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Controller240x320) -> T) -> T {
        act(&mut self.0.lock().expect("no test panics while it holds the lock"))
    }
}

impl spi::ErrorType for Board {
    type Error = spi::ErrorKind;
}

impl SpiDevice for Board {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), spi::ErrorKind> {
        if !self.with(Controller240x320::passes) {
            return Err(spi::ErrorKind::Other);
        }
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
    type Error = digital::ErrorKind;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), digital::ErrorKind> {
        match self {
            Pin::Dc(board) => board.with(|controller| controller.data = false),
            Pin::Reset(board) => board.with(|controller| controller.resets += 1),
            Pin::Backlight(board) => board.with(|controller| controller.lit = false),
        }
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), digital::ErrorKind> {
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

/// Starts the panel that `spec` names on the board.
pub fn try_start_on(board: &Board, spec: &str) -> Result<Box<dyn Panel>, DisplayError> {
    let Ok(crate::display::spec::DisplaySpec::Spi(spec)) = spec.parse() else { panic!("{spec} is a panel") };
    let pins = || Pins {
        dc: Pin::Dc(board.clone()),
        reset: spec.reset.as_ref().map(|_| Pin::Reset(board.clone())),
        backlight: spec.backlight.as_ref().map(|_| Pin::Backlight(board.clone())),
    };
    match spec.controller {
        Controller::St7789 => start(&spec, ST7789, board.clone(), pins(), NoDelay),
        Controller::Ili9341 => start(&spec, ILI9341Rgb565, board.clone(), pins(), NoDelay),
    }
}

/// The same where nothing fails.
pub fn start_on(board: &Board, spec: &str) -> Box<dyn Panel> {
    try_start_on(board, spec).expect("the simulated panel starts")
}
