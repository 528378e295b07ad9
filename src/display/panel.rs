//! Opens the display that a SPEC names, and says why one cannot be used.

use std::{io, path::PathBuf};

use image::RgbImage;

use super::{
    Panel, caption::Caption, framebuffer::Framebuffer, png::PngFiles, spec::DisplaySpec, spi, terminal::TerminalPanel,
};

/// Why a display could not be opened or drawn on.
#[derive(Debug, thiserror::Error)]
pub enum DisplayError {
    /// The SPEC is of no known kind.
    #[error("{spec:?} is not a display: {reason}")]
    Spec { spec: String, reason: String },
    /// Standard output is not a terminal that can show pictures.
    #[error("cannot show the screen in the terminal: {reason}")]
    Terminal { reason: String },
    /// The terminal went away while it was drawn on.
    #[error("cannot write to the terminal, which may have been closed: {source}")]
    TerminalWrite { source: io::Error },
    /// A picture could not be written.
    #[error("cannot write {path}: {reason}; check that the folder exists and has room")]
    Write { path: PathBuf, reason: String },
    /// A device file could not be opened.
    #[error("cannot open the display {path}: {source}; {advice}")]
    Open { path: PathBuf, source: io::Error, advice: String },
    /// The device is there but cannot be used.
    #[error("cannot use the display {path}: {reason}")]
    Device { path: PathBuf, reason: String },
}

impl DisplayError {
    /// A device file that could not be opened; `group` is the group that may use such devices, `missing` says what
    /// to do where the file does not exist.
    pub(super) fn open(path: impl Into<PathBuf>, source: io::Error, group: &str, missing: &str) -> Self {
        let advice = match source.kind() {
            io::ErrorKind::PermissionDenied => join_group(group),
            io::ErrorKind::NotFound => missing.into(),
            _ => "another program may be using it".into(),
        };
        Self::Open { path: path.into(), source, advice }
    }
}

/// What to do where a device may only be used by members of `group`.
pub(super) fn join_group(group: &str) -> String {
    format!("join its group with `sudo usermod -aG {group} $USER` and log in again")
}

/// Opens the display that `spec` names.
pub fn open(spec: &str) -> Result<Box<dyn Panel>, DisplayError> {
    Ok(match spec.parse()? {
        DisplaySpec::Terminal => Box::new(TerminalPanel::open()?),
        DisplaySpec::None => Box::new(Nothing),
        DisplaySpec::Png { path, size } => Box::new(PngFiles::new(path, size)),
        DisplaySpec::Framebuffer { path } => Box::new(Framebuffer::open(&path)?),
        DisplaySpec::Spi(spec) => spi::open(&spec)?,
    })
}

/// The display `none`.
struct Nothing;

impl Panel for Nothing {
    fn describe(&self) -> String {
        "no display".into()
    }

    fn size(&self) -> (u32, u32) {
        (0, 0)
    }

    fn show(&mut self, _canvas: &RgbImage, _caption: &Caption) -> Result<(), DisplayError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(spec: &str) -> String {
        open(spec).err().expect("there is no such display").to_string()
    }

    #[test]
    fn shows_nothing_on_none() {
        let mut panel = open("none").expect("it needs nothing");
        assert_eq!(panel.size(), (0, 0));
        assert!(panel.show(&RgbImage::new(0, 0), &Caption::default()).is_ok());
    }

    #[test]
    fn names_the_device_that_is_missing() {
        let framebuffer = message("fb:/dev/no-such-framebuffer");
        assert!(framebuffer.contains("/dev/no-such-framebuffer") && framebuffer.contains("screen"), "{framebuffer}");
        let bus = message("st7789:/dev/no-such-bus?dc=GPIO25");
        assert!(bus.contains("/dev/no-such-bus") && bus.contains("raspi-config"), "{bus}");
    }

    #[test]
    fn tells_who_may_use_a_device() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let message = DisplayError::open("/dev/fb0", denied, "video", "").to_string();
        assert!(message.contains("/dev/fb0") && message.contains("usermod -aG video"), "{message}");
    }
}
