//! A float network's weights, packed.

use std::io;

use crate::{
    engine::{
        kernels::Float,
        layers::{
            pack::Taps,
            program::{Program, Work},
            weights::{Weights, map_order, put_convolution, put_dense, row_order},
        },
    },
    model::network::{Layer, Network},
};

/// Packs a network in memory. The network's memory is released as it is packed.
pub fn in_memory(network: Network, program: &Program<Float>) -> io::Result<Weights> {
    Weights::in_memory(program.weight_bytes, |put| {
        let mut side = network.input_size;
        let mut channels = 0;
        let mut flat = false;
        let mut steps = program.steps.iter();
        for layer in network.layers {
            match layer {
                Layer::MaxPool => side /= 2,
                Layer::Conv(conv) => {
                    let Some(step) = steps.next() else { break };
                    let (inputs, outputs) = (conv.inputs, conv.outputs);
                    // The first kernels' input channels are blue, green, red; the picture's are the opposite.
                    let taps = Taps { weights: &conv.weights, inputs, outputs, reversed: channels == 0 };
                    put_convolution(&step.work, taps, program.kernels, put)?;
                    channels = conv.outputs;
                }
                Layer::Dense(dense) => {
                    let Some(step) = steps.next() else { break };
                    let from = match &step.work {
                        Work::Dense(work) => work.from,
                        Work::Matrix(work) => work.from,
                        Work::Direct(_) | Work::Winograd(_) => break,
                    };
                    let order =
                        if flat { row_order(dense.inputs, from.count) } else { map_order(channels, side * side) };
                    flat = true;
                    let size = (dense.inputs, dense.outputs);
                    put_dense(&step.work, dense.weights, size, &order, program.kernels, put)?;
                }
            }
        }
        Ok(())
    })
}
