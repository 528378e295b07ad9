//! What every layer of a network gives for a picture, in real numbers, so that two forms of it can be compared.

use image::RgbImage;

use super::{
    error::EngineError,
    fused::Fused,
    kernels::{Float, Integer},
    layers::{
        Numbers,
        engine::{Engine, Pixels},
        planner::Sums,
    },
    plan::Plan,
};
use crate::model::{
    network::{Layer, Network},
    quantized::{Quantization, QuantizedLayer, QuantizedNetwork},
};

/// A network that shows what every one of its layers with ReLU gives.
pub struct Traces {
    plan: Plan,
    layers: Vec<Traced>,
}

/// A layer that is not a max pool.
#[derive(Clone, Copy, Debug)]
struct Traced {
    /// Pixels behind the layer and the max pool that may follow; 1 for a dense layer.
    pixels: usize,
    /// Output channels.
    channels: usize,
    /// What a step stands for, in the integer form.
    steps: Option<Quantization>,
}

impl Traces {
    /// Prepares a float network; `None` if the float engine does not take it.
    pub fn float(network: &Network) -> Result<Option<Self>, EngineError> {
        let mut side = network.input_size;
        let mut layers: Vec<Traced> = vec![];
        for layer in &network.layers {
            match layer {
                Layer::Conv(conv) => layers.push(Traced { pixels: side * side, channels: conv.outputs, steps: None }),
                Layer::Dense(dense) => layers.push(Traced { pixels: 1, channels: dense.outputs, steps: None }),
                Layer::MaxPool => side = pooled(side, &mut layers),
            }
        }
        let plan =
            Plan::float(network.clone(), 1, Sums::Alike).map_err(|error| EngineError::load("the network", error))?;
        Ok(matches!(plan.engine(), Some(Fused::Float(_))).then_some(Traces { plan, layers }))
    }

    /// Prepares an int8 network.
    pub fn quantized(network: &QuantizedNetwork) -> Result<Self, EngineError> {
        let mut side = network.input_size;
        let mut layers: Vec<Traced> = vec![];
        for layer in &network.layers {
            match layer {
                QuantizedLayer::Conv(conv) => {
                    let (channels, steps) = (conv.outputs, Some(conv.output));
                    layers.push(Traced { pixels: side * side, channels, steps });
                }
                QuantizedLayer::Dense(dense) => {
                    layers.push(Traced { pixels: 1, channels: dense.outputs, steps: dense.output });
                }
                QuantizedLayer::MaxPool => side = pooled(side, &mut layers),
            }
        }
        let plan = Plan::integer(network, 1).map_err(|error| EngineError::load("the int8 network", error))?;
        Ok(Traces { plan, layers })
    }

    /// For each layer in order its output for a picture fitted to the network's input size, behind ReLU and the max pool that
    /// may follow: all channels of a pixel, then those of the next one. Nothing for a last layer without ReLU.
    pub fn of(&self, fitted: &RgbImage) -> Result<Vec<Vec<f32>>, EngineError> {
        self.plan.check_size(fitted).map_err(|error| EngineError::run("the network", error))?;
        match self.plan.engine() {
            Some(Fused::Float(engine)) => self.unpadded::<Float>(engine, fitted, |value, _| value),
            Some(Fused::Integer(engine)) => self.unpadded::<Integer>(engine, fitted, |step, steps| {
                steps.map_or(0.0, |q| (f32::from(step) - f32::from(q.zero_point)) * q.scale)
            }),
            // No constructor makes others.
            Some(Fused::Half(_)) | None => Ok(vec![]),
        }
    }

    fn unpadded<A: Numbers>(
        &self,
        engine: &Engine<A>,
        fitted: &RgbImage,
        real: impl Fn(A::Activation, Option<Quantization>) -> f32,
    ) -> Result<Vec<Vec<f32>>, EngineError>
    where
        A::Activation: Copy,
    {
        let values = engine
            .activations(Pixels::Bytes(fitted.as_raw()))
            .map_err(|error| EngineError::run("the network", error.into()))?;
        let layer = |(values, traced): (Vec<A::Activation>, &Traced)| {
            let Traced { pixels, channels, steps } = *traced;
            let padded = (values.len() / pixels.max(1)).max(1);
            let pixels = values.chunks_exact(padded);
            pixels.flat_map(|pixel| pixel.iter().take(channels)).map(|&value| real(value, steps)).collect()
        };
        Ok(values.into_iter().zip(&self.layers).map(layer).collect())
    }
}

/// The side behind a 2×2 max pool, which belongs to the layer before it.
fn pooled(side: usize, layers: &mut [Traced]) -> usize {
    let side = side / 2;
    if let Some(layer) = layers.last_mut() {
        layer.pixels = side * side;
    }
    side
}
