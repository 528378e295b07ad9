//! `finetune evaluate`: a model file against labelled pictures.

use std::{fmt::Write, path::Path};

use anyhow::{Context, bail};
use rayon::prelude::*;
use serde::Serialize;

use super::{
    dataset::{self, Labelled, Split},
    progress::Progress,
    summary::{Outcome, Skipped},
};
use crate::{engine::classifier::Classifier, vision::decode::read_picture};

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
    let classifier = Classifier::open(model, 1)?;
    let folder = if data.join("valid").is_dir() { data.join("valid") } else { data.to_path_buf() };
    let split = dataset::split(&folder)?;
    let labels = &classifier.metadata().labels;
    let pictures = matched(&split, labels)
        .with_context(|| format!("the folders in {} do not fit the model {}", folder.display(), model.display()))?;
    let threshold = classifier.metadata().unknown_threshold;
    let progress = Progress::start("evaluating", pictures.len());
    let answers = pictures
        .par_iter()
        .map(|picture| {
            let answer = match read_picture(&picture.file) {
                Ok(pixels) => Ok(classifier.classify(&pixels)?.best()),
                Err(error) => Err(Skipped { file: picture.file.clone(), reason: error.to_string() }),
            };
            progress.one();
            Ok((picture.class, answer))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut skipped = vec![];
    let mut answered = vec![];
    let mut unknown = 0;
    for (truth, answer) in answers {
        match answer {
            Ok((class, confidence)) => {
                unknown += usize::from(confidence < threshold);
                answered.push((truth, class));
            }
            Err(picture) => skipped.push(picture),
        }
    }
    if answered.is_empty() {
        bail!("none of the pictures in {} can be read", folder.display());
    }
    let images = answered.len();
    let Outcome { accuracy, confusion } = Outcome::of(labels.len(), answered);
    Ok(Evaluation { images, accuracy, classes: labels.clone(), confusion, unknown, skipped })
}

/// The pictures with the model's class indices. Folder names match labels whatever their case, also in the plural.
fn matched(split: &Split, labels: &[String]) -> anyhow::Result<Vec<Labelled>> {
    let same = |folder: &str, label: &str| {
        let (folder, label) = (folder.to_lowercase(), label.to_lowercase());
        folder == label || folder.strip_suffix('s') == Some(&label) || label.strip_suffix('s') == Some(&folder)
    };
    let classes: Vec<Option<usize>> =
        split.classes.iter().map(|folder| labels.iter().position(|label| same(folder, label))).collect();
    if classes.iter().any(Option::is_none) {
        bail!("the folders are {} and the model's labels are {}", split.classes.join(", "), labels.join(", "));
    }
    let class_of = |picture: &Labelled| classes[picture.class].unwrap_or_default();
    Ok(split.pictures.iter().map(|p| Labelled { file: p.file.clone(), class: class_of(p) }).collect())
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

    fn split(classes: &[&str]) -> Split {
        let pictures = (0..classes.len()).map(|class| Labelled { file: format!("{class}.jpg").into(), class });
        Split { classes: classes.iter().map(|c| c.to_string()).collect(), pictures: pictures.collect() }
    }

    #[test]
    fn folders_find_their_labels_by_name() {
        let labels = ["dog".to_string(), "cat".to_string()];
        let classes = |folders: &[&str]| -> Vec<usize> {
            matched(&split(folders), &labels).unwrap().iter().map(|p| p.class).collect()
        };
        assert_eq!(classes(&["Cats", "dogs"]), [1, 0]);
        assert_eq!(classes(&["dog", "cat"]), [0, 1]);
        let error = matched(&split(&["cats", "foxes"]), &labels).unwrap_err().to_string();
        assert!(error.contains("cats, foxes") && error.contains("dog, cat"), "{error}");
    }

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
        insta::assert_snapshot!(table(&evaluation));
    }
}
