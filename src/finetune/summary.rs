//! Everything a training run found out, as `report.json` keeps it and `report.html` shows it.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    epoch::Epoch,
    findings::{Findings, mistakes::Mistake},
    int8::agreement::Quantization,
    search::Trial,
    temperature::TemperatureScaling,
    unknown::Unknown,
};

/// One training run.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The model's name.
    pub name: String,
    /// Name of the frozen backbone.
    pub backbone: String,
    /// Class names in the order of the network's outputs.
    pub classes: Vec<String>,
    /// Settings that were used, as name and value, in the order to show them.
    pub settings: Vec<(String, String)>,
    /// Pictures used for training, per class.
    pub train_images: Vec<usize>,
    /// Pictures used for validation, per class.
    pub valid_images: Vec<usize>,
    /// Pictures that could not be read.
    pub skipped: Vec<Skipped>,
    /// One entry per epoch, from 1.
    pub epochs: Vec<Epoch>,
    /// How the float model did on the validation pictures.
    pub float: Outcome,
    /// How the int8 model did on the validation pictures.
    pub int8: Outcome,
    /// How well confidences mean what they say, before and after the temperature.
    pub calibration: Calibrations,
    /// How unknown pictures are told by familiarity, and how well; `None` where confidence alone decides.
    pub unknown: Option<Unknown>,
    /// What the step from float to int8 cost.
    pub quantization: Quantization,
    /// Wrong answers of the int8 model, the surest first.
    pub mistakes: Vec<Mistake>,
    /// Seconds that the whole run took.
    pub seconds: f64,
    /// Pictures whose features were computed in this run; the others came from the cache.
    pub computed: usize,
    /// Where the int8 and the float model file are.
    pub files: Vec<PathBuf>,
    /// How the head was trained.
    pub training: Training,
    /// What the report shows beside these.
    pub findings: Findings,
}

/// How the head of a run was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Training {
    /// Adam's step size.
    pub learning_rate: f32,
    /// The learning rates that were tried on the validation pictures; none where the user gave rate and epochs.
    pub trials: Vec<Trial>,
    /// How much the pictures of each class counted.
    pub class_weights: Vec<f32>,
    /// Variants of each training picture, the plain one among them.
    pub variants: usize,
    /// Seconds that the features of the training pictures took, with all variants.
    pub feature_seconds: f64,
    /// Epoch after which an earlier run of the same data and settings was interrupted; 0 if it was not.
    pub resumed_after: usize,
}

/// Calibration of both forms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibrations {
    pub float: TemperatureScaling,
    pub int8: TemperatureScaling,
}

/// Right and wrong answers of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Share of right answers.
    pub accuracy: f64,
    /// `confusion[t][p]`: pictures of class `t` that were taken for class `p`.
    pub confusion: Vec<Vec<usize>>,
}

/// A picture that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Skipped {
    pub file: PathBuf,
    pub reason: String,
}

impl Outcome {
    /// Counts answers against the truth; both are class indices.
    pub fn of(classes: usize, truth_and_answer: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut confusion = vec![vec![0; classes]; classes];
        let (mut right, mut all) = (0usize, 0usize);
        for (truth, answer) in truth_and_answer {
            confusion[truth][answer] += 1;
            right += usize::from(truth == answer);
            all += 1;
        }
        Outcome { accuracy: right as f64 / all.max(1) as f64, confusion }
    }
}
