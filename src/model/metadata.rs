//! What a model file says about itself, kept in ONNX `metadata_props` under `vggcam.*`.

use serde::{Deserialize, Serialize};

/// How a picture of any size becomes the network's square input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Both sides are scaled on their own, as Keras' `target_size` does; the whole picture is seen.
    #[default]
    Squash,
    /// The largest centred square is cut out, then scaled; shapes keep their proportions.
    CentreCrop,
}

/// Figures measured on the validation folder when the model was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Number of labelled pictures.
    pub images: usize,
    /// Share of right answers of the float model, 0 to 1.
    pub accuracy_f32: f64,
    /// Share of right answers of the int8 model, 0 to 1.
    pub accuracy_int8: f64,
}

/// Everything the runtime must know besides the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// Short name shown on the screen, such as `vgg16-slim cats-dogs`.
    pub name: String,
    /// Class names in the order of the network's outputs.
    pub labels: Vec<String>,
    /// How pictures are brought to the input size.
    pub fit: Fit,
    /// Confidence, 0 to 1, below which the answer is `unknown`; 0 switches that off.
    pub unknown_threshold: f32,
    /// Name of the frozen backbone the features come from.
    pub backbone: String,
    /// Figures from the validation folder, where there was one.
    pub validation: Option<Validation>,
}
