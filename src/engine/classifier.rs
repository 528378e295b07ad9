//! A loaded model: picture in, probabilities out.

use std::path::Path;

use image::RgbImage;

use crate::model::metadata::Metadata;

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The graph ran into something it cannot compute.
    #[error("cannot run {model}: {reason}")]
    Run { model: String, reason: String },
}

/// Answer for one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// One value per class, in the order of the model's labels, summing to 1.
    pub probabilities: Vec<f32>,
}

impl Prediction {
    /// Index and probability of the likeliest class.
    pub fn best(&self) -> (usize, f32) {
        let mut best = (0, f32::NEG_INFINITY);
        for (index, &p) in self.probabilities.iter().enumerate() {
            if p > best.1 {
                best = (index, p);
            }
        }
        best
    }
}

/// A model ready to classify pictures. Cheap to share between threads behind a reference.
pub struct Classifier {
    metadata: Metadata,
}

impl Classifier {
    /// Loads a model file written by `finetune`.
    pub fn open(path: &Path, threads: usize) -> Result<Self, EngineError> {
        let _ = (path, threads);
        todo!()
    }

    /// Loads a model file held in memory; `what` names it in errors.
    pub fn from_bytes(bytes: &[u8], what: &str, threads: usize) -> Result<Self, EngineError> {
        let _ = (bytes, what, threads);
        todo!()
    }

    /// Loads the model that is built into the program.
    pub fn bundled(threads: usize) -> Result<Self, EngineError> {
        let _ = threads;
        todo!()
    }

    /// What the model says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Classifies a picture of any size.
    pub fn classify(&self, picture: &RgbImage) -> Result<Prediction, EngineError> {
        let _ = picture;
        todo!()
    }
}
