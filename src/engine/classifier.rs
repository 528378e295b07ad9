//! A loaded model: picture in, probabilities out.

use std::path::Path;

use image::RgbImage;
use tract_onnx::prelude::TractError;

use super::plan::{Form, Plan};
use crate::{
    model::{
        file::{self, ModelError, ModelFile},
        metadata::Metadata,
    },
    vision::fit::fit,
};

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file is not a model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model lacks what a classifier needs, or its parts contradict each other.
    #[error("cannot classify with {model}: {reason}")]
    Unfit { model: String, reason: String },
    /// The graph cannot be computed.
    #[error("cannot load {model}: {reason}")]
    Load { model: String, reason: String },
    /// The graph failed on a picture.
    #[error("cannot run {model}: {reason}")]
    Run { model: String, reason: String },
}

impl EngineError {
    pub(super) fn load(model: &str, error: TractError) -> Self {
        EngineError::Load { model: model.into(), reason: one_line(&error) }
    }

    pub(super) fn run(model: &str, error: TractError) -> Self {
        EngineError::Run { model: model.into(), reason: one_line(&error) }
    }
}

/// Outermost and innermost cause, on one line.
fn one_line(error: &TractError) -> String {
    let outer = error.to_string();
    let inner = error.root_cause().to_string();
    let text = if outer == inner { outer } else { format!("{outer}: {inner}") };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
        likeliest(&self.probabilities)
    }
}

/// Index and value of the highest of `values`; the first of equals.
pub fn likeliest(values: &[f32]) -> (usize, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, &value) in values.iter().enumerate() {
        if value > best.1 {
            best = (index, value);
        }
    }
    best
}

/// The model that is built into the program.
pub const BUNDLED: &[u8] = include_bytes!("../../models/cats-dogs.onnx");
/// How messages call it.
pub const BUNDLED_NAME: &str = "the bundled model";

/// A model ready to classify pictures. Cheap to share between threads behind a reference.
pub struct Classifier {
    what: String,
    metadata: Metadata,
    plan: Plan,
}

impl Classifier {
    /// Loads a model file written by `finetune`.
    pub fn open(path: &Path, threads: usize) -> Result<Self, EngineError> {
        Self::new(file::open(path)?, threads)
    }

    /// Loads a model file held in memory; `what` names it in errors.
    pub fn from_bytes(bytes: &[u8], what: &str, threads: usize) -> Result<Self, EngineError> {
        Self::new(file::parse(bytes, what)?, threads)
    }

    /// Loads the model that is built into the program.
    pub fn bundled(threads: usize) -> Result<Self, EngineError> {
        Self::from_bytes(BUNDLED, BUNDLED_NAME, threads)
    }

    fn new(file: ModelFile, threads: usize) -> Result<Self, EngineError> {
        let plan = Plan::of_file(&file, threads).map_err(|error| EngineError::load(&file.what, error))?;
        let ModelFile { what, metadata, .. } = file;
        let unfit = |reason: String| EngineError::Unfit { model: what.clone(), reason };
        let metadata = metadata.ok_or_else(|| {
            unfit(
                "it carries no labels (vggcam.labels); make it with `finetune train` or `finetune quantize --labels`"
                    .into(),
            )
        })?;
        let size = plan.input_size() as u32;
        let outputs = plan
            .run(&RgbImage::new(size, size))
            .map_err(|error| EngineError::run(&what, error))?
            .first()
            .map_or(0, Vec::len);
        if outputs != metadata.labels.len() {
            return Err(unfit(format!(
                "its network has {outputs} outputs and its metadata names {} labels ({}); make it again with `finetune train`",
                metadata.labels.len(),
                metadata.labels.join(", ")
            )));
        }
        Ok(Classifier { what, metadata, plan })
    }

    /// What the model says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Which form of the network runs.
    pub fn form(&self) -> Form {
        self.plan.form()
    }

    /// Classifies a picture of any size.
    pub fn classify(&self, picture: &RgbImage) -> Result<Prediction, EngineError> {
        let fitted = fit(picture, self.plan.input_size() as u32, self.metadata.fit);
        let mut outputs = self.plan.run(&fitted).map_err(|error| EngineError::run(&self.what, error))?;
        Ok(Prediction { probabilities: outputs.swap_remove(0) })
    }
}
