//! A network without a softmax, run by tract: what the frozen layers say about a picture.

use image::RgbImage;

use super::classifier::EngineError;
use crate::model::{network::Network, quantized::QuantizedNetwork};

/// A feature extractor ready to run, on one thread a call; share it between threads to go faster.
pub struct Extractor {}

impl Extractor {
    /// Prepares a float network (its softmax, if any, is left out).
    pub fn float(network: &Network) -> Result<Self, EngineError> {
        let _ = network;
        todo!()
    }

    /// Prepares an int8 network whose last layer has a quantized output.
    pub fn quantized(network: &QuantizedNetwork) -> Result<Self, EngineError> {
        let _ = network;
        todo!()
    }

    /// Features of a picture that is already fitted to the network's input size. An int8 network's features are
    /// whole numbers, in steps of its last layer's output scale.
    pub fn features(&self, fitted: &RgbImage) -> Result<Vec<f32>, EngineError> {
        let _ = fitted;
        todo!()
    }
}
