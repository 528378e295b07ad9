//! A network without a softmax, run in a tract plan: what the frozen layers say about a picture.

use image::RgbImage;

use super::{error::EngineError, fused::Fused, plan::Plan};
use crate::model::{network::Network, quantized::QuantizedNetwork};

/// Most pictures of a call.
const BATCH: usize = 32;

/// A feature extractor ready to run, on one thread a call; share it between threads to go faster.
pub struct Extractor {
    plan: Plan,
}

impl Extractor {
    /// Prepares a float network (its softmax, if any, is left out).
    pub fn float(network: Network) -> Result<Self, EngineError> {
        Self::new(Plan::float(Network { softmax: false, ..network }, 1))
    }

    /// Prepares an int8 network whose last layer has a quantized output.
    pub fn quantized(network: &QuantizedNetwork) -> Result<Self, EngineError> {
        Self::new(Plan::integer(network, 1))
    }

    fn new(plan: tract_onnx::prelude::TractResult<Plan>) -> Result<Self, EngineError> {
        Ok(Extractor { plan: plan.map_err(|error| EngineError::load("the backbone", error))? })
    }

    /// Most pictures that a call takes; it is fastest with as many.
    pub fn batch(&self) -> usize {
        BATCH
    }

    /// Bytes of memory that each call under way at once needs.
    pub fn bytes_of_a_call(&self) -> usize {
        self.plan.engine().map_or(0, Fused::bytes_of_a_run)
    }

    /// Features of up to [`Extractor::batch`] pictures that are already fitted to the network's input size, a row for each.
    /// An int8 network's features are whole numbers, in steps of its last layer's output scale.
    pub fn features(&self, fitted: &[RgbImage]) -> Result<Vec<Vec<f32>>, EngineError> {
        let rows = fitted.iter().map(|picture| Ok(self.plan.run(picture)?.swap_remove(0)));
        rows.collect::<Result<_, _>>().map_err(|error| EngineError::run("the backbone", error))
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
