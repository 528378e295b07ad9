//! What can go wrong with a GPIO line, in words that name the line, the likely cause and the next step.

use std::{error::Error, fmt, io};

use linux_embedded_hal::gpio_cdev;

use super::LineSpec;

/// Why a GPIO line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GpioError {
    /// No chip has a line of that name.
    #[error("no {line} is on this board: `gpioinfo` lists the names, or write chip and number, as in gpiochip0:17")]
    NoSuchLine { line: LineSpec },
    /// The chip of the line is not there.
    #[error("{line} cannot be found: the board has no such GPIO chip; `vggcam doctor` lists those that it has")]
    NoChip { line: LineSpec },
    /// The user may not use the chip.
    #[error("no permission for {line}: run `sudo usermod -aG gpio $USER`, then log out and in again")]
    Permission { line: LineSpec },
    /// Somebody else has the line.
    #[error(
        "{line} is in use by {holder}: end that program, take out the overlay that claims the line (config.txt on a Raspberry Pi), or choose another line"
    )]
    InUse { line: LineSpec, holder: String },
    /// The chip has gone away.
    #[error("{line} has gone: its chip was unplugged, or its driver stopped")]
    Gone { line: LineSpec },
    /// The kernel refused for another reason.
    #[error("cannot {doing} {line}: {source}; see `dmesg` for what the driver says", source = io::Error::from_raw_os_error(*errno))]
    Refused { line: LineSpec, doing: Doing, errno: i32 },
    /// Something else went wrong.
    #[error("cannot {doing} {line}: {reason}; `vggcam doctor` lists the chips and how many lines each has")]
    Other { line: LineSpec, doing: Doing, reason: String },
}

/// What was being done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Looking for it.
    Find,
    /// Asking the kernel for it.
    Take,
    /// Reading its level.
    Read,
    /// Setting its level.
    Set,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Find => "find",
            Self::Take => "take",
            Self::Read => "read",
            Self::Set => "set",
        })
    }
}

impl GpioError {
    /// Explains an error; `holder` is who has the line, where that is known.
    pub(super) fn of(line: &LineSpec, doing: Doing, error: &gpio_cdev::Error, holder: Option<String>) -> Self {
        match errno_of(error) {
            Some(errno) => Self::from_errno(line.clone(), doing, errno, holder),
            None => Self::Other { line: line.clone(), doing, reason: error.to_string() },
        }
    }

    fn from_errno(line: LineSpec, doing: Doing, errno: i32, holder: Option<String>) -> Self {
        match errno {
            libc::EBUSY => Self::InUse { line, holder: holder.unwrap_or("a driver or another program".into()) },
            libc::EACCES | libc::EPERM => Self::Permission { line },
            libc::ENOENT => Self::NoChip { line },
            libc::ENODEV | libc::ENXIO => Self::Gone { line },
            errno => Self::Refused { line, doing, errno },
        }
    }
}

/// The number behind an error, which the crate keeps to itself: as a system error, or as a text such as `EBUSY: Device or
/// resource busy`.
fn errno_of(error: &gpio_cdev::Error) -> Option<i32> {
    let cause = error.source()?;
    if let Some(system) = cause.downcast_ref::<io::Error>() {
        return system.raw_os_error();
    }
    let text = cause.to_string();
    Some(match text.split(':').next()? {
        "EBUSY" => libc::EBUSY,
        "EACCES" => libc::EACCES,
        "EPERM" => libc::EPERM,
        "ENOENT" => libc::ENOENT,
        "ENODEV" => libc::ENODEV,
        "ENXIO" => libc::ENXIO,
        "EINVAL" => libc::EINVAL,
        "ENOTTY" => libc::ENOTTY,
        "EIO" => libc::EIO,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpio::{Output, Wiring};

    #[test]
    fn each_errno_says_what_to_do() {
        let line = LineSpec::Name("GPIO17".into());
        let message = |errno, holder: Option<&str>| {
            GpioError::from_errno(line.clone(), Doing::Take, errno, holder.map(String::from)).to_string()
        };
        assert!(message(libc::EBUSY, Some("spi0 CS1")).starts_with("GPIO line GPIO17 is in use by spi0 CS1: "));
        assert!(message(libc::EBUSY, None).contains("in use by a driver or another program"));
        assert!(message(libc::EACCES, None).contains("usermod -aG gpio"));
        assert!(message(libc::ENOENT, None).contains("vggcam doctor"));
        assert!(message(libc::ENODEV, None).contains("unplugged"));
        assert!(message(libc::EIO, None).starts_with("cannot take GPIO line GPIO17: "));
    }

    #[test]
    fn the_number_behind_an_error_is_found() {
        let refused = gpio_cdev::Chip::new("/dev/null").err().unwrap();
        assert_eq!(errno_of(&refused), Some(libc::ENOTTY));
        let missing = gpio_cdev::Chip::new("/dev/no-such-chip").err().unwrap();
        assert_eq!(errno_of(&missing), Some(libc::ENOENT));
    }

    #[test]
    fn a_chip_that_is_not_there_is_told() {
        let wiring = Wiring::parse("gpiochip9999:1", false).unwrap();
        assert!(matches!(Output::open(&wiring), Err(GpioError::NoChip { .. })));
    }
}
