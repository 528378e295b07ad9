//! Names of the pictures that a board keeps for its owner to label: `00000042-1764369000-cat-056.jpg`.

use std::fmt;

/// Most characters of a label in a name.
const LABEL_LENGTH: usize = 40;
/// What every name ends with.
const ENDING: &str = ".jpg";

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptName {
    /// Counts up for as long as the folder is there.
    pub number: u64,
    /// When it was taken by the board's clock, in seconds since 1970.
    pub seconds: u64,
    /// What the model said, with `_` for signs that are neither letters nor digits.
    pub label: String,
    /// How sure it was, in percent.
    pub percent: u8,
}

impl KeptName {
    /// Of a picture that was called `label` with a confidence from 0 to 1.
    pub fn new(number: u64, seconds: u64, label: &str, confidence: f32) -> Self {
        let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
        let label: String = label.chars().take(LABEL_LENGTH).map(plain).collect();
        let label = if label.is_empty() { "_".into() } else { label };
        KeptName { number, seconds, label, percent: (confidence.clamp(0.0, 1.0) * 100.0).round() as u8 }
    }

    /// Reads a file's name; `None` for one of another form.
    pub fn read(name: &str) -> Option<Self> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match name.strip_suffix(ENDING)?.split('-').collect::<Vec<_>>()[..] {
            [number, seconds, label, percent] if [number, seconds, percent].into_iter().all(digits) => {
                let known = !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '_');
                let (number, seconds, percent) = (number.parse().ok()?, seconds.parse().ok()?, percent.parse().ok()?);
                known.then(|| KeptName { number, seconds, label: label.into(), percent })
            }
            _ => None,
        }
    }
}

impl fmt::Display for KeptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}-{}-{}-{:03}{ENDING}", self.number, self.seconds, self.label, self.percent)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_others_are_none_of_ours() {
        assert_eq!(KeptName::new(42, 7, "cat/dog", 0.504).to_string(), "00000042-7-cat_dog-050.jpg");
        for name in [
            "",
            "holiday.jpg",
            "1-2-cat-050.png",
            "x-2-cat-050.jpg",
            "1-2-../a-050.jpg",
            "1-2--050.jpg",
            "1-2-a-999.jpg",
        ] {
            assert_eq!(KeptName::read(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_read_back(number: u64, seconds: u64, label in ".{0,60}", confidence in -1.0f32..2.0) {
            let name = KeptName::new(number, seconds, &label, confidence);
            let text = name.to_string();
            prop_assert!(!text.contains('/') && text.len() < 255);
            prop_assert_eq!(KeptName::read(&text), Some(name));
        }
    }
}
