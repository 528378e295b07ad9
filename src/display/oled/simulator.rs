//! A simulated SSD1306 decodes what is sent to it back to the picture that its panel would show.

use std::sync::{Arc, Mutex};

use embedded_hal::i2c::{ErrorKind, ErrorType, NoAcknowledgeSource, Operation};
use image::Rgb;

use super::*;
use crate::display::spec::DisplaySpec;

/// Commands, addressing and memory, after the data sheet.
#[derive(Default)]
pub struct Chip {
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
    pub contrast: u8,
    pub inverted: bool,
    pub on: bool,
    /// Bytes of data received.
    pub received: usize,
    /// Writes that succeed before those that fail, and how many of those.
    pub failing: Option<(usize, usize)>,
    /// Bytes of each segment, page by page.
    pub memory: [Vec<u8>; 8],
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
    pub fn picture(&self, (width, height): (u32, u32), left: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let row = if self.upwards { y as usize } else { self.rows - 1 - y as usize };
            let byte = self.memory[row / 8][127 - (x + left) as usize];
            let lit = (byte >> (row % 8) & 1 == 1) != self.inverted;
            Rgb([if lit && self.on { 255 } else { 0 }; 3])
        })
    }
}

#[derive(Clone)]
/// A chip at address 0x3d, shared with whoever looks at it.
pub struct Bus(Arc<Mutex<Chip>>);

impl Default for Bus {
    fn default() -> Self {
        let memory = std::array::from_fn(|_| vec![0; 128]);
        Self(Arc::new(Mutex::new(Chip { memory, ..Chip::default() })))
    }
}

impl Bus {
    /// Looks at the chip, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Chip) -> T) -> T {
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

/// Starts the panel with `options` on the bus.
pub fn start_on(bus: &Bus, options: &str) -> Box<dyn Panel> {
    let spec = format!("ssd1306:/dev/i2c-1?addr=0x3d{options}");
    let Ok(DisplaySpec::Oled(spec)) = spec.parse() else { panic!("{spec} is a panel") };
    start(&spec, bus.clone()).expect("the simulated panel starts")
}
