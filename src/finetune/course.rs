//! What decides how a head is trained, beside the features.

use super::class_weights::ClassWeights;

/// How a head is trained. What is `None` is chosen on the validation pictures.
#[derive(Clone, Debug)]
pub struct Course {
    /// Epochs.
    pub epochs: Option<usize>,
    /// Adam's step size.
    pub learning_rate: Option<f32>,
    /// Epochs without a lower validation loss after which a learning rate is not tried any longer.
    pub patience: usize,
    /// Decides initial weights, order, variants and dropout.
    pub seed: u64,
    /// Pictures of a step.
    pub batch: usize,
    /// Share of features that are dropped in a training step, 0 to below 1.
    pub dropout: f32,
    /// How much the pictures of each class count.
    pub class_weights: ClassWeights,
}

/// A set of defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Learning rate and epochs chosen on the validation pictures, classes balanced.
    Tuned,
    /// What the well-known recipe in Keras does.
    Keras,
}

impl Recipe {
    /// Epochs; `None` chooses them.
    pub fn epochs(self) -> Option<usize> {
        (self == Recipe::Keras).then_some(3)
    }

    /// Adam's step size; `None` chooses it.
    pub fn learning_rate(self) -> Option<f32> {
        (self == Recipe::Keras).then_some(0.001)
    }

    /// How much the pictures of each class count.
    pub fn class_weights(self) -> ClassWeights {
        match self {
            Recipe::Tuned => ClassWeights::Balanced,
            Recipe::Keras => ClassWeights::None,
        }
    }

    /// Whether a temperature makes confidences mean what they say.
    pub fn calibrates(self) -> bool {
        self == Recipe::Tuned
    }
}
