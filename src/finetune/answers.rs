//! A model file's answers for many pictures, each on a thread of its own.

use std::path::PathBuf;

use rayon::prelude::*;

use super::{progress::Progress, summary::Skipped};
use crate::{
    engine::{
        classifier::{Classifier, Prediction},
        error::EngineError,
    },
    vision::decode::read_picture,
};

/// Answers for a list of pictures.
pub struct Answers {
    /// Position in the list and answer of every picture that could be read, in order.
    pub given: Vec<(usize, Prediction)>,
    /// The pictures that could not be read; each was named on standard error.
    pub skipped: Vec<Skipped>,
}

/// Classifies `files` with a classifier that runs on one thread; `what` names the step to the user.
pub fn answer_all(what: &str, classifier: &Classifier, files: &[PathBuf]) -> Result<Answers, EngineError> {
    let progress = Progress::start(what, files.len());
    let outcomes = files
        .par_iter()
        .map(|file| {
            let outcome = match read_picture(file) {
                Ok(picture) => Ok(classifier.classify(&picture)?),
                Err(error) => Err(error.to_string()),
            };
            progress.one();
            Ok(outcome)
        })
        .collect::<Result<Vec<_>, EngineError>>()?;
    drop(progress);
    let mut answers = Answers { given: vec![], skipped: vec![] };
    for (index, (file, outcome)) in files.iter().zip(outcomes).enumerate() {
        match outcome {
            Ok(prediction) => answers.given.push((index, prediction)),
            Err(reason) => {
                eprintln!("skipped: {reason}");
                answers.skipped.push(Skipped { file: file.clone(), reason });
            }
        }
    }
    Ok(answers)
}
