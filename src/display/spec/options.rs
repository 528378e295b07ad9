//! The parts of a SPEC: its path, its options, and their values.

use std::{collections::BTreeMap, path::PathBuf};

/// Splits off `?key=value…`; a question mark that no option follows belongs to the path.
pub fn split_query(rest: &str) -> (&str, &str) {
    match rest.rsplit_once('?') {
        Some((path, query)) if query.contains('=') => (path, query),
        _ => (rest, ""),
    }
}

/// The path of a SPEC, which may not be left out; `example` is a SPEC with one.
pub fn required(path: &str, example: &str) -> Result<PathBuf, String> {
    if path.is_empty() { Err(format!("the path is missing, as in {example}")) } else { Ok(path.into()) }
}

/// The options after the question mark, each to be taken once.
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// Parses `key=value&key=value`; no key may be given twice.
    pub fn new(query: &str) -> Result<Self, String> {
        let mut options = BTreeMap::new();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (key, value) = option.split_once('=').ok_or(format!("{option:?} is not of the form key=value"))?;
            if options.insert(key.into(), value.into()).is_some() {
                return Err(format!("{key} is given twice"));
            }
        }
        Ok(Self(options))
    }

    /// The value of `key`, if it is given, as `parse` understands it; `example` is shown where it does not.
    pub fn take<T>(
        &mut self,
        key: &str,
        example: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        match self.0.remove(key) {
            None => Ok(None),
            Some(value) => match parse(&value) {
                Some(parsed) => Ok(Some(parsed)),
                None => Err(format!("{key}={value} is not understood; write it like {key}={example}")),
            },
        }
    }

    /// Errs where an option is left that nobody took.
    pub fn finish(self) -> Result<(), String> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(format!("this display has no option {key}")),
        }
    }
}

/// Columns and rows as `320x240`, each from 1 to 8192.
pub fn size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(['x', '×'])?;
    let side = |text: &str| text.parse().ok().filter(|side| (1..=8192).contains(side));
    Some((side(width)?, side(height)?))
}

/// Two numbers as `0,80`.
pub fn pair(text: &str) -> Option<(u16, u16)> {
    let (x, y) = text.split_once(',')?;
    Some((x.parse().ok()?, y.parse().ok()?))
}

/// A quarter turn in degrees.
pub fn rotation(text: &str) -> Option<u16> {
    text.parse().ok().filter(|degrees| [0, 90, 180, 270].contains(degrees))
}

/// A switch.
pub fn yes(text: &str) -> Option<bool> {
    match text {
        "yes" | "true" | "1" => Some(true),
        "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// A byte as `0x3c` or `60`.
pub fn byte(text: &str) -> Option<u8> {
    match text.strip_prefix("0x") {
        Some(hexadecimal) => u8::from_str_radix(hexadecimal, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Columns, rows and, if it is given, the rate in hertz of a screen's mode, as `1920x1080` or `1920x1080@60`.
pub fn mode(text: &str) -> Option<((u32, u32), Option<u32>)> {
    match text.split_once('@') {
        None => Some((size(text)?, None)),
        Some((text, rate)) => Some((size(text)?, Some(rate.parse().ok()?))),
    }
}
