//! What a display SPEC says, before anything is opened.

mod options;

use std::{path::PathBuf, str::FromStr};

use super::error::DisplayError;
use crate::gpio::LineSpec;
use options::{Options, byte, mode, pair, required, rotation, size, split_query, yes};

/// The kinds there are, for messages.
const KINDS: &str = "terminal, png:PATH, fb:/dev/fb0, drm:/dev/dri/card0, st7789:/dev/spidev0.0?dc=GPIO25, \
                     ili9341:/dev/spidev0.0?dc=GPIO25, ssd1306:/dev/i2c-1 or none";

/// A display SPEC, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisplaySpec {
    /// `terminal`: the terminal on standard output.
    Terminal,
    /// `none`: shows nothing.
    None,
    /// `png:PATH`: a file that is replaced with every picture, or numbered files where PATH holds `%d`.
    Png { path: PathBuf, size: (u32, u32) },
    /// `fb:/dev/fb0`: a Linux framebuffer, the picture turned clockwise by `rotate` degrees: 0, 90, 180 or 270.
    Framebuffer { path: PathBuf, rotate: u16 },
    /// `drm:/dev/dri/card0`: a screen on a graphics card, by kernel mode setting.
    Drm(DrmSpec),
    /// `st7789:` or `ili9341:`: a small panel on SPI.
    Spi(SpiSpec),
    /// `ssd1306:/dev/i2c-1`: a small black and white panel on I2C.
    Oled(OledSpec),
}

/// The chip that drives a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// Sitronix ST7789, 240×320.
    St7789,
    /// Ilitek ILI9341, 240×320.
    Ili9341,
}

/// How a panel is wired and mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpiSpec {
    /// The chip that drives the panel.
    pub controller: Controller,
    /// The bus, such as `/dev/spidev0.0`.
    pub device: PathBuf,
    /// Tells data from commands.
    pub dc: LineSpec,
    /// Resets the controller; without it a command does.
    pub reset: Option<LineSpec>,
    /// Switches the backlight on.
    pub backlight: Option<LineSpec>,
    /// Columns and rows of the unrotated panel.
    pub size: (u16, u16),
    /// Columns and rows of the controller's memory before the panel's first pixel.
    pub offset: (u16, u16),
    /// Clockwise turn of the picture in degrees: 0, 90, 180 or 270.
    pub rotate: u16,
    /// Clock of the bus in hertz.
    pub hz: u32,
    /// Whether the panel shows inverted colours unless told to invert them.
    pub invert: bool,
    /// Whether red and blue are exchanged on the panel.
    pub bgr: bool,
}

/// Which screen of a graphics card, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrmSpec {
    /// The card, such as `/dev/dri/card0`.
    pub device: PathBuf,
    /// The connector's name, such as `HDMI-A-1`; the first with a screen if `None`.
    pub connector: Option<String>,
    /// Columns and rows, and the rate in hertz if it matters; the screen's preferred mode if `None`.
    pub mode: Option<((u32, u32), Option<u32>)>,
    /// Clockwise turn of the picture in degrees: 0, 90, 180 or 270.
    pub rotate: u16,
}

/// A panel with an SSD1306.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OledSpec {
    /// The bus, such as `/dev/i2c-1`.
    pub device: PathBuf,
    /// The address on the bus, of 7 bits.
    pub address: u8,
    /// Columns and rows of the unrotated panel: one of [`OLED_SIZES`].
    pub size: (u32, u32),
    /// Clockwise turn of the picture in degrees: 0, 90, 180 or 270.
    pub rotate: u16,
    /// Brightness of lit pixels, 0 to 255.
    pub contrast: u8,
    /// Whether pixels that should be lit are dark, and the others lit.
    pub invert: bool,
}

/// Columns and rows of the panels that are made with an SSD1306.
pub const OLED_SIZES: [(u32, u32); 6] = [(128, 64), (128, 32), (96, 16), (72, 40), (64, 48), (64, 32)];

impl FromStr for DisplaySpec {
    type Err = DisplayError;

    fn from_str(spec: &str) -> Result<Self, DisplayError> {
        parse(spec).map_err(|reason| DisplayError::Spec { spec: spec.into(), reason })
    }
}

fn parse(spec: &str) -> Result<DisplaySpec, String> {
    let (kind, rest) = spec.split_once(':').unwrap_or((spec, ""));
    let (path, query) = split_query(rest);
    let mut options = Options::new(query)?;
    let parsed = match kind {
        "terminal" | "none" if !rest.is_empty() => return Err(format!("{kind} takes nothing after it")),
        "terminal" => DisplaySpec::Terminal,
        "none" => DisplaySpec::None,
        "png" => DisplaySpec::Png {
            path: required(path, "png:screen.png")?,
            size: options.take("size", "320x240", size)?.unwrap_or((640, 480)),
        },
        "fb" => DisplaySpec::Framebuffer {
            path: required(path, "fb:/dev/fb0")?,
            rotate: options.take("rotate", "90", rotation)?.unwrap_or(0),
        },
        "drm" => DisplaySpec::Drm(drm(path, &mut options)?),
        "ssd1306" => DisplaySpec::Oled(oled(path, &mut options)?),
        "st7789" => DisplaySpec::Spi(spi(Controller::St7789, path, &mut options)?),
        "ili9341" => DisplaySpec::Spi(spi(Controller::Ili9341, path, &mut options)?),
        "sh1106" | "ssd1309" | "ssd1351" | "st7735" | "ili9486" | "ili9488" => {
            return Err(format!(
                "this controller is not driven directly; with a kernel driver for it, use fb:; the kinds are {KINDS}"
            ));
        }
        _ => return Err(format!("the kinds are {KINDS}")),
    };
    options.finish()?;
    Ok(parsed)
}

fn spi(controller: Controller, path: &str, options: &mut Options) -> Result<SpiSpec, String> {
    let example = match controller {
        Controller::St7789 => "st7789:/dev/spidev0.0?dc=GPIO25&rst=GPIO27",
        Controller::Ili9341 => "ili9341:/dev/spidev0.0?dc=GPIO25&rst=GPIO27",
    };
    // Nearly all modules with an ST7789 have an IPS panel, which is inverted.
    let inverted = controller == Controller::St7789;
    let small = |text: &str| size(text).and_then(|(w, h)| Some((u16::try_from(w).ok()?, u16::try_from(h).ok()?)));
    let spec = SpiSpec {
        controller,
        device: required(path, example)?,
        dc: options.take("dc", "GPIO25", LineSpec::parse)?.ok_or(format!("dc= is missing, as in {example}"))?,
        reset: options.take("rst", "GPIO27", LineSpec::parse)?,
        backlight: options.take("bl", "GPIO18", LineSpec::parse)?,
        size: options.take("size", "240x240", small)?.unwrap_or((240, 320)),
        offset: options.take("offset", "0,80", pair)?.unwrap_or((0, 0)),
        rotate: options.take("rotate", "90", rotation)?.unwrap_or(0),
        hz: options.take("hz", "32000000", |text| text.parse().ok().filter(|&hz| hz > 0))?.unwrap_or(32_000_000),
        invert: options.take("invert", "yes or no", yes)?.unwrap_or(inverted),
        bgr: options.take("bgr", "yes or no", yes)?.unwrap_or(controller == Controller::Ili9341),
    };
    let ends = (u32::from(spec.size.0) + u32::from(spec.offset.0), u32::from(spec.size.1) + u32::from(spec.offset.1));
    if ends.0 > 240 || ends.1 > 320 {
        let (w, h) = ends;
        return Err(format!("size and offset reach {w}×{h}, but the controller's memory ends at 240×320 (unrotated)"));
    }
    Ok(spec)
}

fn drm(path: &str, options: &mut Options) -> Result<DrmSpec, String> {
    Ok(DrmSpec {
        device: required(path, "drm:/dev/dri/card0")?,
        connector: options
            .take("connector", "HDMI-A-1", |text| Some(text.to_owned()).filter(|name| !name.is_empty()))?,
        mode: options.take("mode", "1920x1080 or mode=1920x1080@60", mode)?,
        rotate: options.take("rotate", "90", rotation)?.unwrap_or(0),
    })
}

fn oled(path: &str, options: &mut Options) -> Result<OledSpec, String> {
    let spec = OledSpec {
        device: required(path, "ssd1306:/dev/i2c-1")?,
        address: options.take("addr", "0x3c", byte)?.unwrap_or(0x3c),
        size: options.take("size", "128x64", size)?.unwrap_or(OLED_SIZES[0]),
        rotate: options.take("rotate", "180", rotation)?.unwrap_or(0),
        contrast: options.take("contrast", "127 (0 to 255)", byte)?.unwrap_or(0x7F),
        invert: options.take("invert", "yes or no", yes)?.unwrap_or(false),
    };
    // Boards are often marked with the address as it travels on the wire, one bit further left.
    if spec.address > 0x77 {
        let seven = spec.address >> 1;
        return Err(format!(
            "addresses end at 0x77; a board marked {:#04x} answers at addr={seven:#04x}",
            spec.address
        ));
    }
    if !OLED_SIZES.contains(&spec.size) {
        let sizes: Vec<String> = OLED_SIZES.iter().map(|(w, h)| format!("{w}x{h}")).collect();
        let (w, h) = spec.size;
        return Err(format!("there is no such panel of {w}x{h}; the sizes are {}", sizes.join(", ")));
    }
    Ok(spec)
}

#[cfg(test)]
mod tests;
