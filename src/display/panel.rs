//! Opens the display that a SPEC names.

use image::RgbImage;

pub use super::error::DisplayError;
use super::{
    Panel, caption::Caption, drm::Screen, framebuffer::Framebuffer, oled, png::PngFiles, spec::DisplaySpec, spi,
    terminal::TerminalPanel, turned::turned,
};

/// Opens the display that `spec` names. Dropping it gives everything back, so that it can be opened again as often as it
/// fails.
pub fn open(spec: &str) -> Result<Box<dyn Panel>, DisplayError> {
    Ok(match spec.parse()? {
        DisplaySpec::Terminal => Box::new(TerminalPanel::open()?),
        DisplaySpec::None => Box::new(Nothing),
        DisplaySpec::Png { path, size } => Box::new(PngFiles::new(path, size)),
        DisplaySpec::Framebuffer { path, rotate } => turned(Framebuffer::open(&path)?, rotate),
        DisplaySpec::Drm(spec) => turned(Screen::open(&spec)?, spec.rotate),
        DisplaySpec::Spi(spec) => spi::open(&spec)?,
        DisplaySpec::Oled(spec) => oled::open(&spec)?,
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
        let bus = message("ssd1306:/dev/no-such-bus");
        assert!(bus.contains("/dev/no-such-bus") && bus.contains("raspi-config"), "{bus}");
        let card = message("drm:/dev/no-such-card");
        assert!(card.contains("/dev/no-such-card") && card.contains("graphics driver"), "{card}");
    }
}
