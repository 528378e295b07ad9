//! Outputs for classes: a lamp, a relay or a buzzer for each.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use crate::{
    gpio::{Output, Wiring, error::GpioError},
    model::{labels::UNKNOWN, metadata::Metadata},
};

/// How long a line that failed is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// A class and the line that is on while it is shown, written `cat=GPIO17` or `cat=GPIO17?active=low`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct LightSpec {
    /// A label of the model, or [`UNKNOWN`].
    pub class: String,
    /// The line.
    pub wiring: Wiring,
}

impl FromStr for LightSpec {
    type Err = String;

    /// The error says what can be written.
    fn from_str(text: &str) -> Result<Self, String> {
        // A label may hold an equal sign, a line holds one in its option only.
        let option = text.rfind("?active=").unwrap_or(text.len());
        let Some((class, line)) = text[..option].rsplit_once('=').filter(|(class, _)| !class.is_empty()) else {
            return Err("a class and its line belong here, such as cat=GPIO17 or cat=GPIO17?active=low".into());
        };
        let wiring = Wiring::parse(&format!("{line}{}", &text[option..]), false)?;
        Ok(Self { class: class.into(), wiring })
    }
}

impl From<LightSpec> for String {
    fn from(LightSpec { class, wiring }: LightSpec) -> Self {
        format!("{class}={wiring}")
    }
}

impl TryFrom<String> for LightSpec {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Why lights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LightsError {
    /// The model has no such class.
    #[error("the model knows no class {class:?} for a light; its classes are {known}, and unknown")]
    NoSuchClass { class: String, known: String },
    /// A line is given twice, with different levels for on.
    #[error("{line} is given with active=low and with active=high; write one of them")]
    Contradiction { line: String },
    /// A line cannot be used.
    #[error(transparent)]
    Gpio(#[from] GpioError),
}

/// Something that can be switched on and off.
trait Switch: Send {
    fn set(&mut self, on: bool) -> Result<(), GpioError>;
}

/// A line of the board.
struct Line {
    wiring: Wiring,
    output: Option<Output>,
}

impl Switch for Line {
    fn set(&mut self, on: bool) -> Result<(), GpioError> {
        // A chip that was unplugged and plugged in again gives its line anew.
        let output = match self.output.take() {
            Some(output) => output,
            None => Output::open(&self.wiring)?,
        };
        output.set(on)?;
        self.output = Some(output);
        Ok(())
    }
}

/// A light and the classes that it is on for.
struct Light {
    classes: Vec<String>,
    switch: Box<dyn Switch>,
    /// Whether it is on; unknown at first and after a failure.
    on: Option<bool>,
    failed_at: Option<Instant>,
}

impl Light {
    fn set(&mut self, on: bool, now: Instant) {
        let resting = self.failed_at.is_some_and(|failed| now.saturating_duration_since(failed) < RETRY);
        if self.on == Some(on) || resting {
            return;
        }
        match self.switch.set(on) {
            Ok(()) => {
                if self.failed_at.take().is_some() {
                    log::warn!("the light for {} works again", self.classes.join(", "));
                }
                self.on = Some(on);
            }
            Err(error) => {
                if self.failed_at.is_none() {
                    log::error!("the light for {} fails: {error}", self.classes.join(", "));
                }
                (self.on, self.failed_at) = (None, Some(now));
            }
        }
    }
}

/// All lights of a run; they are off from the beginning, and again when this is dropped.
#[derive(Default)]
pub struct Lights(Vec<Light>);

impl Lights {
    /// Takes the lines of all lights. Errs where a line cannot be taken, and for a class that the model does not have.
    pub fn open(specs: &[LightSpec], metadata: &Metadata) -> Result<Self, LightsError> {
        let open = |wiring: &Wiring| -> Result<Box<dyn Switch>, GpioError> {
            Ok(Box::new(Line { wiring: wiring.clone(), output: Some(Output::open(wiring)?) }))
        };
        Self::open_with(specs, &metadata.labels, open)
    }

    fn open_with(
        specs: &[LightSpec],
        labels: &[String],
        open: impl Fn(&Wiring) -> Result<Box<dyn Switch>, GpioError>,
    ) -> Result<Self, LightsError> {
        let mut wirings: Vec<(&Wiring, Vec<String>)> = Vec::new();
        for LightSpec { class, wiring } in specs {
            if class != UNKNOWN && !labels.contains(class) {
                return Err(LightsError::NoSuchClass { class: class.clone(), known: labels.join(", ") });
            }
            match wirings.iter_mut().find(|(other, _)| other.line == wiring.line) {
                Some((other, _)) if *other != wiring => {
                    return Err(LightsError::Contradiction { line: wiring.line.to_string() });
                }
                Some((_, classes)) => classes.push(class.clone()),
                None => wirings.push((wiring, vec![class.clone()])),
            }
        }
        let light = |(wiring, classes)| Ok(Light { classes, switch: open(wiring)?, on: None, failed_at: None });
        let mut lights = Self(wirings.into_iter().map(light).collect::<Result<_, GpioError>>()?);
        lights.show(None);
        Ok(lights)
    }

    /// Switches the light of `class` on and all others off; all off for `None`, as while there is no camera. A line that
    /// fails is logged once, and tried again later.
    pub fn show(&mut self, class: Option<&str>) {
        self.show_at(class, Instant::now());
    }

    fn show_at(&mut self, class: Option<&str>, now: Instant) {
        let is_on = |light: &Light| class.is_some_and(|class| light.classes.iter().any(|own| own == class));
        // First off, then on: two relays are never on together.
        for wanted in [false, true] {
            for light in self.0.iter_mut().filter(|light| is_on(light) == wanted) {
                light.set(wanted, now);
            }
        }
    }
}

impl Drop for Lights {
    fn drop(&mut self) {
        self.show(None);
    }
}

#[cfg(test)]
mod tests;
