//! Reports on a training run and on an evaluation: one HTML page that needs nothing but itself.
//!
//! | file | holds |
//! |---|---|
//! | `page` | the frame: title, contents, parts, style |
//! | `sections` | the parts, each with its template; one without data is left out |
//! | `plot` | drawings with axes |
//! | `thumbnails`, `heat` | pictures, and the layers over them |
//! | `text` | numbers and names |

mod heat;
mod page;
mod plot;
mod render;
mod sections;
mod text;
mod thumbnails;

#[cfg(test)]
mod tests;

use std::path::Path;

use super::{
    evaluation::Evaluation,
    findings::{Findings, mistakes::Mistake},
    reliability::Reliability,
    summary::{Outcome, Summary},
    unknown::Unknown,
};
use page::{Head, page};
use render::Section;
use sections::{
    accuracy, classes, confusion, curves, familiarity, looks, making, mistakes, next, pictures, quantization,
    reliability, threshold,
};
use text::{all_and_right, count, duration, pictures as in_pictures};

/// The page on a training run; reads the pictures that it shows.
///
/// A picture that cannot be read any more is shown by its name. Errs only where a template cannot be filled.
pub fn html(summary: &Summary) -> anyhow::Result<String> {
    let Summary { classes, int8, float, epochs, findings, .. } = summary;
    let (train, valid) = (summary.train_images.iter().sum(), summary.valid_images.iter().sum());
    let mut sections = vec![
        accuracy::of_training(int8, float)?,
        curves::section(epochs, !summary.training.trials.is_empty(), train, valid)?,
        confusion::section(classes, &[("int8", int8), ("float", float)])?,
        classes::section(classes, int8, Some(&summary.train_images))?,
    ];
    let found = &summary.calibration.int8;
    sections.extend(confidence(&found.after, (found.temperature != 1.0).then_some(&found.before))?);
    sections.extend(unknown(findings, summary.unknown.as_ref(), familiarity::Measuring::HeldOut)?);
    sections.extend(shown(classes, &summary.mistakes, findings, int8)?);
    sections.push(pictures::of_training(classes, &findings.pictures, &summary.skipped)?);
    if summary.quantization.images > 0 {
        sections.push(quantization::section(&summary.quantization)?);
    }
    let backbone = ("Backbone".to_string(), summary.backbone.clone());
    sections.push(making::section(making::Run {
        settings: [backbone].into_iter().chain(summary.settings.iter().cloned()).collect(),
        files: &summary.files,
        steps: &findings.steps,
        origin: findings.origin.as_ref(),
        seconds: summary.seconds,
    })?);
    sections.push(next::section(summary.files.first().map_or(Path::new("model.onnx"), |file| file))?);
    page(Head { kind: "Training report", name: summary.name.clone(), facts: facts(summary, train, valid) }, &sections)
}

/// What the page on an evaluation shows beside the evaluation itself.
pub struct Measured<'a> {
    /// The model's name and file.
    pub name: &'a str,
    pub model: &'a Path,
    /// The folder of pictures.
    pub data: &'a Path,
    /// Wrong answers, the surest first.
    pub mistakes: &'a [Mistake],
    /// How far its confidence is from the share of right answers.
    pub reliability: &'a Reliability,
    /// What familiarity tells; `None` for a model that judges by confidence alone.
    pub unknown: Option<&'a Unknown>,
    pub findings: &'a Findings,
    /// Seconds that it took.
    pub seconds: f64,
}

/// The page on an evaluation, likewise.
pub fn evaluation(evaluation: &Evaluation, measured: &Measured) -> anyhow::Result<String> {
    let Measured { name, model, data, mistakes, findings, seconds, .. } = *measured;
    let classes = &evaluation.classes;
    let outcome = Outcome { accuracy: evaluation.accuracy, confusion: evaluation.confusion.clone() };
    let mut sections = vec![
        accuracy::of_evaluation(&outcome)?,
        confusion::section(classes, &[("answers", &outcome)])?,
        classes::section(classes, &outcome, None)?,
    ];
    sections.extend(confidence(measured.reliability, None)?);
    sections.extend(unknown(findings, measured.unknown, familiarity::Measuring::AsGiven)?);
    sections.extend(shown(classes, mistakes, findings, &outcome)?);
    sections.push(pictures::of_evaluation(classes, &findings.pictures, &evaluation.skipped)?);
    sections.push(making::section(making::Run {
        settings: vec![("Pictures".into(), data.display().to_string())],
        files: &[model.to_path_buf()],
        steps: &findings.steps,
        origin: findings.origin.as_ref(),
        seconds,
    })?);
    let facts = vec![format!("{} classes", classes.len()), in_pictures(evaluation.images), duration(seconds)];
    page(Head { kind: "Evaluation report", name: name.into(), facts }, &sections)
}

/// What confidence is worth, and was worth before a temperature was found.
fn confidence(now: &Reliability, before: Option<&Reliability>) -> anyhow::Result<Option<Section>> {
    (!now.bins.is_empty()).then(|| reliability::section(now, before)).transpose()
}

/// When it says “unknown”: by familiarity where the model judges by it, else by confidence.
fn unknown(
    findings: &Findings,
    unknown: Option<&Unknown>,
    how: familiarity::Measuring,
) -> anyhow::Result<Option<Section>> {
    match (unknown, &findings.threshold) {
        (Some(unknown), _) => familiarity::section(unknown, how).map(Some),
        (None, Some(curve)) => threshold::section(curve).map(Some),
        (None, None) => Ok(None),
    }
}

/// The answers as pictures.
fn shown(
    classes: &[String],
    mistakes: &[Mistake],
    findings: &Findings,
    outcome: &Outcome,
) -> anyhow::Result<Vec<Section>> {
    let (all, right) = all_and_right(outcome);
    let mistakes = mistakes::section(classes, mistakes, &findings.looks, all - right, all)?;
    Ok([mistakes].into_iter().chain(looks::section(classes, &findings.looks)?).collect())
}

/// What the run was, in short phrases.
fn facts(summary: &Summary, train: usize, valid: usize) -> Vec<String> {
    let epochs = summary.epochs.len();
    let mut facts = vec![
        format!("{} classes", summary.classes.len()),
        format!("{} for training", in_pictures(train)),
        format!("{} for validation", count(valid)),
        format!("{epochs} epoch{}", if epochs == 1 { "" } else { "s" }),
        duration(summary.seconds),
    ];
    if !summary.skipped.is_empty() {
        facts.insert(3, format!("{} skipped", count(summary.skipped.len())));
    }
    facts
}
