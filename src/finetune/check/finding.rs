//! One thing that is wrong with a data set.

use std::path::{Path, PathBuf};

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// What a training run says about itself would not be true, or there would be none.
    Error,
    /// The model becomes worse than it need be.
    Warning,
    /// Worth a look.
    Note,
}

/// What is wrong, with which pictures, and what to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What kind of finding it is, in one word that stays.
    pub kind: &'static str,
    /// What is wrong, in one sentence without its full stop.
    pub what: String,
    /// What to do, likewise.
    pub advice: String,
    /// The pictures in question; may be none where it concerns whole folders.
    pub pictures: Vec<Named>,
}

/// A picture in question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// The file.
    pub file: PathBuf,
    /// Another file that it is like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<PathBuf>,
    /// What there is to say about this one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Finding {
    /// A finding that names no pictures.
    pub fn new(severity: Severity, kind: &'static str, what: String, advice: impl Into<String>) -> Self {
        Finding { severity, kind, what, advice: advice.into(), pictures: vec![] }
    }

    /// The same about these pictures.
    pub fn about(self, pictures: Vec<Named>) -> Self {
        Finding { pictures, ..self }
    }
}

impl Named {
    /// A picture and what there is to say about it.
    pub fn new(file: &Path, note: impl Into<String>) -> Self {
        Named { file: file.into(), like: None, note: note.into() }
    }

    /// A picture that is like another one.
    pub fn like(file: &Path, other: &Path, note: impl Into<String>) -> Self {
        Named { file: file.into(), like: Some(other.into()), note: note.into() }
    }
}

/// `1 picture` or `1,234 pictures`.
pub fn count(number: usize, one: &str) -> String {
    format!("{} {one}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// `1 picture is small` or `2 pictures are small`; `they` is what follows for several.
pub fn clause(number: usize, one: &str, they: &str) -> String {
    let (verb, rest) = they.split_once(' ').unwrap_or((they, ""));
    let verb = match (number, verb) {
        (1, "are") => "is".to_string(),
        (1, "have") => "has".to_string(),
        (1, "cannot") => "cannot".to_string(),
        (1, other) => format!("{other}s"),
        (_, other) => other.to_string(),
    };
    format!("{} {verb} {rest}", count(number, one))
}

/// A number with a comma before every three digits.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!([0, 12, 999, 1000, 1234567].map(thousands), ["0", "12", "999", "1,000", "1,234,567"]);
        let clauses = ["are small", "lie there", "cannot be read"].map(|they| clause(1, "picture", they));
        assert_eq!(clauses, ["1 picture is small", "1 picture lies there", "1 picture cannot be read"]);
        assert_eq!(clause(2, "picture", "have a copy"), "2 pictures have a copy");
        assert_eq!([count(1, "picture"), count(2, "picture")], ["1 picture", "2 pictures"]);
    }
}
