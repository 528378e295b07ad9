//! `finetune evaluate`: a model file against labelled pictures.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};

use super::{
    answers::{Answers, answer_all},
    dataset,
    division::held_back,
    evaluation::{Evaluation, HeldBack},
    findings::{
        Findings, Measured, answer::Answer, clock::Clock, mistakes::mistakes, origin::Origin, pictures::Pictures,
    },
    labels::match_folders,
    looks::Album,
    reliability::Reliability,
    report,
    share::Share,
    summary::Outcome,
    unknown::{Unknown, gather::pictures_below},
};
use crate::{
    engine::{
        classifier::{Classifier, Prediction},
        open::Settings,
    },
    model::{
        file::{self, Contents},
        network::Network,
        real::real,
        recognise::Recognised,
        replace::write_atomically,
    },
};

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
