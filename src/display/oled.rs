//! Small panels whose pixels are on or off: SSD1306 on I2C.

use std::{io, path::Path};

use embedded_hal::i2c::I2c;
use image::RgbImage;
use linux_embedded_hal::{I2CError, I2cdev, i2cdev::linux::LinuxI2CError};
use ssd1306::{
    I2CDisplayInterface, Ssd1306,
    command::AddrMode,
    mode::{BufferedGraphicsMode, DisplayConfig},
    prelude::{Brightness, DisplayRotation, I2CInterface},
    size::{
        DisplaySize, DisplaySize64x32, DisplaySize64x48, DisplaySize72x40, DisplaySize96x16, DisplaySize128x32,
        DisplaySize128x64,
    },
};

use super::{Drawing, Panel, caption::Caption, error::DisplayError, spec::OledSpec};

/// A command that does nothing, behind the byte that announces a command.
const NOTHING: [u8; 2] = [0x00, 0xE3];

/// The address that answers on the bus at `path`, of the two that such panels have. Nothing is written.
pub fn probe(path: &Path) -> Result<Option<u8>, DisplayError> {
    let mut bus = open_bus(path)?;
    Ok([0x3c, 0x3d].into_iter().find(|&address| bus.read(address, &mut [0]).is_ok()))
}

fn open_bus(path: &Path) -> Result<I2cdev, DisplayError> {
    let missing = "switch I2C on with raspi-config (on a Jetson, jetson-io) and restart";
    I2cdev::new(path).map_err(|error| DisplayError::open(path, io::Error::from(error), "i2c", missing))
}

/// Opens the bus, and starts the panel on it.
pub fn open(spec: &OledSpec) -> Result<Box<dyn Panel>, DisplayError> {
    let mut bus = open_bus(&spec.device)?;
    bus.write(spec.address, &NOTHING).map_err(|error| unanswered(spec, &error))?;
    start(spec, bus)
}

/// Starts a panel of the size that `spec` says.
fn start<B: I2c + Send + 'static>(spec: &OledSpec, bus: B) -> Result<Box<dyn Panel>, DisplayError> {
    match spec.size {
        (128, 32) => sized(spec, bus, DisplaySize128x32),
        (96, 16) => sized(spec, bus, DisplaySize96x16),
        (72, 40) => sized(spec, bus, DisplaySize72x40),
        (64, 48) => sized(spec, bus, DisplaySize64x48),
        (64, 32) => sized(spec, bus, DisplaySize64x32),
        _ => sized(spec, bus, DisplaySize128x64),
    }
}

fn sized<B, S>(spec: &OledSpec, bus: B, size: S) -> Result<Box<dyn Panel>, DisplayError>
where
    B: I2c + Send + 'static,
    S: DisplaySize<Buffer: Send> + Send + 'static,
{
    let rotation = match spec.rotate {
        90 => DisplayRotation::Rotate90,
        180 => DisplayRotation::Rotate180,
        270 => DisplayRotation::Rotate270,
        _ => DisplayRotation::Rotate0,
    };
    let interface = I2CDisplayInterface::new_custom_address(bus, spec.address);
    let display = Ssd1306::new(interface, size, rotation).into_buffered_graphics_mode();
    let mut panel = Oled { spec: spec.clone(), display, lit: None };
    panel.start().map_err(|_| silent(spec))?;
    Ok(Box::new(panel))
}

/// A panel in use; it goes dark when it is dropped.
struct Oled<B: I2c, S: DisplaySize> {
    spec: OledSpec,
    display: Ssd1306<I2CInterface<B>, S, BufferedGraphicsMode<S>>,
    /// The pixels that are shown, as far as they are known.
    lit: Option<Vec<bool>>,
}

/// The driver's error, which keeps nothing of what the bus said.
type Failed =
    <Ssd1306<I2CInterface<I2cdev>, DisplaySize128x64, BufferedGraphicsMode<DisplaySize128x64>> as DisplayConfig>::Error;

impl<B: I2c, S: DisplaySize> Oled<B, S> {
    fn start(&mut self) -> Result<(), Failed> {
        // A panel that has just got its power shows nothing yet, but its memory is full of noise.
        self.display.set_addr_mode(AddrMode::Horizontal)?;
        self.display.clear_buffer();
        self.display.flush()?;
        self.display.init()?;
        self.display.set_brightness(Brightness::custom(2, self.spec.contrast))?;
        self.display.set_invert(self.spec.invert)
    }

    /// Sends the pixels `now`, row by row of the picture, of which `before` are shown already.
    fn send(&mut self, before: Option<&[bool]>, now: &[bool], width: usize) -> Result<(), Failed> {
        let Some(before) = before else {
            // Clearing marks the whole buffer as changed.
            self.display.clear_buffer();
            for (at, _) in now.iter().enumerate().filter(|(_, lit)| **lit) {
                self.display.set_pixel((at % width) as u32, (at / width) as u32, true);
            }
            return self.display.flush();
        };
        // What the driver sends is the rectangle around all changes, so those far apart are sent one after another.
        for band in 0..now.len().div_ceil(8 * width) {
            for at in band * 8 * width..now.len().min((band + 1) * 8 * width) {
                if before[at] != now[at] {
                    self.display.set_pixel((at % width) as u32, (at / width) as u32, now[at]);
                }
            }
            self.display.flush()?;
        }
        Ok(())
    }
}

impl<B, S> Panel for Oled<B, S>
where
    B: I2c + Send,
    S: DisplaySize<Buffer: Send> + Send,
{
    fn describe(&self) -> String {
        let (width, height) = self.size();
        format!("SSD1306 {width}×{height} on {}, address {:#04x}", self.spec.device.display(), self.spec.address)
    }

    fn size(&self) -> (u32, u32) {
        let (width, height) = self.display.dimensions();
        (width.into(), height.into())
    }

    fn drawing(&self) -> Drawing {
        Drawing::OneBit
    }

    fn show(&mut self, canvas: &RgbImage, _caption: &Caption) -> Result<(), DisplayError> {
        if canvas.dimensions() != self.size() {
            return Err(DisplayError::Size { given: canvas.dimensions(), wanted: self.size() });
        }
        let lit: Vec<bool> = canvas.pixels().map(|pixel| is_lit(pixel.0)).collect();
        // Until everything has arrived, nothing is known.
        let before = self.lit.take();
        self.send(before.as_deref(), &lit, canvas.width() as usize).map_err(|_| silent(&self.spec))?;
        self.lit = Some(lit);
        Ok(())
    }

    fn invalidate(&mut self) {
        self.lit = None;
    }
}

impl<B: I2c, S: DisplaySize> Drop for Oled<B, S> {
    fn drop(&mut self) {
        if self.display.set_display_on(false).is_err() {
            log::warn!("the panel keeps its last picture: {}", silent(&self.spec));
        }
    }
}

/// Whether a colour is nearer to white than to black.
fn is_lit(rgb: [u8; 3]) -> bool {
    rgb.iter().map(|&value| u32::from(value)).sum::<u32>() >= 3 * 128
}

fn silent(spec: &OledSpec) -> DisplayError {
    let reason = format!("it stopped answering at address {:#04x}; check its four wires", spec.address);
    DisplayError::lost(&spec.device, reason)
}

/// The panel did not take its first byte.
fn unanswered(spec: &OledSpec, error: &I2CError) -> DisplayError {
    let OledSpec { device, address, .. } = spec;
    let errno = match error.inner() {
        LinuxI2CError::Errno(errno) => Some(*errno),
        LinuxI2CError::Io(error) => error.raw_os_error(),
    };
    if errno == Some(libc::EBUSY) {
        let reason = format!(
            "a kernel driver has the address {address:#04x}; use fb: with its framebuffer, or remove its overlay"
        );
        return DisplayError::busy(device, reason);
    }
    let look = format!("`i2cdetect -y {}` shows which addresses answer", bus_number(device));
    DisplayError::lost(
        device,
        format!("nothing answers at address {address:#04x} ({error}); check its four wires; {look}"),
    )
}

/// The number of the bus `/dev/i2c-1`.
fn bus_number(device: &Path) -> String {
    let name = device.file_name().unwrap_or_default().to_string_lossy();
    name.rsplit('-').next().unwrap_or_default().into()
}

#[cfg(test)]
pub mod simulator;
#[cfg(test)]
mod tests;
