//! Flags over the file over the defaults, and which of them each setting came from.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Config, ConfigError, defaults::defaults, example, file::File};

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The command line.
    Flag,
    /// The settings file.
    File,
    /// Neither.
    Default,
}

/// One setting as it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, with that of its table, such as `mqtt.host`.
    pub name: String,
    /// Its value; null or an empty list where nothing was chosen.
    pub value: Value,
    /// Where the value came from.
    pub origin: Origin,
}

/// What holds for a run.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    /// All settings.
    pub config: Config,
    /// The settings file, where one was read.
    pub file: Option<PathBuf>,
    /// Each setting and its origin, in the order of the example file.
    pub settings: Vec<Setting>,
}

impl Setting {
    /// The value in words for people. What is chosen only when it is needed is told as the example file tells it.
    pub fn in_words(&self) -> String {
        match &self.value {
            value if is_nothing(value) => example::default_words(&self.name).unwrap_or_else(|| "none".into()),
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
            value => value.to_string(),
        }
    }
}

/// Lays the flags over the file over the defaults.
pub fn merge(flags: &Config, file: Option<File>) -> Result<Effective, ConfigError> {
    let flags = serde_json::to_value(flags).map_err(ConfigError::Flags)?;
    let (path, values) = file.map(|file| (file.path, file.values)).unzip();
    let mut merged = Value::Object(defaults());
    let mut settings = Vec::new();
    choose("", &mut merged, &flags, values.as_ref(), &mut settings);
    let order = example::names();
    settings.sort_by_key(|setting| order.iter().position(|name| *name == setting.name));
    // Both layers are made of values that a `Config` has or has been checked against.
    let config = serde_json::from_value(merged).map_err(ConfigError::Flags)?;
    Ok(Effective { config, file: path, settings })
}

/// Puts the value that holds into each setting under `merged`, which has the default, and notes its origin.
fn choose(name: &str, merged: &mut Value, flags: &Value, file: Option<&Value>, settings: &mut Vec<Setting>) {
    if let Value::Object(table) = merged
        && !table.is_empty()
    {
        for (key, merged) in table {
            let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            let in_file = file.and_then(|file| file.get(key));
            choose(&name, merged, flags.get(key).unwrap_or(&Value::Null), in_file, settings);
        }
        return;
    }
    let origin = match file {
        _ if !is_nothing(flags) && flags != merged => {
            *merged = flags.clone();
            Origin::Flag
        }
        Some(value) => {
            *merged = value.clone();
            Origin::File
        }
        None => Origin::Default,
    };
    settings.push(Setting { name: name.into(), value: merged.clone(), origin });
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
