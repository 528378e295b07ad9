//! `finetune evaluate`: a model file against labelled pictures.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Serialize;

use super::{
    answers::{Answers, answer_all},
    dataset,
    labels::match_folders,
    summary::{Outcome, Skipped},
};
use crate::engine::{classifier::Classifier, open::Settings};

/// What an evaluation found out.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Pictures with an answer.
    pub images: usize,
    /// Share of right answers.
    pub accuracy: f64,
    /// The model's labels.
    pub classes: Vec<String>,
    /// `confusion[t][p]`: pictures of class `t` that were taken for class `p`.
    pub confusion: Vec<Vec<usize>>,
    /// Answers below the model's threshold, which `vggcam` shows as `unknown`; they count by their likeliest class.
    pub unknown: usize,
    /// Pictures that could not be read.
    pub skipped: Vec<Skipped>,
}

/// Classifies every picture in the class folders of `data`, or of `data/valid` if it has one.
pub fn evaluate(model: &Path, data: &Path) -> anyhow::Result<Evaluation> {
    let classifier = Classifier::open(model, Settings::plain(1))?;
    let folder = if data.join("valid").is_dir() { data.join("valid") } else { data.to_path_buf() };
    let split = dataset::split(&folder)?;
    let labels = &classifier.metadata().labels;
    let classes = match_folders(&split.classes, labels)
        .with_context(|| format!("cannot evaluate {} on {}", model.display(), folder.display()))?;
    let files: Vec<PathBuf> = split.pictures.iter().map(|picture| picture.file.clone()).collect();
    let Answers { given, skipped } = answer_all("evaluating", &classifier, &files)?;
    ensure!(!given.is_empty(), "none of the {} pictures in {} can be read", files.len(), folder.display());
    let threshold = classifier.metadata().unknown_threshold;
    let unknown = given.iter().filter(|(_, answer)| answer.best().1 < threshold).count();
    let truth_and_answer = given.iter().map(|(index, answer)| (classes[split.pictures[*index].class], answer.best().0));
    let Outcome { accuracy, confusion } = Outcome::of(labels.len(), truth_and_answer);
    let images = given.len();
    Ok(Evaluation { images, accuracy, classes: labels.clone(), confusion, unknown, skipped })
}

/// The evaluation as text for people.
pub fn table(evaluation: &Evaluation) -> String {
    let Evaluation { images, accuracy, classes, confusion, unknown, skipped } = evaluation;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "accuracy {:.2} % of {images} pictures", accuracy * 100.0);
    if *unknown > 0 {
        let _ = writeln!(text, "{unknown} answers are below the model's threshold and would show as unknown");
    }
    if !skipped.is_empty() {
        let _ = writeln!(text, "{} pictures could not be read and do not count", skipped.len());
    }
    let width = classes.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(9);
    let _ = write!(text, "\n{:>width$} |", "is \\ seen");
    for class in classes {
        let _ = write!(text, " {class:>width$}");
    }
    let _ = writeln!(text, " | {:>9} {:>9}", "recall", "precision");
    for (index, (class, row)) in classes.iter().zip(confusion).enumerate() {
        let seen: usize = confusion.iter().map(|row| row[index]).sum();
        let share = |right: usize, all: usize| match all {
            0 => "–".to_string(),
            all => format!("{:.1} %", right as f64 / all as f64 * 100.0),
        };
        let _ = write!(text, "{class:>width$} |");
        for count in row {
            let _ = write!(text, " {count:>width$}");
        }
        let (recall, precision) = (share(row[index], row.iter().sum()), share(row[index], seen));
        let _ = writeln!(text, " | {recall:>9} {precision:>9}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_every_count() {
        let evaluation = Evaluation {
            images: 10,
            accuracy: 0.8,
            classes: vec!["cat".into(), "dog".into()],
            confusion: vec![vec![5, 1], vec![1, 3]],
            unknown: 0,
            skipped: vec![],
        };
        insta::assert_snapshot!(table(&evaluation), @r"
        accuracy 80.00 % of 10 pictures

        is \ seen |       cat       dog |    recall precision
              cat |         5         1 |    83.3 %    83.3 %
              dog |         1         3 |    75.0 %    75.0 %
        ");
    }
}
