//! A quantized network's weights, packed.

use std::io;

use crate::{
    engine::{
        kernels::Integer,
        layers::{
            pack::Taps,
            program::{Program, Work},
            weights::{Put, Weights, map_order, put_convolution, put_dense, row_order},
        },
    },
    model::quantized::{QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// Takes a network's weights layer by layer, packs them for `program`, and gives every part with its place to `put`.
///
/// The network's memory is released as it is packed, so that both together never take much more than one of them.
pub fn pack<E>(mut network: QuantizedNetwork, program: &Program<Integer>, put: &mut Put<E>) -> Result<(), E> {
    let kernels = program.kernels;
    let reversed = matches!(network.input, QuantizedInput::Picture { .. });
    let (mut height, mut width) = (network.input_size, network.input_size);
    let mut channels = 0;
    let mut steps = program.steps.iter();
    let mut first = true;
    let mut flat = false;
    for layer in &mut network.layers {
        let layer = match layer {
            QuantizedLayer::MaxPool => {
                (height, width) = (height / 2, width / 2);
                continue;
            }
            other => other,
        };
        let Some(step) = steps.next() else { break };
        match layer {
            QuantizedLayer::Conv(conv) => {
                let weights = std::mem::take(&mut conv.weights);
                let taps =
                    Taps { weights: &weights, inputs: conv.inputs, outputs: conv.outputs, reversed: first && reversed };
                put_convolution(&step.work, taps, kernels, put)?;
                channels = conv.outputs;
                first = false;
            }
            QuantizedLayer::Dense(dense) => {
                let Work::Dense(work) = &step.work else { break };
                let order =
                    if flat { row_order(dense.inputs, work.from.count) } else { map_order(channels, height * width) };
                flat = true;
                let weights = std::mem::take(&mut dense.weights);
                put_dense(&step.work, weights, (dense.inputs, dense.outputs), &order, kernels, put)?;
            }
            QuantizedLayer::MaxPool => {}
        }
    }
    Ok(())
}

/// Packs a network in memory.
pub fn in_memory(network: QuantizedNetwork, program: &Program<Integer>) -> io::Result<Weights> {
    Weights::in_memory(program.weight_bytes, |put| pack(network, program, put))
}
