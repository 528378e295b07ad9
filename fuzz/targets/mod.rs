//! The targets: functions that take any bytes, and panic where the code does not do what it promises.

mod config;
mod http;
mod import;
mod jpeg;
mod model;
mod packed;
mod yuv;

/// A target: its name, which is that of its folder of inputs, and what takes an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 7] = [
    ("config", config::run),
    ("http", http::run),
    ("import", import::run),
    ("jpeg", jpeg::run),
    ("model", model::run),
    ("packed", packed::run),
    ("yuv", yuv::run),
];

#[cfg(test)]
pub use packed::{KEY, header};

/// Takes the first `N` bytes of an input for choices, zeros where there are fewer, and gives the rest.
fn choices<const N: usize>(data: &[u8]) -> ([u8; N], &[u8]) {
    let (first, rest) = data.split_at(data.len().min(N));
    let mut choices = [0; N];
    choices[..first.len()].copy_from_slice(first);
    (choices, rest)
}

/// An error is told in one line, and says something.
#[track_caller]
fn assert_told(error: impl std::fmt::Display) {
    let text = error.to_string();
    assert!(!text.trim().is_empty() && !text.contains('\n'), "no single line: {text:?}");
}
