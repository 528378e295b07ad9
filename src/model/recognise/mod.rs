//! Recognising a VGG network in an ONNX graph, by its pattern and not by names.
//!
//! A VGG graph is one path: preprocessing ([`pixels`]), then convolutions with ReLU and max pools, a flattening, dense
//! layers ([`path`]), perhaps a softmax. Weights are float constants, or int8 constants behind `DequantizeLinear`
//! ([`weights`]).

mod layers;
mod path;
mod pixels;
mod weights;

use super::{
    network::{Conv, Dense, Layer, Network, Preprocessing},
    onnx::graph::Graph,
    quantized::{QuantizedConv, QuantizedDense, QuantizedLayer, QuantizedNetwork},
};
use layers::{Path, Step};
use weights::Values;

/// A network found in a graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Recognised {
    /// All weights are float.
    Float(Network),
    /// All weights are int8 and all activations but the last are uint8.
    Quantized(QuantizedNetwork),
}

/// Finds the VGG network in `graph`; the error names the node that does not belong into one.
pub fn recognise(graph: &Graph) -> Result<Recognised, String> {
    let (pixels, value) = pixels::read(graph)?;
    let mut path = path::read(graph, value, pixels.size)?;
    if !pixels.reversed {
        reverse_first_layer(&mut path)?;
    }
    if path.steps.iter().any(|step| matches!(step, Step::Weighted(w) if matches!(w.weights, Values::Steps { .. }))) {
        let mean_rgb =
            pixels.zero_points.ok_or("its weights are int8 but its picture is not dequantized by steps of 1")?;
        quantized(path, pixels.size, mean_rgb).map(Recognised::Quantized)
    } else {
        let preprocessing = Preprocessing { mean_rgb: pixels.mean_rgb };
        float(path, pixels.size, preprocessing).map(Recognised::Float)
    }
}

/// Brings a network that takes RGB to BGR, the order that [`Network`] keeps.
fn reverse_first_layer(path: &mut Path) -> Result<(), String> {
    let Some(Step::Weighted(first)) = path.steps.iter_mut().find(|step| matches!(step, Step::Weighted(_))) else {
        return Err("it holds no convolution".into());
    };
    // The first step is a convolution over three planes of nine weights.
    match &mut first.weights {
        Values::Real(values) => values.chunks_exact_mut(27).for_each(swap_red_and_blue),
        Values::Steps { steps, .. } => steps.chunks_exact_mut(27).for_each(swap_red_and_blue),
    }
    Ok(())
}

fn swap_red_and_blue<T>(kernel: &mut [T]) {
    let (red, rest) = kernel.split_at_mut(9);
    red.swap_with_slice(&mut rest[9..]);
}

fn float(path: Path, input_size: usize, preprocessing: Preprocessing) -> Result<Network, String> {
    let softmax = path.softmax;
    let mut layers = Vec::with_capacity(path.steps.len());
    for step in path.steps {
        layers.push(match step {
            Step::MaxPool => Layer::MaxPool,
            Step::Weighted(w) => {
                let mixed = || format!("{} has float weights, but its bias or its output is quantized", w.name);
                let (Values::Real(weights), None) = (w.weights, w.output_scale) else { return Err(mixed()) };
                let bias = w.bias.ok_or_else(mixed)?;
                let bias = bias.real().ok_or_else(mixed)?;
                let (name, inputs, outputs) = (w.name, w.inputs, w.outputs);
                match w.convolution {
                    true if !w.relu => return Err(format!("{name} is a convolution without ReLU")),
                    true => Layer::Conv(Conv { name, weights, bias, inputs, outputs }),
                    false => Layer::Dense(Dense { name, weights, bias, inputs, outputs, relu: w.relu }),
                }
            }
        });
    }
    Ok(Network { input_size, preprocessing, layers, softmax })
}

fn quantized(path: Path, input_size: usize, mean_rgb: [u8; 3]) -> Result<QuantizedNetwork, String> {
    let last = path.steps.len() - 1;
    let mut layers = Vec::with_capacity(path.steps.len());
    for (index, step) in path.steps.into_iter().enumerate() {
        layers.push(match step {
            Step::MaxPool => QuantizedLayer::MaxPool,
            Step::Weighted(w) => {
                let mixed = || format!("{} is only partly quantized", w.name);
                let Values::Steps { steps: weights, scales: weight_scales } = w.weights else { return Err(mixed()) };
                let bias = w.bias.ok_or_else(mixed)?;
                let bias = bias.steps().ok_or_else(mixed)?;
                let (name, inputs, outputs, output_scale) = (w.name, w.inputs, w.outputs, w.output_scale);
                match w.convolution {
                    true => {
                        let output_scale =
                            output_scale.ok_or_else(|| format!("the output of {name} is not quantized"))?;
                        let conv = QuantizedConv { name, weights, weight_scales, bias, inputs, outputs, output_scale };
                        QuantizedLayer::Conv(conv)
                    }
                    false if output_scale.is_none() && (index != last || w.relu) => {
                        return Err(format!("the output of {name} is not quantized"));
                    }
                    false => {
                        let dense =
                            QuantizedDense { name, weights, weight_scales, bias, inputs, outputs, output_scale };
                        QuantizedLayer::Dense(dense)
                    }
                }
            }
        });
    }
    Ok(QuantizedNetwork { input_size, mean_rgb, layers })
}
