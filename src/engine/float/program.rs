//! A float network, laid out.

use super::output::Biases;
use crate::{
    engine::{
        kernels::{CHANNEL_STEP, DENSE_BLOCK, Float, Kernels},
        layers::{
            dense::{DenseOutput, Rows},
            planner::{Convolution, FullyConnected, Planner},
            program::{Input, Output, Program},
        },
    },
    model::network::{Layer, Network},
};

/// Lays out `network` for runs of so many pictures at most. The error names the layer that keeps it from running here.
pub fn lay_out(network: &Network, kernels: &'static Kernels<Float>, pictures: usize) -> Result<Program<Float>, String> {
    let mut planner = Planner::new(kernels, pictures);
    let size = network.input_size;
    let zero = || 0f32.to_ne_bytes().to_vec();
    let mut map = planner.bordered(size, size, 3, zero());
    let input = Input::Centred { map, mean_rgb: network.preprocessing.mean_rgb };
    let mut channels = 3;
    let mut layers = network.layers.iter().peekable();
    while let Some(Layer::Conv(conv)) = layers.peek() {
        layers.next();
        if conv.inputs != channels || conv.weights.len() != 9 * conv.inputs * conv.outputs {
            return Err(format!("{} does not read {channels} channels", conv.name));
        }
        let pool = layers.next_if(|next| matches!(next, Layer::MaxPool)).is_some();
        let divisor = if pool { 2 } else { 1 };
        let (height, width) = (map.height / divisor, map.width / divisor);
        if height == 0 || width == 0 {
            return Err(format!("the max pool behind {} leaves no pixel", conv.name));
        }
        let padded = conv.outputs.next_multiple_of(CHANNEL_STEP);
        let to = match layers.peek() {
            Some(Layer::Conv(_)) => planner.bordered(height, width, padded, zero()),
            _ => planner.plain(height, width, padded),
        };
        planner.convolution(Convolution {
            name: conv.name.clone(),
            inputs: conv.inputs,
            outputs: conv.outputs,
            maps: (map, to),
            finish: Biases::new(&conv.bias, true, padded),
            pool,
            // A first layer has too few channels to fill a vector.
            winograd: if planner.is_empty() { None } else { planner.winograd(map, padded) },
            note: None,
        });
        (map, channels) = (to, conv.outputs);
    }
    if planner.is_empty() {
        return Err("it does not begin with a convolution".into());
    }
    let mut from = Rows { at: map.origin, count: map.picture_stride };
    let mut values = channels * map.height * map.width;
    let mut output = None;
    for layer in layers {
        let Layer::Dense(dense) = layer else {
            return Err("a convolution or max pool does not follow a convolution".into());
        };
        if dense.inputs != values || dense.weights.len() != dense.inputs * dense.outputs {
            return Err(format!("{} does not read {values} values", dense.name));
        }
        let biases = Biases::new(&dense.bias, dense.relu, dense.outputs.next_multiple_of(DENSE_BLOCK));
        from = planner.dense(FullyConnected {
            name: dense.name.clone(),
            inputs: dense.inputs,
            outputs: dense.outputs,
            from,
            skip_zeros: true,
            output: DenseOutput::Activations(biases),
        });
        values = dense.outputs;
        output = Some(Output { at: from.at, count: values, stride: from.count, steps: None });
    }
    let output = output.ok_or("it does not end with a dense layer")?;
    Ok(planner.program(input, output))
}
