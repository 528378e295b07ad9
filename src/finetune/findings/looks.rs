//! Where the network looked in the pictures that it got most wrong, and in some that it got right.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use super::{answer::Answer, mistakes::Mistake};
use crate::{
    finetune::{
        features::fitted_picture,
        gradcam::{GradCam, Heat},
    },
    model::{metadata::Fit, network::Network},
};

/// Right answers that are looked into, over all classes.
const RIGHT: usize = 8;

/// Where the network looked for its answer to one picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Look {
    pub file: PathBuf,
    /// Index of the right class.
    pub truth: usize,
    /// Index of the class that was answered, which the heat is for.
    pub answer: usize,
    /// Probability of the answer.
    pub confidence: f32,
    /// How the picture was fitted to the network's input, which the heat covers.
    pub fit: Fit,
    /// Not in `report.json`.
    #[serde(skip)]
    pub heat: Heat,
}

/// Looks into `mistakes` and into the surest right answers of each class, by the network's float form; `answers` has one for
/// each of `files`. Empty, with a warning, where the network is none that can be looked into.
pub fn looks(network: &Network, fit: Fit, files: &[&Path], answers: &[Answer], mistakes: &[Mistake]) -> Vec<Look> {
    let cam = match GradCam::new(network) {
        Ok(cam) => cam,
        Err(error) => {
            log::warn!("the report will not show where the network looked: {error}");
            return vec![];
        }
    };
    let wrong = mistakes.iter().map(|mistake| {
        let Mistake { truth, answer, confidence, .. } = *mistake;
        (mistake.file.as_path(), Answer { truth, answer, confidence })
    });
    let seen: Vec<_> = wrong.chain(surest_right(files, answers)).collect();
    let look = |(file, answer): &(&Path, Answer)| {
        // A file that is gone since is named where its picture would be.
        let fitted = fitted_picture(file, network.input_size as u32, fit).ok()?;
        let heat = cam.heat(&fitted, answer.answer).ok()?;
        let Answer { truth, answer, confidence } = *answer;
        Some(Look { file: file.to_path_buf(), truth, answer, confidence, fit, heat })
    };
    seen.par_iter().filter_map(look).collect()
}

/// The surest right answers, as many of each class, the class's surest first.
fn surest_right<'a>(files: &[&'a Path], answers: &[Answer]) -> Vec<(&'a Path, Answer)> {
    let mut right: Vec<_> = files.iter().copied().zip(answers.iter().copied()).filter(|(_, a)| a.is_right()).collect();
    right.sort_by(|(_, a), (_, b)| a.truth.cmp(&b.truth).then(b.confidence.total_cmp(&a.confidence)));
    let classes: Vec<_> = right.chunk_by(|(_, a), (_, b)| a.truth == b.truth).collect();
    let of_class = (RIGHT / classes.len().max(1)).max(1);
    classes.into_iter().flat_map(|class| class.iter().take(of_class).copied()).take(RIGHT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_right_answers_of_each_class_are_taken() {
        let names: Vec<String> = (0..40).map(|i| i.to_string()).collect();
        let files: Vec<&Path> = names.iter().map(Path::new).collect();
        let answer = |i: usize| Answer { truth: i % 2, answer: usize::from(i % 4 == 1), confidence: i as f32 / 40.0 };
        let answers: Vec<_> = (0..40).map(answer).collect();
        let taken: Vec<_> = surest_right(&files, &answers).iter().map(|(file, _)| file.to_str().unwrap()).collect();
        assert_eq!(taken, ["38", "36", "34", "32", "37", "33", "29", "25"]);
        assert!(surest_right(&files, &[]).is_empty());
    }
}
