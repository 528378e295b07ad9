//! The checks as text.

use std::fmt::Write;

use super::check::{Check, Status};

/// The checks as text for people.
pub fn table(checks: &[Check]) -> String {
    let mut text = String::new();
    let mut area = "";
    let width = checks.iter().map(|check| check.what.chars().count()).max().unwrap_or(0).min(28);
    for check in checks {
        // Writing to a string does not fail.
        if check.area != area {
            let _ = writeln!(text, "{}{}", if area.is_empty() { "" } else { "\n" }, check.area);
            area = check.area;
        }
        let mark = match check.status {
            Status::Ok => "✓",
            Status::Note => "–",
            Status::Problem => "✗",
        };
        let _ = writeln!(text, "  {mark} {:width$}  {}", check.what, check.found);
        if let Some(advice) = &check.advice {
            let _ = writeln!(text, "    {:width$}  → {advice}", "");
        }
    }
    let problems = checks.iter().filter(|check| check.status == Status::Problem).count();
    let _ = match problems {
        0 => writeln!(text, "\nnothing is in the way"),
        1 => writeln!(text, "\n1 problem"),
        count => writeln!(text, "\n{count} problems"),
    };
    text
}
