//! What a display SPEC says, before anything is opened.

use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

use super::error::DisplayError;

/// The kinds that work, for messages.
const KINDS: &str = "terminal, png:PATH, fb:/dev/fb0, st7789:/dev/spidev0.0?dc=GPIO25, ili9341:/dev/spidev0.0?dc=GPIO25 \
                     or none";

/// A display SPEC, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisplaySpec {
    /// `terminal`: the terminal on standard output.
    Terminal,
    /// `none`: shows nothing.
    None,
    /// `png:PATH`: a file that is replaced with every picture, or numbered files where PATH holds `%d`.
    Png { path: PathBuf, size: (u32, u32) },
    /// `fb:/dev/fb0`: a Linux framebuffer.
    Framebuffer { path: PathBuf },
    /// `st7789:` or `ili9341:`: a small panel on SPI.
    Spi(SpiSpec),
}

/// The chip that drives a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// Sitronix ST7789, 240×320.
    St7789,
    /// Ilitek ILI9341, 240×320.
    Ili9341,
}

/// A GPIO line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineSpec {
    /// By the name that the board gives it, on whichever chip has it.
    Name(String),
    /// By its number on a chip such as `gpiochip4`.
    Offset { chip: String, offset: u32 },
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
        "fb" => DisplaySpec::Framebuffer { path: required(path, "fb:/dev/fb0")? },
        "st7789" => DisplaySpec::Spi(spi(Controller::St7789, path, &mut options)?),
        "ili9341" => DisplaySpec::Spi(spi(Controller::Ili9341, path, &mut options)?),
        "drm" | "ssd1306" => return Err(format!("{kind} panels cannot be driven yet; use {KINDS}")),
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
        dc: options.take("dc", "GPIO25", line)?.ok_or(format!("dc= is missing, as in {example}"))?,
        reset: options.take("rst", "GPIO27", line)?,
        backlight: options.take("bl", "GPIO18", line)?,
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

/// Splits off `?key=value…`; a question mark that no option follows belongs to the path.
fn split_query(rest: &str) -> (&str, &str) {
    match rest.rsplit_once('?') {
        Some((path, query)) if query.contains('=') => (path, query),
        _ => (rest, ""),
    }
}

fn required(path: &str, example: &str) -> Result<PathBuf, String> {
    if path.is_empty() { Err(format!("the path is missing, as in {example}")) } else { Ok(path.into()) }
}

/// The options after the question mark, each to be taken once.
struct Options(BTreeMap<String, String>);

impl Options {
    fn new(query: &str) -> Result<Self, String> {
        let mut options = BTreeMap::new();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (key, value) = option.split_once('=').ok_or(format!("{option:?} is not of the form key=value"))?;
            if options.insert(key.into(), value.into()).is_some() {
                return Err(format!("{key} is given twice"));
            }
        }
        Ok(Self(options))
    }

    fn take<T>(&mut self, key: &str, example: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        match self.0.remove(key) {
            None => Ok(None),
            Some(value) => match parse(&value) {
                Some(parsed) => Ok(Some(parsed)),
                None => Err(format!("{key}={value} is not understood; write it like {key}={example}")),
            },
        }
    }

    fn finish(self) -> Result<(), String> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(format!("this display has no option {key}")),
        }
    }
}

fn size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(['x', '×'])?;
    let side = |text: &str| text.parse().ok().filter(|side| (1..=8192).contains(side));
    Some((side(width)?, side(height)?))
}

fn pair(text: &str) -> Option<(u16, u16)> {
    let (x, y) = text.split_once(',')?;
    Some((x.parse().ok()?, y.parse().ok()?))
}

fn rotation(text: &str) -> Option<u16> {
    text.parse().ok().filter(|degrees| [0, 90, 180, 270].contains(degrees))
}

fn yes(text: &str) -> Option<bool> {
    match text {
        "yes" | "true" | "1" => Some(true),
        "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// A line as `GPIO25`, as `25` (the same), or as `gpiochip4:25`.
fn line(text: &str) -> Option<LineSpec> {
    if let Some((chip, offset)) = text.split_once(':') {
        let chip = chip.strip_prefix("/dev/").unwrap_or(chip);
        let is_chip = chip.strip_prefix("gpiochip").is_some_and(|number| number.parse::<u32>().is_ok());
        return is_chip.then_some(LineSpec::Offset { chip: chip.into(), offset: offset.parse().ok()? });
    }
    match text.parse::<u32>() {
        Ok(number) => Some(LineSpec::Name(format!("GPIO{number}"))),
        Err(_) if text.is_empty() => None,
        Err(_) => Some(LineSpec::Name(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(spec: &str) -> String {
        spec.parse::<DisplaySpec>().expect_err("the SPEC is wrong").to_string()
    }

    #[test]
    fn understands_each_kind() {
        let parsed = |spec: &str| spec.parse::<DisplaySpec>().expect("the SPEC is right");
        assert_eq!(parsed("terminal"), DisplaySpec::Terminal);
        assert_eq!(parsed("none"), DisplaySpec::None);
        assert_eq!(parsed("png:a?b.png"), DisplaySpec::Png { path: "a?b.png".into(), size: (640, 480) });
        assert_eq!(parsed("png:x-%d.png?size=320x240"), DisplaySpec::Png { path: "x-%d.png".into(), size: (320, 240) });
        assert_eq!(parsed("fb:/dev/fb1"), DisplaySpec::Framebuffer { path: "/dev/fb1".into() });
    }

    #[test]
    fn understands_the_wiring_of_a_panel() {
        let spec = "st7789:/dev/spidev0.1?dc=25&rst=gpiochip4:27&bl=PQ.05&size=240x240&offset=0,80&rotate=270&hz=8000000&invert=no";
        let expected = SpiSpec {
            controller: Controller::St7789,
            device: "/dev/spidev0.1".into(),
            dc: LineSpec::Name("GPIO25".into()),
            reset: Some(LineSpec::Offset { chip: "gpiochip4".into(), offset: 27 }),
            backlight: Some(LineSpec::Name("PQ.05".into())),
            size: (240, 240),
            offset: (0, 80),
            rotate: 270,
            hz: 8_000_000,
            invert: false,
            bgr: false,
        };
        assert_eq!(spec.parse::<DisplaySpec>().ok(), Some(DisplaySpec::Spi(expected)));
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(
            refusal("ili9341:/dev/spidev0.0"),
            "\"ili9341:/dev/spidev0.0\" is not a display: dc= is missing, as in ili9341:/dev/spidev0.0?dc=GPIO25&rst=GPIO27"
        );
        for (spec, part) in [
            ("drm:/dev/dri/card0", "drm panels cannot be driven yet; use terminal"),
            ("ssd1306:/dev/i2c-1", "cannot be driven yet"),
            ("hdmi", "the kinds are terminal"),
            ("", "the kinds are terminal"),
            ("png:", "the path is missing"),
            ("terminal:3", "takes nothing after it"),
            ("png:a.png?size=0x5", "size=0x5 is not understood; write it like size=320x240"),
            ("png:a.png?dc=3", "no option dc"),
            ("st7789:/dev/spidev0.0?dc=GPIO25&rotate=45", "rotate=45"),
            ("st7789:/dev/spidev0.0?dc=chip:25", "dc=chip:25"),
            ("st7789:/dev/spidev0.0?dc=1&dc=2", "dc is given twice"),
            ("st7789:/dev/spidev0.0?dc=1&size=320x240", "ends at 240×320"),
        ] {
            assert!(refusal(spec).contains(part), "{}", refusal(spec));
        }
    }

    proptest! {
        #[test]
        fn takes_any_text(kind in "(png|fb|st7789|ili9341|\\PC{0,6})", rest in "[a-z0-9:?&=x,/]{0,30}") {
            let _ = format!("{kind}:{rest}").parse::<DisplaySpec>();
        }
    }
}
