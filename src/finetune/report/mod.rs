//! The report of a training run: one HTML page that needs nothing but itself.

mod axis;
mod curves;
mod matrix;
mod text;
mod thumbnails;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Context;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::summary::{Mistake, Skipped, Summary};
use curves::Chart;
use matrix::{ClassRow, Confusion, Matrix, name};
use text::{NONE, all_and_right, count, duration, file_name, percent, pictures, points, shell};

/// Most mistakes that are shown as pictures.
const MOST_MISTAKES: usize = 24;

/// Most skipped files that are listed.
const MOST_SKIPPED: usize = 50;

/// What the template shows; every text in it is escaped there.
#[derive(Serialize)]
struct Page {
    name: String,
    backbone: String,
    facts: Vec<String>,
    style: &'static str,
    int8: Headline,
    float: Headline,
    difference: String,
    verdict: String,
    charts: Vec<Chart>,
    best_epoch: usize,
    epochs: Vec<EpochRow>,
    matrices: Vec<Matrix>,
    confusions: Vec<Confusion>,
    classes: Vec<ClassRow>,
    train_total: String,
    valid_total: String,
    /// Wrong answers among the validation pictures; those shown, and how many there are.
    mistakes: Vec<Shown>,
    wrong: usize,
    settings: Vec<(String, String)>,
    files: Vec<String>,
    skipped: Vec<(String, String)>,
    skipped_beyond: usize,
    skipped_total: String,
    model_argument: String,
    model_name: String,
}

/// Accuracy of a model, large.
#[derive(Serialize)]
struct Headline {
    accuracy: String,
    right: String,
    all: String,
}

/// Figures of an epoch, for the table below the curves.
#[derive(Serialize)]
struct EpochRow {
    epoch: usize,
    figures: [String; 4],
    best: bool,
}

/// A wrong answer with its picture.
#[derive(Serialize)]
struct Shown {
    /// Address of the thumbnail; none where the file cannot be read any more.
    picture: Option<String>,
    truth: String,
    answer: String,
    confidence: String,
    file: String,
    path: String,
}

/// Writes the page; reads the pictures of the surest mistakes for their thumbnails.
///
/// A picture that cannot be read any more is shown by its name. Errs only where the template cannot be filled.
pub fn html(summary: &Summary) -> anyhow::Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment
        .render_named_str("report.html", include_str!("report.html"), Serde(page(summary)))
        .with_context(|| format!("cannot write the report on model {}", summary.name))
}

fn page(summary: &Summary) -> Page {
    let Summary { classes, int8, float, .. } = summary;
    let (all, right) = all_and_right(int8);
    let float_right = all_and_right(float).1;
    let model = summary.files.first().map_or(Path::new("model.onnx"), |file| file.as_path());
    let (train, valid) = (summary.train_images.iter().sum(), summary.valid_images.iter().sum());
    Page {
        name: summary.name.clone(),
        backbone: summary.backbone.clone(),
        facts: facts(summary, train, valid),
        style: include_str!("report.css"),
        int8: headline(int8),
        float: headline(float),
        difference: points(float.accuracy, int8.accuracy, all),
        verdict: verdict(all, float_right, right),
        charts: curves::charts(&summary.epochs, summary.best_epoch),
        best_epoch: summary.best_epoch,
        epochs: epoch_rows(summary, train, valid),
        matrices: vec![matrix::matrix("int8", classes, int8), matrix::matrix("float", classes, float)],
        confusions: matrix::confusions(classes, int8),
        classes: matrix::class_rows(classes, int8, &summary.train_images, &summary.valid_images),
        train_total: count(train),
        valid_total: count(valid),
        mistakes: summary.mistakes.iter().take(MOST_MISTAKES).map(|mistake| shown(classes, mistake)).collect(),
        wrong: (all - right).max(summary.mistakes.len()),
        settings: summary.settings.clone(),
        files: summary.files.iter().map(|file| file.display().to_string()).collect(),
        skipped: summary.skipped.iter().take(MOST_SKIPPED).map(skipped).collect(),
        skipped_beyond: summary.skipped.len().saturating_sub(MOST_SKIPPED),
        skipped_total: pictures(summary.skipped.len()),
        model_argument: shell(model),
        model_name: shell(Path::new(&file_name(model))),
    }
}

fn headline(outcome: &super::summary::Outcome) -> Headline {
    let (all, right) = all_and_right(outcome);
    let accuracy = if all == 0 { NONE.into() } else { percent(outcome.accuracy, all) };
    Headline { accuracy, right: count(right), all: pictures(all) }
}

/// What the run was, in short phrases.
fn facts(summary: &Summary, train: usize, valid: usize) -> Vec<String> {
    let epochs = summary.epochs.len();
    let mut facts = vec![
        format!("{} classes", summary.classes.len()),
        format!("{} for training", pictures(train)),
        format!("{} for validation", count(valid)),
        format!("{epochs} epoch{}", if epochs == 1 { "" } else { "s" }),
        duration(summary.seconds),
    ];
    if !summary.skipped.is_empty() {
        facts.insert(3, format!("{} skipped", count(summary.skipped.len())));
    }
    facts
}

/// What the difference between float and int8 comes to in pictures.
fn verdict(all: usize, float: usize, int8: usize) -> String {
    match int8.abs_diff(float) {
        _ if all == 0 => "There were no validation pictures to compare on.".into(),
        0 => "Both get the same number of pictures right.".into(),
        n if int8 < float => format!("int8 gets {} fewer right.", pictures(n)),
        n => format!("int8 gets {} more right.", pictures(n)),
    }
}

fn epoch_rows(summary: &Summary, train: usize, valid: usize) -> Vec<EpochRow> {
    let loss = |value: f64| if value.is_finite() { format!("{value:.4}") } else { NONE.into() };
    let row = |epoch: &super::summary::Epoch| EpochRow {
        epoch: epoch.epoch,
        figures: [
            loss(epoch.loss),
            loss(epoch.val_loss),
            percent(epoch.accuracy, train),
            percent(epoch.val_accuracy, valid),
        ],
        best: epoch.epoch == summary.best_epoch,
    };
    summary.epochs.iter().map(row).collect()
}

fn shown(classes: &[String], mistake: &Mistake) -> Shown {
    Shown {
        picture: thumbnails::data_url(&mistake.file),
        truth: name(classes, mistake.truth).into(),
        answer: name(classes, mistake.answer).into(),
        confidence: percent(mistake.confidence.into(), 1),
        file: file_name(&mistake.file),
        path: mistake.file.display().to_string(),
    }
}

fn skipped(skipped: &Skipped) -> (String, String) {
    (skipped.file.display().to_string(), skipped.reason.clone())
}
