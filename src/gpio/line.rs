//! How a GPIO line is named, and which of its levels means on.

use std::{fmt, str::FromStr};

/// A GPIO line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LineSpec {
    /// By the name that the board gives it, on whichever chip has it.
    Name(String),
    /// By its number on a chip such as `gpiochip4`.
    Offset { chip: String, offset: u32 },
}

impl LineSpec {
    /// A line as `GPIO25`, as `25` (the same), or as `gpiochip4:25`; `None` for what is no line.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((chip, offset)) = text.split_once(':') {
            let chip = chip.strip_prefix("/dev/").unwrap_or(chip);
            let is_chip = chip.strip_prefix("gpiochip").is_some_and(|number| number.parse::<u32>().is_ok());
            return is_chip.then_some(Self::Offset { chip: chip.into(), offset: offset.parse().ok()? });
        }
        match text.parse::<u32>() {
            Ok(number) => Some(Self::Name(format!("GPIO{number}"))),
            Err(_) if text.is_empty() => None,
            Err(_) => Some(Self::Name(text.into())),
        }
    }
}

impl LineSpec {
    /// As it is written by users; [`parse`](Self::parse) takes it.
    fn written(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Offset { chip, offset } => format!("{chip}:{offset}"),
        }
    }
}

impl fmt::Display for LineSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GPIO line {}", self.written())
    }
}

/// A line, and which of its levels means on or pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The line.
    pub line: LineSpec,
    /// Whether the low level means on or pressed.
    pub active_low: bool,
}

impl Wiring {
    /// Parses `LINE`, `LINE?active=low` or `LINE?active=high`; without an option `active_low` is taken. The error says what
    /// can be written.
    pub fn parse(text: &str, active_low: bool) -> Result<Self, String> {
        let (line, active_low) = match text.split_once('?') {
            None => (text, active_low),
            Some((line, "active=low")) => (line, true),
            Some((line, "active=high")) => (line, false),
            Some((_, option)) => return Err(format!("{option:?} is neither active=low nor active=high")),
        };
        let line = LineSpec::parse(line)
            .ok_or_else(|| format!("{line:?} is not a GPIO line; write it like GPIO17, 17 or gpiochip0:17"))?;
        Ok(Self { line, active_low })
    }
}

impl fmt::Display for Wiring {
    /// As it is written by users; [`parse`](Self::parse) takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}?active={}", self.line.written(), if self.active_low { "low" } else { "high" })
    }
}

/// The wiring of a button: between the line and ground, where nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ButtonSpec(pub Wiring);

impl FromStr for ButtonSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Wiring::parse(text, true).map(Self)
    }
}

impl From<ButtonSpec> for String {
    fn from(ButtonSpec(wiring): ButtonSpec) -> Self {
        wiring.to_string()
    }
}

impl TryFrom<String> for ButtonSpec {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_name_or_a_number() {
        let offset = |chip: &str, offset| Some(LineSpec::Offset { chip: chip.into(), offset });
        assert_eq!(LineSpec::parse("GPIO25"), Some(LineSpec::Name("GPIO25".into())));
        assert_eq!(LineSpec::parse("25"), Some(LineSpec::Name("GPIO25".into())));
        assert_eq!(LineSpec::parse("PQ.05"), Some(LineSpec::Name("PQ.05".into())));
        assert_eq!(LineSpec::parse("gpiochip4:25"), offset("gpiochip4", 25));
        assert_eq!(LineSpec::parse("/dev/gpiochip4:25"), offset("gpiochip4", 25));
        for wrong in ["", "chip:25", "gpiochip:25", "gpiochip0:", "gpiochip0:-1", "gpiochip0:x"] {
            assert_eq!(LineSpec::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_level_that_means_on_can_be_told() {
        let active_low = |text: &str, usual| Wiring::parse(text, usual).map(|wiring| wiring.active_low);
        assert_eq!((active_low("17", true), active_low("17", false)), (Ok(true), Ok(false)));
        assert_eq!((active_low("17?active=high", true), active_low("17?active=low", false)), (Ok(false), Ok(true)));
        assert!(active_low("17?pull=up", true).unwrap_err().contains("active=low"));
        assert!(active_low("?active=low", true).unwrap_err().contains("GPIO17"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (text, written) in [("17", "GPIO17?active=low"), ("gpiochip4:25?active=high", "gpiochip4:25?active=high")] {
            let button: ButtonSpec = text.parse().unwrap();
            assert_eq!(String::from(button.clone()), written);
            assert_eq!(written.parse(), Ok(button));
        }
    }
}
