//! A network without a softmax: what the frozen layers say about pictures.

use image::RgbImage;

use super::{error::EngineError, fused::Fused, layers::engine::Pixels, plan::Plan};
use crate::model::{
    network::{Layer, Network},
    quantized::QuantizedNetwork,
};

/// Most pictures of a call, where nothing else is asked for: enough to read the weights of dense layers seldom.
const BATCH: usize = 32;

/// A feature extractor ready to run, on one thread a call; share it between threads to go faster.
pub struct Extractor {
    plan: Plan,
    batch: usize,
}

impl Extractor {
    /// Prepares a float network (its softmax, if any, is left out).
    pub fn float(network: Network) -> Result<Self, EngineError> {
        Self::float_for(network, BATCH)
    }

    /// The same for calls with up to `batch` pictures.
    pub fn float_for(network: Network, batch: usize) -> Result<Self, EngineError> {
        Self::new(Plan::float_batches(Network { softmax: false, ..network }, 1, batch), batch)
    }

    /// Prepares an int8 network whose last layer has a quantized output.
    pub fn quantized(network: &QuantizedNetwork) -> Result<Self, EngineError> {
        Self::new(Plan::integer(network, 1), BATCH)
    }

    fn new(plan: tract_onnx::prelude::TractResult<Plan>, batch: usize) -> Result<Self, EngineError> {
        Ok(Extractor { batch, plan: plan.map_err(|error| EngineError::load("the backbone", error))? })
    }

    /// Most pictures that a call takes; it is fastest with as many.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Bytes of memory that each call under way at once needs.
    pub fn bytes_of_a_call(&self) -> usize {
        self.plan.engine().map_or(0, Fused::bytes_of_a_run)
    }

    /// Features of up to [`Extractor::batch`] pictures that are already fitted to the network's input size, a row for each.
    /// An int8 network's features are whole numbers, in steps of its last layer's output scale.
    pub fn features(&self, fitted: &[RgbImage]) -> Result<Vec<Vec<f32>>, EngineError> {
        self.plan.run_all(fitted).map_err(|error| EngineError::run("the backbone", error))
    }
}

/// A float network that shows what every one of its layers gives, for calibration.
pub struct Activations {
    plan: Plan,
    /// For each layer, whether ReLU follows.
    relu: Vec<bool>,
}

impl Activations {
    /// Prepares a float network.
    pub fn new(network: &Network) -> Result<Self, EngineError> {
        let layers = network.layers.iter().filter(|layer| !matches!(layer, Layer::MaxPool));
        let relu = layers.map(Layer::has_relu).collect();
        let plan = Plan::float(network.clone(), 1).and_then(|plan| match plan.engine() {
            Some(_) => Ok(plan),
            None => Plan::float_activations(network, 1),
        });
        Ok(Activations { plan: plan.map_err(|error| EngineError::load("the network", error))?, relu })
    }

    /// The values behind every ReLU, in order, for a picture fitted to the network's input size; where a max pool follows,
    /// those that it leaves may stand for all.
    pub fn of(&self, fitted: &RgbImage) -> Result<Vec<Vec<f32>>, EngineError> {
        let Some(Fused::Float(engine)) = self.plan.engine() else {
            return self.plan.run(fitted).map_err(|error| EngineError::run("the network", error));
        };
        self.plan.check_size(fitted).map_err(|error| EngineError::run("the network", error))?;
        let values = engine
            .activations(Pixels::Bytes(fitted.as_raw()))
            .map_err(|error| EngineError::run("the network", error.into()))?;
        Ok(values.into_iter().zip(&self.relu).filter_map(|(values, relu)| relu.then_some(values)).collect())
    }
}
