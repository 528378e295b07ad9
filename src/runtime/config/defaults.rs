//! What holds where nothing is said.

use serde_json::{Map, Value};

use super::Config;

/// The defaults, by table and setting.
pub fn defaults() -> Map<String, Value> {
    match serde_json::to_value(Config::default()) {
        Ok(Value::Object(settings)) => settings,
        // A struct of defaults always has this form.
        _ => Map::new(),
    }
}
