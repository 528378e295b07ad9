//! The settings file: what the command line says, kept for a board that starts by itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::lights::LightSpec;
use crate::gpio::line::ButtonSpec;

/// Contents of a settings file; whatever is missing keeps its default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Model file.
    pub model: Option<PathBuf>,
    /// Camera SPEC.
    pub camera: Option<String>,
    /// Display SPECs.
    #[serde(default)]
    pub display: Vec<String>,
    /// Button for the next page and, held, to freeze.
    pub button: Option<ButtonSpec>,
    /// Button to freeze.
    pub freeze_button: Option<ButtonSpec>,
    /// Lights for classes.
    #[serde(default)]
    pub light: Vec<LightSpec>,
    /// Threads that share the work of one picture.
    pub threads: Option<usize>,
}

/// Why a settings file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the settings in {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The text is not what a settings file holds.
    #[error(
        "{path} is not a settings file: {reason}; known are model, camera, display = [\"…\"], button, freeze_button, light = [\"…\"] and threads"
    )]
    Syntax { path: PathBuf, reason: String },
}

/// Reads a settings file (TOML).
pub fn read(path: &Path) -> Result<Config, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.into(), source })?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        ConfigError::Syntax { path: path.into(), reason: format!("line {line}: {}", error.message()) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        read(file.path())
    }

    #[test]
    fn every_setting_is_read() {
        let config =
            read_text("model = 'm.onnx'\ncamera = 'demo'\ndisplay = ['terminal', 'png:x.png']\nthreads = 3").unwrap();
        assert_eq!(config.camera.as_deref(), Some("demo"));
        assert_eq!(config.display, ["terminal", "png:x.png"]);
        assert_eq!((config.model, config.threads), (Some("m.onnx".into()), Some(3)));
    }

    #[test]
    fn buttons_and_lights_are_read() {
        let text = "button = 'GPIO5'\nfreeze_button = '6?active=high'\nlight = ['cat=GPIO17', 'unknown=27?active=low']";
        let config = read_text(text).unwrap();
        assert_eq!(config.button, Some("5".parse().unwrap()));
        assert_eq!(config.freeze_button, Some("6?active=high".parse().unwrap()));
        assert_eq!(config.light, [("cat=17"), ("unknown=27?active=low")].map(|light| light.parse().unwrap()));
        let error = read_text("\nlight = ['cat']").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("cat=GPIO17"), "{error}");
    }

    #[test]
    fn a_misspelt_setting_is_named_with_its_line() {
        let error = read_text("camera = 'demo'\ndisplays = []\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("displays"), "{error}");
        assert!(!error.contains('\n'));
    }
}
