//! The float network that an int8 one stands for.

use super::{
    network::{Conv, Dense, Layer, Network, Preprocessing},
    quantized::{Quantization, QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// A float network with the real values of `network`'s weights and biases, whose activations are not rounded, and the largest
/// activation that each of its layers with ReLU had steps for, in order. The error says why there is none.
pub fn real(network: QuantizedNetwork) -> Result<(Network, Vec<f32>), String> {
    let QuantizedInput::Picture { mean_rgb } = network.input else {
        return Err("it does not read the picture itself".into());
    };
    let last = network.layers.len().saturating_sub(1);
    let mut input_scale = network.input.scale();
    let mut layers = Vec::with_capacity(network.layers.len());
    let mut ranges = vec![];
    for (index, layer) in network.layers.into_iter().enumerate() {
        layers.push(match layer {
            QuantizedLayer::MaxPool => Layer::MaxPool,
            QuantizedLayer::Conv(conv) => {
                if !is_relu(conv.relu, conv.output) {
                    return Err(format!("no ReLU follows {}", conv.name));
                }
                let scales = &conv.weight_scales;
                let layer = Conv {
                    name: conv.name,
                    weights: weights(&conv.weights, scales),
                    bias: bias(&conv.bias, scales, input_scale),
                    inputs: conv.inputs,
                    outputs: conv.outputs,
                };
                input_scale = conv.output.scale;
                ranges.push(range(conv.output));
                Layer::Conv(layer)
            }
            QuantizedLayer::Dense(dense) => {
                let relu = dense.output.is_some_and(|output| is_relu(dense.relu, output));
                if !relu && index < last {
                    return Err(format!("no ReLU follows {}", dense.name));
                }
                let scales = &dense.weight_scales;
                let layer = Dense {
                    name: dense.name,
                    weights: weights(&dense.weights, scales),
                    bias: bias(&dense.bias, scales, input_scale),
                    inputs: dense.inputs,
                    outputs: dense.outputs,
                    relu,
                };
                input_scale = dense.output.map_or(1.0, |output| output.scale);
                ranges.extend(dense.output.filter(|_| relu).map(range));
                Layer::Dense(layer)
            }
        });
    }
    let preprocessing = Preprocessing { mean_rgb: mean_rgb.map(f32::from) };
    let real = Network { input_size: network.input_size, preprocessing, layers, softmax: network.softmax };
    Ok((real, ranges))
}

/// Steps that cannot stand for anything below zero cut like ReLU.
fn is_relu(relu: bool, output: Quantization) -> bool {
    relu || output.zero_point == 0
}

/// The largest real number that there is a step for.
fn range(output: Quantization) -> f32 {
    f32::from(u8::MAX - output.zero_point) * output.scale
}

fn weights(steps: &[i8], scales: &[f32]) -> Vec<f32> {
    let rows = steps.chunks_exact((steps.len() / scales.len().max(1)).max(1)).zip(scales);
    rows.flat_map(|(row, &scale)| row.iter().map(move |&step| f32::from(step) * scale)).collect()
}

fn bias(steps: &[i32], scales: &[f32], input_scale: f32) -> Vec<f32> {
    steps.iter().zip(scales).map(|(&step, scale)| step as f32 * (scale * input_scale)).collect()
}
