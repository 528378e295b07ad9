//! A loaded model: picture in, probabilities out.

use std::path::Path;

use image::RgbImage;

use super::{
    error::EngineError,
    open::{self, Opened, Settings},
    plan::{Form, Plan},
};
use crate::{
    model::{file::ModelFile, metadata::Metadata},
    vision::fit::fit,
};

/// Answer for one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// One value per class, in the order of the model's labels, summing to 1.
    pub probabilities: Vec<f32>,
    /// How familiar the picture is, where the model computes it; see [`Familiarity`](crate::model::familiarity::Familiarity).
    pub familiarity: Option<f32>,
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
    fallback: Option<String>,
}

impl Classifier {
    /// Loads a model file written by `finetune`.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, EngineError> {
        Self::new(open::open(path, settings)?)
    }

    /// Loads a model file held in memory; `what` names it in errors.
    pub fn from_bytes(bytes: &[u8], what: &str, settings: Settings) -> Result<Self, EngineError> {
        Self::new(open::from_bytes(bytes, what, settings)?)
    }

    /// Makes a model file that was read ready to classify.
    pub fn of_file(file: ModelFile, settings: Settings) -> Result<Self, EngineError> {
        Self::new(open::of_file(file, settings)?)
    }

    /// Loads the model that is built into the program.
    pub fn bundled(settings: Settings) -> Result<Self, EngineError> {
        Self::from_bytes(BUNDLED, BUNDLED_NAME, settings)
    }

    fn new(opened: Opened) -> Result<Self, EngineError> {
        let Opened { what, metadata, plan, fallback } = opened;
        let unfit = |reason: String| EngineError::Unfit { model: what.clone(), reason };
        let metadata = metadata.ok_or_else(|| {
            unfit(
                "it carries no labels (vggcam.labels); make it with `finetune train` or `finetune quantize --labels`"
                    .into(),
            )
        })?;
        let size = plan.input_size() as u32;
        let found = plan.run(&RgbImage::new(size, size)).map_err(|error| EngineError::run(&what, error))?;
        let outputs = found.first().map_or(0, Vec::len);
        if outputs != metadata.labels.len() {
            return Err(unfit(format!(
                "its network has {outputs} outputs and its metadata names {} labels ({}); make it again with `finetune train`",
                metadata.labels.len(),
                metadata.labels.join(", ")
            )));
        }
        if metadata.familiarity.is_some() && found.get(1).is_none_or(|values| values.len() != 1) {
            return Err(unfit(
                "its metadata says how familiarity is judged and its network does not compute it; make it again with `finetune train`"
                    .into(),
            ));
        }
        Ok(Classifier { what, metadata, plan, fallback })
    }

    /// What the model says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What messages call the model.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Which form of the network runs.
    pub fn form(&self) -> Form {
        self.plan.form()
    }

    /// Why the model does not run on the integer engine, if it does not.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// Whether an answer of this model is `unknown`.
    pub fn is_unknown(&self, prediction: &Prediction) -> bool {
        self.metadata.is_unknown(prediction.best().1, prediction.familiarity)
    }

    /// Side of the network's input in pixels.
    pub fn input_size(&self) -> u32 {
        self.plan.input_size() as u32
    }

    /// Classifies a picture of any size; one of [`Classifier::input_size`] a side is taken as it is.
    pub fn classify(&self, picture: &RgbImage) -> Result<Prediction, EngineError> {
        let size = self.input_size();
        if picture.dimensions() == (size, size) {
            return self.run(picture);
        }
        self.run(&fit(picture, size, self.metadata.fit))
    }

    fn run(&self, fitted: &RgbImage) -> Result<Prediction, EngineError> {
        let mut outputs = self.plan.run(fitted).map_err(|error| EngineError::run(&self.what, error))?;
        let familiarity = outputs.get(1).and_then(|values| values.first().copied());
        let familiarity = familiarity.filter(|_| self.metadata.familiarity.is_some());
        Ok(Prediction { probabilities: outputs.swap_remove(0), familiarity })
    }
}
