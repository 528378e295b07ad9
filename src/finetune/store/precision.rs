//! How precisely features are stored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a feature is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// float32, as computed.
    F32,
    /// float16, rounded to the nearest; what is beyond its range becomes ±65504, its largest number.
    F16,
}

impl Precision {
    /// Bytes of a feature.
    pub fn bytes(self) -> usize {
        match self {
            Precision::F32 => 4,
            Precision::F16 => 2,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Precision::F32 => "f32",
            Precision::F16 => "f16",
        })
    }
}
