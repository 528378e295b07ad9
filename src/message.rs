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

/// The error and its causes, from the outermost in, on one line; a cause that an outer text already tells is left out.
pub fn one_line(error: &anyhow::Error) -> String {
    let mut told: Vec<String> = vec![];
    for cause in error.chain() {
        let text = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !told.iter().any(|outer| outer.contains(&text)) {
            told.push(text);
        }
    }
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use super::one_line;
    use anyhow::anyhow;

    #[test]
    fn every_cause_is_told_once() {
        let error = anyhow!("no such file").context("cannot read a.jpg: no such file").context("cannot\n train");
        assert_eq!(one_line(&error), "cannot train: cannot read a.jpg: no such file");
        assert_eq!(one_line(&anyhow!("disk full").context("cannot write b")), "cannot write b: disk full");
    }
}
