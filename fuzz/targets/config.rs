//! Settings files: what is read can be written down and read again alike.

use std::fs;

use serde_json::Value;
use vggcam::runtime::config::{self, Config, Effective};

/// The text of a settings file.
pub fn run(data: &[u8]) {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let load = |text: &[u8]| -> Result<Effective, String> {
        let path = folder.path().join("vggcam.toml");
        fs::write(&path, text).expect("there is room for a file");
        config::load(Some(&path), &Config::default()).map_err(|error| error.to_string())
    };
    let read = match load(data) {
        Ok(read) => read,
        Err(error) => {
            assert!(error.contains("vggcam.toml"), "{error:?} does not say where");
            return super::assert_told(error);
        }
    };
    for setting in &read.settings {
        setting.in_words();
    }
    let written = text(&serde_json::to_value(&read.config).expect("settings can be written"));
    let again = load(written.as_bytes()).unwrap_or_else(|error| panic!("{error} in\n{written}"));
    assert_eq!(again.config, read.config, "{written}");
}

/// Settings as TOML, without those that have no value.
fn text(settings: &Value) -> String {
    let (tables, plain): (Vec<_>, Vec<_>) = settings
        .as_object()
        .expect("a table")
        .iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(_, value)| value.is_object());
    let lines = |settings: Vec<(&String, &Value)>| -> String {
        settings.iter().map(|(name, value)| format!("{name} = {}\n", inline(value))).collect()
    };
    let table = |(name, value): (&String, &Value)| {
        let settings = value.as_object().expect("a table").iter().filter(|(_, value)| !value.is_null());
        format!("[{name}]\n{}", lines(settings.collect()))
    };
    lines(plain) + &tables.into_iter().map(table).collect::<String>()
}

/// A value on one line. JSON's strings are TOML's, but for the character that TOML wants escaped.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        value => value.to_string().replace('\u{7F}', "\\u007F"),
    }
}
