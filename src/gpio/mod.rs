//! Lines of the board's header, by way of the kernel's GPIO character devices.

pub mod button;
pub mod chips;
mod debounce;
pub mod error;
pub mod line;

use linux_embedded_hal::{
    CdevPin,
    gpio_cdev::{self, Chip, EventRequestFlags, Line, LineEventHandle, LineHandle, LineRequestFlags},
};

pub use debounce::Press;
use error::{Doing, GpioError};
pub use line::{LineSpec, Wiring};

/// The name under which lines are taken, which other programs see.
const CONSUMER: &str = "vggcam";

/// The kernel's flags for a resistor inside the chip (Linux 5.5 and newer), which `gpio_cdev` has no names for.
const BIAS_PULL_UP: u32 = 1 << 5;
const BIAS_PULL_DOWN: u32 = 1 << 6;

/// A line that is taken as an output.
pub struct Output {
    wiring: Wiring,
    handle: LineHandle,
}

impl Output {
    /// Takes a line; it is off.
    pub fn open(wiring: &Wiring) -> Result<Self, GpioError> {
        let line = find(&wiring.line)?;
        let flags = LineRequestFlags::OUTPUT | active(wiring);
        let handle = line
            .request(flags, 0, CONSUMER)
            .map_err(|error| GpioError::of(&wiring.line, Doing::Take, &error, holder(&line)))?;
        Ok(Self { wiring: wiring.clone(), handle })
    }

    /// Switches it on or off.
    pub fn set(&self, on: bool) -> Result<(), GpioError> {
        let set = self.handle.set_value(on.into());
        set.map_err(|error| GpioError::of(&self.wiring.line, Doing::Set, &error, None))
    }

    /// The line as drivers want it.
    pub fn into_pin(self) -> Result<CdevPin, GpioError> {
        CdevPin::new(self.handle).map_err(|error| GpioError::of(&self.wiring.line, Doing::Read, &error, None))
    }
}

/// Takes a line as an input that tells when it changes, pulled to its passive level where the chip can do that.
fn input(wiring: &Wiring) -> Result<LineEventHandle, GpioError> {
    let line = find(&wiring.line)?;
    let plain = LineRequestFlags::INPUT | active(wiring);
    let bias = if wiring.active_low { BIAS_PULL_UP } else { BIAS_PULL_DOWN };
    let pulled = LineRequestFlags::from_bits_retain(plain.bits() | bias);
    let both = || EventRequestFlags::BOTH_EDGES;
    let taken = line.events(pulled, both(), CONSUMER).or_else(|error| {
        let error = GpioError::of(&wiring.line, Doing::Take, &error, holder(&line));
        if !matches!(error, GpioError::Refused { errno: libc::EINVAL, .. }) {
            return Err(error);
        }
        log::warn!("this kernel sets no pull resistors: {} needs one of its own", wiring.line);
        line.events(plain, both(), CONSUMER)
            .map_err(|error| GpioError::of(&wiring.line, Doing::Take, &error, holder(&line)))
    })?;
    Ok(taken)
}

fn active(wiring: &Wiring) -> LineRequestFlags {
    if wiring.active_low { LineRequestFlags::ACTIVE_LOW } else { LineRequestFlags::empty() }
}

/// Who has the line, where somebody has it and the kernel says who.
fn holder(line: &Line) -> Option<String> {
    line.info().ok()?.consumer().map(String::from)
}

/// Finds a line on whichever chip has it.
fn find(wanted: &LineSpec) -> Result<Line, GpioError> {
    let failed = |error| GpioError::of(wanted, Doing::Find, &error, None);
    match wanted {
        LineSpec::Offset { chip, offset } => {
            Chip::new(format!("/dev/{chip}")).and_then(|mut chip| chip.get_line(*offset)).map_err(failed)
        }
        LineSpec::Name(name) => {
            let mut unreadable = None;
            for chip in gpio_cdev::chips().map_err(failed)? {
                match chip {
                    Ok(chip) => {
                        let named = |line: &Line| line.info().is_ok_and(|info| info.name() == Some(name));
                        if let Some(line) = chip.lines().find(named) {
                            return Ok(line);
                        }
                    }
                    Err(error) => unreadable = Some(error),
                }
            }
            // The line may be on a chip that could not be opened.
            Err(unreadable.map_or_else(|| GpioError::NoSuchLine { line: wanted.clone() }, failed))
        }
    }
}
