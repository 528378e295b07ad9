//! What a program prints: its results, and an error as one line.

use std::io::{self, Write, stdout};

use anyhow::Context;

/// Prints to standard output, whose reader may have gone away (`| head`).
pub fn print(text: &str) -> anyhow::Result<()> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// Characters of an error that are told at its beginning and at its end; what is between them is left out.
const TOLD: (usize, usize) = (800, 300);

/// The error and its causes, from the outermost in, on one line; a cause that an outer text already tells is left out, and so is the
/// middle of a text that nobody would read, such as a file's own words may be.
pub fn one_line(error: &anyhow::Error) -> String {
    let mut told: Vec<String> = vec![];
    for cause in error.chain() {
        let text = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !told.iter().any(|outer| outer.contains(&text)) {
            told.push(text);
        }
    }
    shortened(told.join(": "))
}

fn shortened(text: String) -> String {
    let place = |number: usize| text.char_indices().nth(number).map(|(place, _)| place);
    let length = text.chars().count();
    match (place(TOLD.0), place(length.saturating_sub(TOLD.1))) {
        (Some(head), Some(tail)) if length > TOLD.0 + TOLD.1 => format!("{} … {}", &text[..head], &text[tail..]),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;
    use anyhow::anyhow;

    #[test]
    fn every_cause_is_told_once_and_no_novel() {
        let error = anyhow!("no such file").context("cannot read a.jpg: no such file").context("cannot\n train");
        assert_eq!(one_line(&error), "cannot train: cannot read a.jpg: no such file");
        let long = one_line(&anyhow!("{} is odd; make it again", "ü".repeat(1 << 20)));
        assert!(long.starts_with("üü") && long.ends_with("is odd; make it again") && long.chars().count() < 1200);
        assert_eq!(one_line(&anyhow!("disk full").context("cannot write b")), "cannot write b: disk full");
    }
}
