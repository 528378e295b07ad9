//! The wrong answers that a report shows.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::answer::Answer;

/// A wrong answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistake {
    pub file: PathBuf,
    /// Index of the right class.
    pub truth: usize,
    /// Index of the class that was answered.
    pub answer: usize,
    /// Probability of the answer.
    pub confidence: f32,
}

/// Mistakes that a report shows at most.
const MISTAKES: usize = 24;

/// The wrong ones of these answers, the surest first; one for each of `files`.
pub fn mistakes(files: &[&Path], answers: &[Answer]) -> Vec<Mistake> {
    let wrong = files.iter().zip(answers).filter(|(_, answer)| !answer.is_right()).map(|(file, given)| {
        let Answer { truth, answer, confidence } = *given;
        Mistake { file: file.to_path_buf(), truth, answer, confidence }
    });
    let mut mistakes: Vec<_> = wrong.collect();
    mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    mistakes.truncate(MISTAKES);
    mistakes
}
