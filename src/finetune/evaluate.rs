//! `finetune evaluate`: a model file against labelled pictures.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use serde::Serialize;

use super::{
    answers::{Answers, answer_all},
    dataset,
    division::held_back,
    findings::{
        Findings, Measured, answer::Answer, clock::Clock, mistakes::mistakes, origin::Origin, pictures::Pictures,
    },
    labels::match_folders,
    looks::Album,
    reliability::Reliability,
    report,
    share::Share,
    summary::{Outcome, Skipped},
    unknown::{Unknown, gather::pictures_below},
};
use crate::{
    engine::{
        classifier::{Classifier, Prediction},
        open::Settings,
    },
    model::{
        file::{self, Contents, write_atomically},
        network::Network,
        real::real,
        recognise::Recognised,
    },
};

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
    /// Expected calibration error: how far confidences are from shares of right answers, 0 to 1.
    pub calibration_error: f64,
    /// Answers that `vggcam` shows as `unknown`; they count by their likeliest class.
    pub unknown: usize,
    /// The same as a share.
    pub false_rejects: Share,
    /// Negatives that are taken for one of the classes, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_accepts: Option<Share>,
    /// Pictures that could not be read.
    pub skipped: Vec<Skipped>,
    /// The part that `train` holds back where it divides this folder by itself; `None` if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
}

/// The pictures that `train` does not train on where a data set has no `valid/`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HeldBack {
    /// Pictures with an answer.
    pub images: usize,
    /// Share of right answers.
    pub accuracy: f64,
}

/// Classifies every picture in the class folders of `data`, or of `data/valid` or `data/train` if it has one, and those in the
/// folder `negatives` and the folders in it, which are of none of the classes; `report` is an HTML file to write about it. Without
/// `valid/` those that `train` would hold back are measured on their own too, for it may have trained on the others.
pub fn evaluate(
    model: &Path,
    data: &Path,
    negatives: Option<&Path>,
    report: Option<&Path>,
) -> anyhow::Result<Evaluation> {
    let (start, mut clock) = (Instant::now(), Clock::start());
    let classifier = Classifier::open(model, Settings::plain(1))?;
    let undivided = dataset::undivided(data);
    let (folder, split) = match &undivided {
        Some(folder) => (folder.clone(), dataset::split_undivided(folder)?),
        None => (data.join("valid"), dataset::split(&data.join("valid"))?),
    };
    let metadata = classifier.metadata();
    let classes = match_folders(&split.classes, &metadata.labels)
        .with_context(|| format!("cannot evaluate {} on {}", model.display(), folder.display()))?;
    let files: Vec<PathBuf> = split.pictures.iter().map(|picture| picture.file.clone()).collect();
    let Answers { given, mut skipped } = answer_all("evaluating", &classifier, &files)?;
    ensure!(!given.is_empty(), "none of the {} pictures in {} can be read", files.len(), folder.display());
    let truth = |index: usize| classes[split.pictures[index].class];
    let answers: Vec<_> = given.iter().map(|(index, given)| Answer::new(truth(*index), &given.probabilities)).collect();
    let unknown = given.iter().filter(|(_, answer)| classifier.is_unknown(answer)).count();
    let outcome = |answers: &[&Answer]| {
        Outcome::of(metadata.labels.len(), answers.iter().map(|answer| (answer.truth, answer.answer)))
    };
    let Outcome { accuracy, confusion } = outcome(&answers.iter().collect::<Vec<_>>());
    let held_back = match undivided {
        None => None,
        Some(_) => {
            let chosen = held_back(&split.pictures, split.classes.len(), &Album::open(None)?)?;
            let own = given.iter().zip(&answers).filter(|((index, _), _)| chosen[*index]);
            let own: Vec<&Answer> = own.map(|(_, answer)| answer).collect();
            (!own.is_empty()).then(|| HeldBack { images: own.len(), accuracy: outcome(&own).accuracy })
        }
    };
    let (images, labels) = (given.len(), metadata.labels.clone());
    let reliability = Reliability::of(answers.iter().map(|answer| (answer.confidence, answer.is_right())));
    let strangers: Vec<Prediction> = match negatives {
        None => vec![],
        Some(folder) => {
            let answers = answer_all("negatives", &classifier, &pictures_below(folder)?)?;
            skipped.extend(answers.skipped);
            answers.given.into_iter().map(|(_, answer)| answer).collect()
        }
    };
    let accepted = strangers.iter().filter(|answer| !classifier.is_unknown(answer)).count();
    let false_accepts = negatives.map(|_| Share::new(accepted, strangers.len()));
    let evaluation = Evaluation {
        images,
        accuracy,
        classes: labels,
        confusion,
        calibration_error: reliability.expected_calibration_error,
        unknown,
        false_rejects: Share::new(unknown, images),
        false_accepts,
        skipped,
        held_back,
    };
    clock.done("answering");
    if let Some(path) = report {
        let files: Vec<&Path> = given.iter().map(|(index, _)| files[*index].as_path()).collect();
        let (mistakes, network) = (mistakes(&files, &answers), float_form(model)?);
        let sure: Vec<f32> = strangers.iter().map(|answer| answer.best().1).collect();
        let findings = Findings::of_answers(&Measured {
            network: network.as_ref(),
            metadata,
            files: &files,
            answers: &answers,
            negatives: &sure,
            mistakes: &mistakes,
        });
        let unknown = metadata.familiarity.as_ref().map(|familiarity| {
            let known: Vec<f32> = given.iter().filter_map(|(_, answer)| answer.familiarity).collect();
            let strangers: Vec<f32> = strangers.iter().filter_map(|answer| answer.familiarity).collect();
            Unknown::at(familiarity.threshold, &known, &strangers)
        });
        let mut pictures = split.pictures.clone();
        pictures.iter_mut().for_each(|picture| picture.class = classes[picture.class]);
        let size = classifier.input_size();
        let pictures = Pictures::of("measuring", &pictures, metadata.labels.len(), size, true);
        clock.done("looking at pictures");
        let (steps, origin) = (clock.steps(), Some(Origin::of_this_run(Some(model))));
        let measured = report::Measured {
            name: &metadata.name,
            model,
            data: &folder,
            mistakes: &mistakes,
            reliability: &reliability,
            unknown: unknown.as_ref(),
            findings: &Findings { pictures: vec![pictures], steps, origin, ..findings },
            seconds: start.elapsed().as_secs_f64(),
        };
        write_atomically(path, report::evaluation(&evaluation, &measured)?.as_bytes())?;
    }
    Ok(evaluation)
}

/// The float network of a model file, or the one that its int8 network stands for; `None` where it has neither.
fn float_form(model: &Path) -> anyhow::Result<Option<Network>> {
    Ok(match file::open(model)?.contents {
        Contents::Network(Recognised::Float(network)) => Some(network),
        Contents::Network(Recognised::Quantized(network)) => real(network).ok().map(|(network, _)| network),
        Contents::Foreign { .. } => None,
    })
}

/// The evaluation as text for people.
pub fn table(evaluation: &Evaluation) -> String {
    let Evaluation { images, accuracy, classes, confusion, false_rejects, false_accepts, skipped, held_back, .. } =
        evaluation;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "accuracy {:.2} % of {images} pictures", accuracy * 100.0);
    if let Some(HeldBack { images, accuracy }) = held_back {
        let _ = writeln!(
            text,
            "accuracy {:.2} % of the {images} of them that `train` holds back: the figure that counts if it was given this folder",
            accuracy * 100.0
        );
    }
    let _ = writeln!(text, "calibration error {:.2} %", evaluation.calibration_error * 100.0);
    if false_rejects.count > 0 || false_accepts.is_some() {
        let _ = writeln!(text, "shown as unknown: {false_rejects}");
    }
    if let Some(share) = false_accepts {
        let _ = writeln!(text, "negatives taken for a class: {share}");
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
            calibration_error: 0.0123,
            unknown: 1,
            false_rejects: Share::new(1, 10),
            false_accepts: Some(Share::new(27, 206)),
            skipped: vec![],
            held_back: Some(HeldBack { images: 2, accuracy: 0.5 }),
        };
        insta::assert_snapshot!(table(&evaluation), @r"
        accuracy 80.00 % of 10 pictures
        accuracy 50.00 % of the 2 of them that `train` holds back: the figure that counts if it was given this folder
        calibration error 1.23 %
        shown as unknown: 10.0 % (1 of 10, 95 % interval 1.8–40.4 %)
        negatives taken for a class: 13.1 % (27 of 206, 95 % interval 9.2–18.4 %)

        is \ seen |       cat       dog |    recall precision
              cat |         5         1 |    83.3 %    83.3 %
              dog |         1         3 |    75.0 %    75.0 %
        ");
    }
}
