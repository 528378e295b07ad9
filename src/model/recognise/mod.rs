//! Recognising a VGG network in an ONNX graph, by its pattern and not by names.
//!
//! A VGG graph is one path: preprocessing ([`pixels`]), then convolutions with ReLU and max pools, a flattening, dense
//! layers ([`path`], [`walk`]), perhaps a softmax. Weights are float constants, or integer constants behind
//! `DequantizeLinear` ([`weights`], [`bias`]); activations are real numbers, or rounded by pairs of `QuantizeLinear` and
//! `DequantizeLinear` ([`activation`]), repeated where nothing changes.
//!
//! [`find`] only looks; [`Found::take`] then takes the weights out of the message that was looked at ([`store`]). So a
//! file that is refused keeps its whole message, and one that is not costs its weights once.

mod activation;
mod bias;
mod layers;
mod path;
mod pixels;
mod store;
mod walk;
mod weights;

use tract_onnx::pb::ModelProto;

use super::{
    network::{Conv, Dense, Layer, Network, Preprocessing},
    onnx::graph::Graph,
    quantized::{QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
};
use bias::Bias;
use layers::{Path, Step, Weighted};
use pixels::Pixels;
use store::Store;
use walk::Walk;
use weights::Weights;

/// A network found in a graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Recognised {
    /// All weights are float.
    Float(Network),
    /// All weights are int8 and all activations but the last are uint8.
    Quantized(QuantizedNetwork),
}

/// A network found in a graph, whose weights are still in the graph's message.
#[derive(Debug)]
pub struct Found {
    pixels: Pixels,
    path: Path,
}

/// Finds the VGG network in `graph`; the error names the node that does not belong into one.
pub fn find(graph: &Graph) -> Result<Found, String> {
    let (pixels, value) = pixels::read(graph)?;
    let walk = Walk::new(pixels.channels, pixels.size, pixels.steps);
    let path = path::read(graph, value, walk)?;
    if path.is_quantized() {
        check_quantized(&path)?;
        if pixels.rounded.is_none() {
            return Err("its weights are int8 but its picture is not in steps".into());
        }
        if let Some(node) = path.pooled() {
            return Err(format!("{node} takes means of planes in a network whose weights are int8"));
        }
    } else {
        let rounded = matches!(pixels.rounded, Some(QuantizedInput::Real { .. }));
        if rounded || pixels.channels != 3 {
            return Err("its weights are float, but its input is not an RGB picture as it is".into());
        }
        check_float(&path)?;
    }
    Ok(Found { pixels, path })
}

fn check_float(path: &Path) -> Result<(), String> {
    for layer in path.weighted() {
        let real = matches!((&layer.weights, &layer.bias), (Weights::Real { .. }, Some(Bias::Real(_))));
        if !real || layer.output.is_some() {
            return Err(format!("{} has float weights, but its bias or its output is quantized", layer.node));
        }
        if layer.convolution && !layer.relu {
            return Err(format!("{} is a convolution without ReLU", layer.node));
        }
    }
    Ok(())
}

fn check_quantized(path: &Path) -> Result<(), String> {
    let mut layers = path.weighted().peekable();
    while let Some(layer) = layers.next() {
        if !matches!((&layer.weights, &layer.bias), (Weights::Steps { .. }, Some(Bias::Steps(_)))) {
            return Err(format!("{} has float weights among layers with int8 ones", layer.node));
        }
        if layer.output.is_none() && (layer.convolution || layer.relu || layers.peek().is_some()) {
            return Err(format!("the output of {} is not quantized", layer.node));
        }
    }
    Ok(())
}

impl Found {
    /// Whether the graph does anything to its pixels before the first convolution reads them.
    pub fn prepares_pixels(&self) -> bool {
        self.pixels.prepared
    }

    /// The network, with the weights out of `model`, the message that it was found in.
    pub fn take(self, model: ModelProto) -> Result<Recognised, String> {
        let Found { pixels, path } = self;
        let mut store = Store::new(model, path.weighted().filter_map(|layer| layer.weights.tensor()));
        let quantized = path.is_quantized();
        match pixels.rounded {
            Some(input) if quantized => {
                let mut network = QuantizedNetwork {
                    input_size: pixels.size,
                    softmax: path.softmax,
                    layers: path
                        .steps
                        .into_iter()
                        .map(|step| quantized_layer(step, &mut store))
                        .collect::<Result<_, _>>()?,
                    input,
                };
                // A picture's first kernels take BGR, and others what the file takes.
                let expected = matches!(network.input, QuantizedInput::Picture { .. });
                if let Some(QuantizedLayer::Conv(first)) = network.layers.first_mut()
                    && pixels.reversed != expected
                {
                    reverse_channels(&mut first.weights);
                }
                Ok(Recognised::Quantized(network))
            }
            _ => {
                let mut network = Network {
                    input_size: pixels.size,
                    preprocessing: Preprocessing { mean_rgb: pixels.mean_rgb },
                    softmax: path.softmax,
                    layers: path
                        .steps
                        .into_iter()
                        .map(|step| float_layer(step, &mut store))
                        .collect::<Result<_, _>>()?,
                };
                if let Some(Layer::Conv(first)) = network.layers.first_mut() {
                    if !pixels.reversed {
                        reverse_channels(&mut first.weights);
                    }
                    scale_channels(&mut first.weights, pixels.factor_rgb);
                }
                Ok(Recognised::Float(network))
            }
        }
    }
}

/// Swaps red and blue in kernels over three planes of nine weights.
fn reverse_channels<T>(weights: &mut [T]) {
    for kernel in weights.chunks_exact_mut(27) {
        let (first, rest) = kernel.split_at_mut(9);
        first.swap_with_slice(&mut rest[9..]);
    }
}

/// Multiplies the planes of kernels that take blue, green, red. Padding behind the preprocessing is zero, times anything too.
fn scale_channels(weights: &mut [f32], factor_rgb: [f32; 3]) {
    if factor_rgb == [1.0; 3] {
        return;
    }
    for kernel in weights.chunks_exact_mut(27) {
        for (plane, factor) in kernel.chunks_exact_mut(9).zip(factor_rgb.into_iter().rev()) {
            plane.iter_mut().for_each(|weight| *weight *= factor);
        }
    }
}

fn float_layer(step: Step, store: &mut Store) -> Result<Layer, String> {
    let layer = match step {
        Step::Weighted(layer) => layer,
        Step::MaxPool => return Ok(Layer::MaxPool),
        Step::AveragePool { channels, side, .. } => {
            return Ok(Layer::Dense(Dense::mean_of_planes("pool".into(), channels, side)));
        }
    };
    let Weighted { name, convolution, weights, bias, inputs, outputs, relu, factors, .. } = *layer;
    let Some(Bias::Real(bias)) = bias else { return Err(format!("{name} has no float bias")) };
    let mut weights = weights.take_real(store)?;
    if let Some(factors) = factors {
        let row = (weights.len() / outputs.max(1)).max(1);
        for (row, factor) in weights.chunks_exact_mut(row).zip(factors) {
            row.iter_mut().for_each(|weight| *weight *= factor);
        }
    }
    Ok(match convolution {
        true => Layer::Conv(Conv { name, weights, bias, inputs, outputs }),
        false => Layer::Dense(Dense { name, weights, bias, inputs, outputs, relu }),
    })
}

fn quantized_layer(step: Step, store: &mut Store) -> Result<QuantizedLayer, String> {
    let Step::Weighted(layer) = step else { return Ok(QuantizedLayer::MaxPool) };
    let Weighted { name, convolution, weights, bias, inputs, outputs, relu, output, .. } = *layer;
    let Some(Bias::Steps(bias)) = bias else { return Err(format!("{name} has no int32 bias")) };
    let output = output.map(|steps| steps.quantization);
    let (weights, weight_scales) = weights.take_steps(store)?;
    Ok(match (convolution, output) {
        (true, Some(output)) => {
            QuantizedLayer::Conv(QuantizedConv { name, weights, weight_scales, bias, inputs, outputs, relu, output })
        }
        (true, None) => return Err(format!("the output of {name} is not quantized")),
        (false, output) => {
            QuantizedLayer::Dense(QuantizedDense { name, weights, weight_scales, bias, inputs, outputs, relu, output })
        }
    })
}
