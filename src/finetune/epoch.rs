//! What an epoch of training came to.

use serde::Serialize;

/// Losses and accuracies after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Mean cross-entropy over the training pictures, each times the weight of its class, with dropout.
    pub loss: f64,
    /// Share of right answers while training, with dropout.
    pub accuracy: f64,
    /// Mean cross-entropy over the validation pictures, each times the weight of its class.
    pub val_loss: f64,
    /// Share of right answers on the validation pictures.
    pub val_accuracy: f64,
}
