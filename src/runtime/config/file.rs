//! The settings file: where it is, and what is wrong in it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::{Config, defaults::defaults};

/// The settings file that is read where it exists and no other is named.
pub const DEFAULT_PATH: &str = "/etc/vggcam/vggcam.toml";
/// Environment variable that names another file.
pub const PATH_VARIABLE: &str = "VGGCAM_CONFIG";

/// Why the settings could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the settings in {path}: {source}{}", hint(source))]
    Read { path: PathBuf, source: io::Error },
    /// The file names a setting that there is not.
    #[error(
        "{path}, line {line}: there is no setting {name:?}; the nearest name is {nearest:?}, and `vggcam doctor` lists all"
    )]
    Unknown { path: PathBuf, line: usize, name: String, nearest: String },
    /// A value is not allowed, or the text is not TOML.
    #[error("{path}, line {line}: {reason}")]
    Value { path: PathBuf, line: usize, reason: String },
    /// A flag cannot be combined with the file.
    #[error("cannot use the command line: {0}")]
    Flags(#[source] serde_json::Error),
}

/// The likely cause, and the next step.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; use sudo, or let this user read it",
        io::ErrorKind::NotFound => "; the example in the package's documentation is a start",
        _ => "",
    }
}

/// A settings file that has been read.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What it says, by table and setting.
    pub values: Value,
}

/// The file to read, if any.
pub fn in_use(wished: Option<&Path>) -> Option<PathBuf> {
    let variable = || env::var_os(PATH_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    // A folder that may not be looked into is found out by reading.
    let usual = || Some(PathBuf::from(DEFAULT_PATH)).filter(|path| path.try_exists().unwrap_or(true));
    wished.map(Path::to_path_buf).or_else(variable).or_else(usual)
}

/// Reads a settings file, and checks every name and value in it.
pub fn read(path: PathBuf) -> Result<File, ConfigError> {
    match fs::read_to_string(&path) {
        Ok(text) => parse(path, &text),
        Err(source) => Err(ConfigError::Read { path, source }),
    }
}

/// Checks the text of a settings file.
pub fn parse(path: PathBuf, text: &str) -> Result<File, ConfigError> {
    let line_of = |offset: usize| 1 + text[..offset].matches('\n').count();
    let value_error = |error: toml::de::Error| ConfigError::Value {
        path: path.clone(),
        line: error.span().map_or(1, |span| line_of(span.start)),
        reason: error.message().to_owned(),
    };
    let table = DeTable::parse(text).map_err(value_error)?;
    let defaults = defaults();
    let mut unknown = Vec::new();
    find_unknown(table.get_ref(), &defaults, "", &mut unknown);
    if let Some((offset, name)) = unknown.into_iter().min() {
        let nearest = nearest(&name, &names(&defaults));
        return Err(ConfigError::Unknown { path, line: line_of(offset), name, nearest });
    }
    if let Some((offset, number)) = find_endless(table.get_ref()) {
        let reason = format!("{number} is no number that a setting can have; take an ordinary one");
        return Err(ConfigError::Value { path, line: line_of(offset), reason });
    }
    toml::from_str::<Config>(text).map_err(value_error)?;
    let values = toml::from_str(text).map_err(value_error)?;
    Ok(File { path, values })
}

/// Collects the names in `table` that `known` does not have, with where they stand.
fn find_unknown(table: &DeTable, known: &Map<String, Value>, prefix: &str, unknown: &mut Vec<(usize, String)>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        match (known.get(key.get_ref().as_ref()), value.get_ref()) {
            (None, _) => unknown.push((key.span().start, name)),
            // A table without names of its own takes any.
            (Some(Value::Object(known)), DeValue::Table(table)) if !known.is_empty() => {
                find_unknown(table, known, &format!("{name}."), unknown);
            }
            _ => {}
        }
    }
}

/// A number that is none or has no end, as settings keep numbers, and where it stands.
fn find_endless(table: &DeTable) -> Option<(usize, String)> {
    table.iter().find_map(|(_, value)| match value.get_ref() {
        DeValue::Float(number) if !number.as_str().parse::<f32>().is_ok_and(f32::is_finite) => {
            Some((value.span().start, number.as_str().to_owned()))
        }
        DeValue::Table(table) => find_endless(table),
        _ => None,
    })
}

/// The names of all tables and settings, such as `mqtt` and `mqtt.host`.
fn names(known: &Map<String, Value>) -> Vec<String> {
    let within = |(name, value): (&String, &Value)| {
        let inner = value.as_object().map(names).unwrap_or_default();
        let inner = inner.into_iter().map(|inner| format!("{name}.{inner}")).collect::<Vec<_>>();
        [vec![name.clone()], inner].concat()
    };
    known.iter().flat_map(within).collect()
}

/// The known name most like `wrong`; a setting of a table whose heading was forgotten is found by its last part.
fn nearest(wrong: &str, names: &[String]) -> String {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let distance = |name: &String| {
        let whole = strsim::damerau_levenshtein(wrong, name);
        whole.min(1 + strsim::damerau_levenshtein(&last(wrong), &last(name)))
    };
    names.iter().min_by_key(|name| distance(name)).cloned().unwrap_or_default()
}
