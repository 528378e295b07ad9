//! A report as text for people.

use std::{fmt::Write, path::Path};

use super::{
    Report,
    finding::{Finding, Named, Severity, count, thousands},
};

/// Pictures that are named under a finding; `--json` names all.
const SHOWN: usize = 8;

/// The report: counts, findings by severity, and whether to go on.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    if !report.classes.is_empty() {
        let _ = write!(text, "{}", table(report));
    }
    for (severity, heading) in [
        (Severity::Error, "Training would mislead:"),
        (Severity::Warning, "Warnings:"),
        (Severity::Note, "Worth a look:"),
    ] {
        let mut found = report.findings.iter().filter(|finding| finding.severity == severity).peekable();
        if found.peek().is_some() {
            let _ = writeln!(text, "\n{heading}");
        }
        found.for_each(|finding| describe(&mut text, finding, &report.data));
    }
    let _ = writeln!(text, "\n{}", verdict(report));
    text
}

fn table(report: &Report) -> String {
    let total = |counts: &[usize]| thousands(counts.iter().sum());
    let rows = report.classes.iter().zip(&report.train_images).zip(&report.valid_images);
    let mut rows: Vec<[String; 3]> =
        rows.map(|((class, train), valid)| [class.clone(), thousands(*train), thousands(*valid)]).collect();
    rows.push(["all".into(), total(&report.train_images), total(&report.valid_images)]);
    let valid = if report.held_back { "held back" } else { "valid" };
    rows.insert(0, [report.data.display().to_string(), "train".into(), valid.into()]);
    let width = rows.iter().map(|row| row[0].chars().count()).max().unwrap_or(0);
    rows.iter().map(|[name, train, valid]| format!("{name:width$} {train:>9} {valid:>9}\n")).collect()
}

fn describe(text: &mut String, finding: &Finding, data: &Path) {
    let Finding { severity, what, advice, pictures, .. } = finding;
    let sign = match severity {
        Severity::Error => "✗",
        Severity::Warning => "!",
        Severity::Note => "·",
    };
    let _ = writeln!(text, "  {sign} {what}");
    let shown = if pictures.len() <= SHOWN + 1 { pictures.len() } else { SHOWN };
    for Named { file, like, note } in &pictures[..shown] {
        let short = |path: &Path| path.strip_prefix(data).unwrap_or(path).display().to_string();
        let like = like.as_ref().map_or(String::new(), |like| format!("  =  {}", short(like)));
        let note = if note.is_empty() { String::new() } else { format!("  ({note})") };
        let _ = writeln!(text, "      {}{like}{note}", short(file));
    }
    if pictures.len() > shown {
        let _ = writeln!(text, "      and {} more; --json names all", thousands(pictures.len() - shown));
    }
    let _ = writeln!(text, "    → {advice}");
}

fn verdict(report: &Report) -> String {
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let told = report.told_apart.map_or(String::new(), |share| {
        format!("; a quick reading tells {:.1} % of the pictures' classes", share * 100.0)
    });
    match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => format!("Fit for training{told}."),
        (0, warnings) => format!("Fit for training, with {}{told}.", count(warnings, "warning")),
        (errors, _) => format!("Not fit for training: {} to mend first{told}.", count(errors, "error")),
    }
}
