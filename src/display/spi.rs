//! Small panels on SPI: ST7789 and ILI9341.

mod wire;

use std::{
    fmt::{Debug, Display as Text},
    ops::Range,
    path::PathBuf,
};

use embedded_graphics::pixelcolor::{Rgb565, Rgb888};
use embedded_hal::{delay::DelayNs, digital::OutputPin, spi::SpiDevice};
use image::RgbImage;
use linux_embedded_hal::{
    CdevPin, Delay, SpidevDevice,
    spidev::{SpiModeFlags, SpidevOptions},
};
use mipidsi::{
    Builder, Display, InitError,
    interface::SpiError,
    models::{ILI9341Rgb565, Model, ST7789},
    options::{ColorInversion, ColorOrder, Orientation, Rotation},
};

use super::{
    Panel,
    caption::Caption,
    error::DisplayError,
    shown::Shown,
    spec::{Controller, SpiSpec},
};
use crate::gpio::{self, LineSpec, Wiring};
use wire::Wire;

/// Opens the bus and the lines of a panel, and starts the panel.
pub fn open(spec: &SpiSpec) -> Result<Box<dyn Panel>, DisplayError> {
    let missing = "switch SPI on with raspi-config (on a Jetson, jetson-io) and restart";
    let mut bus = SpidevDevice::open(&spec.device)
        .map_err(|error| DisplayError::open(&spec.device, copy(error.inner()), "spi", missing))?;
    let options = SpidevOptions::new().bits_per_word(8).max_speed_hz(spec.hz).mode(SpiModeFlags::SPI_MODE_0).build();
    bus.configure(&options)
        .map_err(|error| device(spec, format!("its clock cannot be set to {} Hz: {error}", spec.hz)))?;

    let dc = output(spec, &spec.dc)?;
    let reset = spec.reset.as_ref().map(|line| output(spec, line)).transpose()?;
    let backlight = spec.backlight.as_ref().map(|line| output(spec, line)).transpose()?;
    match spec.controller {
        Controller::St7789 => start(spec, ST7789, bus, Pins { dc, reset, backlight }, Delay),
        Controller::Ili9341 => start(spec, ILI9341Rgb565, bus, Pins { dc, reset, backlight }, Delay),
    }
}

/// The lines beside the bus.
struct Pins<P> {
    dc: P,
    reset: Option<P>,
    backlight: Option<P>,
}

/// Starts the panel and returns it, its backlight on.
fn start<S, P, M>(
    spec: &SpiSpec,
    model: M,
    bus: S,
    pins: Pins<P>,
    mut delay: impl DelayNs,
) -> Result<Box<dyn Panel>, DisplayError>
where
    S: SpiDevice<Error: Text> + Send + 'static,
    P: OutputPin<Error: Text> + Send + 'static,
    M: Model<ColorFormat = Rgb565> + Send + 'static,
{
    let rotation = match spec.rotate {
        90 => Rotation::Deg90,
        180 => Rotation::Deg180,
        270 => Rotation::Deg270,
        _ => Rotation::Deg0,
    };
    let builder = Builder::new(model, Wire::new(bus, pins.dc))
        .display_size(spec.size.0, spec.size.1)
        .display_offset(spec.offset.0, spec.offset.1)
        .orientation(Orientation::new().rotate(rotation))
        .invert_colors(if spec.invert { ColorInversion::Inverted } else { ColorInversion::Normal })
        .color_order(if spec.bgr { ColorOrder::Bgr } else { ColorOrder::Rgb });
    let backlight = pins.backlight;
    match pins.reset {
        Some(reset) => {
            let display = builder.reset_pin(reset).init(&mut delay).map_err(|error| not_started(spec, error))?;
            finish(spec, display, backlight)
        }
        None => finish(spec, builder.init(&mut delay).map_err(|error| not_started(spec, error))?, backlight),
    }
}

/// Switches the backlight on over a black picture.
fn finish<S, P, M, R>(
    spec: &SpiSpec,
    display: Bus<S, P, M, R>,
    backlight: Option<P>,
) -> Result<Box<dyn Panel>, DisplayError>
where
    S: SpiDevice<Error: Text> + Send + 'static,
    P: OutputPin<Error: Text> + Send + 'static,
    M: Model<ColorFormat = Rgb565> + Send + 'static,
    R: OutputPin + Send + 'static,
{
    let (w, h) = spec.size;
    let size = if spec.rotate.is_multiple_of(180) { (w, h) } else { (h, w) };
    let shown = Shown::unknown((size.0.into(), size.1.into()));
    let mut panel = SpiPanel { spec: spec.clone(), size, display, shown, backlight };
    panel.blacken()?;
    if let Some(pin) = &mut panel.backlight {
        pin.set_high().map_err(|error| device(spec, format!("its backlight line cannot be set: {error}")))?;
    }
    Ok(Box::new(panel))
}

type Bus<S, P, M, R> = Display<Wire<S, P>, M, R>;

/// A panel in use; it goes dark when it is dropped.
struct SpiPanel<S: SpiDevice<Error: Text>, P: OutputPin<Error: Text>, M: Model<ColorFormat = Rgb565>, R: OutputPin> {
    spec: SpiSpec,
    size: (u16, u16),
    display: Bus<S, P, M, R>,
    shown: Shown,
    backlight: Option<P>,
}

impl<S, P, M, R> SpiPanel<S, P, M, R>
where
    S: SpiDevice<Error: Text>,
    P: OutputPin<Error: Text>,
    M: Model<ColorFormat = Rgb565>,
    R: OutputPin,
{
    fn blacken(&mut self) -> Result<(), DisplayError> {
        let (width, height) = self.size;
        let pixels = std::iter::repeat_n(Rgb565::new(0, 0, 0), usize::from(width) * usize::from(height));
        self.display
            .set_pixels(0, 0, width - 1, height - 1, pixels)
            .map_err(|error| DisplayError::lost(&self.spec.device, reason(error)))
    }
}

/// Sends the rows `rows` of `canvas`, which has the panel's size.
fn send<S, P, M, R>(
    display: &mut Bus<S, P, M, R>,
    canvas: &RgbImage,
    rows: &Range<u32>,
) -> Result<(), SpiError<S::Error, P::Error>>
where
    S: SpiDevice,
    P: OutputPin,
    M: Model<ColorFormat = Rgb565>,
    R: OutputPin,
{
    let row_bytes = canvas.width() as usize * 3;
    let bytes = &canvas.as_raw()[rows.start as usize * row_bytes..rows.end as usize * row_bytes];
    let pixels = bytes.chunks_exact(3).map(|pixel| Rgb888::new(pixel[0], pixel[1], pixel[2]).into());
    // The sides of a panel are of 16 bits.
    display.set_pixels(0, rows.start as u16, canvas.width() as u16 - 1, rows.end as u16 - 1, pixels)
}

impl<S, P, M, R> Panel for SpiPanel<S, P, M, R>
where
    S: SpiDevice<Error: Text> + Send,
    P: OutputPin<Error: Text> + Send,
    M: Model<ColorFormat = Rgb565> + Send,
    R: OutputPin + Send,
{
    fn describe(&self) -> String {
        let name = match self.spec.controller {
            Controller::St7789 => "ST7789",
            Controller::Ili9341 => "ILI9341",
        };
        format!("{name} {}×{} on {}", self.size.0, self.size.1, self.spec.device.display())
    }

    fn size(&self) -> (u32, u32) {
        (self.size.0.into(), self.size.1.into())
    }

    fn show(&mut self, canvas: &RgbImage, _caption: &Caption) -> Result<(), DisplayError> {
        let (display, path) = (&mut self.display, &self.spec.device);
        self.shown.update(canvas, |bands| {
            let mut bands = bands.iter();
            bands
                .try_for_each(|rows| send(display, canvas, rows))
                .map_err(|error| DisplayError::lost(path, reason(error)))
        })
    }

    fn invalidate(&mut self) {
        self.shown.forget();
    }
}

impl<S, P, M, R> Drop for SpiPanel<S, P, M, R>
where
    S: SpiDevice<Error: Text>,
    P: OutputPin<Error: Text>,
    M: Model<ColorFormat = Rgb565>,
    R: OutputPin,
{
    fn drop(&mut self) {
        if let Err(error) = self.blacken() {
            log::warn!("the panel keeps its last picture: {error}");
        }
        if let Some(Err(error)) = self.backlight.as_mut().map(|pin| pin.set_low()) {
            log::warn!("the backlight stays on: {error}");
        }
    }
}

/// Takes a GPIO line as an output, low.
fn output(spec: &SpiSpec, line: &LineSpec) -> Result<CdevPin, DisplayError> {
    let wiring = Wiring { line: line.clone(), active_low: false };
    gpio::Output::open(&wiring).and_then(gpio::Output::into_pin).map_err(|error| device(spec, error.to_string()))
}

fn device(spec: &SpiSpec, reason: String) -> DisplayError {
    DisplayError::Device { path: PathBuf::from(&spec.device), reason }
}

fn not_started<S: Text, P: Text, R: Debug>(spec: &SpiSpec, error: InitError<SpiError<S, P>, R>) -> DisplayError {
    match error {
        InitError::Interface(error) => DisplayError::lost(&spec.device, reason(error)),
        InitError::ResetPin(error) => device(spec, format!("its reset line cannot be set: {error:?}")),
        InitError::InvalidConfiguration(error) => {
            device(spec, format!("the controller cannot show this size: {error:?}"))
        }
    }
}

fn reason<S: Text, P: Text>(error: SpiError<S, P>) -> String {
    match error {
        SpiError::Spi(error) => format!("writing to the bus failed: {error}; see `dmesg` for what its driver says"),
        SpiError::Dc(error) => format!("its dc line cannot be set: {error}"),
    }
}

fn copy(error: &std::io::Error) -> std::io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error)
}

#[cfg(test)]
pub mod simulator;
#[cfg(test)]
mod tests;
