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
                    let Some(Work::Dense(work)) = steps.next().map(|step| &step.work) else { break };
                    let order =
                        if flat { row_order(dense.inputs, work.inputs) } else { map_order(channels, side * side) };
                    flat = true;
                    put_dense(work, dense.weights, (dense.inputs, dense.outputs), &order, put)?;
                }
            }
        }
        Ok(())
    })
}
