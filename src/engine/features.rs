//! A network without a softmax, run in a tract plan: what the frozen layers say about a picture.

use image::RgbImage;

use super::{error::EngineError, plan::Plan};
use crate::model::{network::Network, quantized::QuantizedNetwork};

/// A feature extractor ready to run, on one thread a call; share it between threads to go faster.
pub struct Extractor {
    plan: Plan,
}

impl Extractor {
    /// Prepares a float network (its softmax, if any, is left out).
    pub fn float(network: &Network) -> Result<Self, EngineError> {
        Self::new(Plan::float(Network { softmax: false, ..network.clone() }, 1))
    }

    /// Prepares an int8 network whose last layer has a quantized output.
    pub fn quantized(network: &QuantizedNetwork) -> Result<Self, EngineError> {
        Self::new(Plan::integer(network, 1))
    }

    fn new(plan: tract_onnx::prelude::TractResult<Plan>) -> Result<Self, EngineError> {
        Ok(Extractor { plan: plan.map_err(|error| EngineError::load("the backbone", error))? })
    }

    /// Features of a picture that is already fitted to the network's input size. An int8 network's features are
    /// whole numbers, in steps of its last layer's output scale.
    pub fn features(&self, fitted: &RgbImage) -> Result<Vec<f32>, EngineError> {
        let mut outputs = self.plan.run(fitted).map_err(|error| EngineError::run("the backbone", error))?;
        Ok(outputs.swap_remove(0))
    }
}

/// A float network that shows what every one of its layers gives, for calibration.
pub struct Activations {
    plan: Plan,
}

impl Activations {
    /// Prepares a float network.
    pub fn new(network: &Network) -> Result<Self, EngineError> {
        let plan = Plan::float_activations(network, 1).map_err(|error| EngineError::load("the network", error))?;
        Ok(Activations { plan })
    }

    /// The values behind every ReLU, in order, for a picture fitted to the network's input size.
    pub fn of(&self, fitted: &RgbImage) -> Result<Vec<Vec<f32>>, EngineError> {
        self.plan.run(fitted).map_err(|error| EngineError::run("the network", error))
    }
}
