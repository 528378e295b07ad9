//! The settings file: what the command line says, kept for a board that starts by itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

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
    #[error("{path} is not a settings file: {reason}; known are model, camera, display = [\"…\"] and threads")]
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
    fn a_misspelt_setting_is_named_with_its_line() {
        let error = read_text("camera = 'demo'\ndisplays = []\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("displays"), "{error}");
        assert!(!error.contains('\n'));
    }
}
