//! A network without a softmax: what the frozen layers say about pictures.

use image::RgbImage;
use tract_onnx::prelude::{TractError, TractResult};

use super::{
    error::EngineError,
    fused::Fused,
    kernels::Integer,
    layers::{
        engine::{Engine, Pixels},
        planner::Sums,
    },
    plan::Plan,
};
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
    /// Convolutions behind whose max pools there are features too.
    pooled: Vec<String>,
}

impl Extractor {
    /// Prepares a float network (its softmax, if any, is left out).
    pub fn float(network: Network) -> Result<Self, EngineError> {
        Self::float_for(network, BATCH)
    }

    /// The same for calls with up to `batch` pictures.
    pub fn float_for(network: Network, batch: usize) -> Result<Self, EngineError> {
        Self::new(Plan::float_batches(Network { softmax: false, ..network }, 1, batch, Sums::Alike), batch)
    }

    /// Prepares an int8 network whose last layer has a quantized output.
    pub fn quantized(network: &QuantizedNetwork) -> Result<Self, EngineError> {
        Self::new(Plan::integer(network, 1), BATCH)
    }

    /// The same, followed in each row by what stands behind the max pools of the convolutions `layers`: for each of them the
    /// means of its channels, then their highest values, as real numbers.
    pub fn pooled(network: &QuantizedNetwork, layers: Vec<String>) -> Result<Self, EngineError> {
        Ok(Extractor { pooled: layers, ..Self::quantized(network)? })
    }

    fn new(plan: TractResult<Plan>, batch: usize) -> Result<Self, EngineError> {
        Ok(Extractor { batch, pooled: vec![], plan: plan.map_err(|error| EngineError::load("the backbone", error))? })
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
        let run = || match self.plan.engine() {
            Some(Fused::Integer(engine)) if !self.pooled.is_empty() => self.with_pooled(engine, fitted),
            _ => self.plan.run_all(fitted),
        };
        run().map_err(|error| EngineError::run("the backbone", error))
    }

    fn with_pooled(&self, engine: &Engine<Integer>, fitted: &[RgbImage]) -> TractResult<Vec<Vec<f32>>> {
        let steps = engine.program().pooled(&self.pooled).map_err(TractError::msg)?;
        let row = |picture: &RgbImage| {
            self.plan.check_size(picture)?;
            let mut row = vec![0.0; engine.program().output.count];
            let pooled = engine.run_pooled(Pixels::Bytes(picture.as_raw()), &mut row, &steps)?;
            row.extend(pooled);
            Ok(row)
        };
        fitted.iter().map(row).collect()
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
        let plan = Plan::float(network.clone(), 1, Sums::Alike).and_then(|plan| match plan.engine() {
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
