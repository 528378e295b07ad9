//! Networks of float weights, laid out and packed, whatever they are computed with.

use std::io;

use super::{
    Numbers,
    dense::{DenseOutput, Rows},
    pack::Taps,
    planner::{Convolution, FullyConnected, Planner, Sums},
    program::{Input, Output, Program, Work},
    weights::{Weights, map_order, put_convolution, put_dense, row_order},
};
use crate::{
    engine::kernels::{CHANNEL_STEP, DENSE_BLOCK, Kernels},
    model::network::{Conv, Dense, Layer, Network},
};

/// What becomes of each layer's sums; asked once for each layer, in order.
pub trait Outputs<A: Numbers> {
    /// Of a convolution whose outputs are padded to so many.
    fn convolution(&mut self, conv: &Conv, padded: usize) -> Result<A::Layer, String>;
    /// Real value of an activation of 1 of the convolution that was asked for last.
    fn step(&self) -> f32 {
        1.0
    }
    /// Of a dense layer whose outputs are padded to so many, and which is the last one or not.
    fn dense(&mut self, dense: &Dense, padded: usize, last: bool) -> Result<DenseOutput<A>, String>;
}

/// Lays out `network` for runs of so many pictures at most. The error names the layer that keeps it from running here.
pub fn lay_out<A: Numbers>(
    network: &Network,
    kernels: &'static Kernels<A>,
    pictures: usize,
    sums: Sums,
    outputs: &mut impl Outputs<A>,
) -> Result<Program<A>, String> {
    let mut planner = Planner::new(kernels, pictures, sums);
    let size = network.input_size;
    // Zero is 0 in every bit.
    let zero = || vec![0; size_of::<A::Activation>()];
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
            finish: outputs.convolution(conv, padded)?,
            pool,
            steps: (0.0, outputs.step()),
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
    while let Some(layer) = layers.next() {
        let Layer::Dense(dense) = layer else {
            return Err("a convolution or max pool does not follow a convolution".into());
        };
        if dense.inputs != values || dense.weights.len() != dense.inputs * dense.outputs {
            return Err(format!("{} does not read {values} values", dense.name));
        }
        let padded = dense.outputs.next_multiple_of(DENSE_BLOCK);
        from = planner.dense(FullyConnected {
            name: dense.name.clone(),
            inputs: dense.inputs,
            outputs: dense.outputs,
            from,
            skip_zeros: true,
            output: outputs.dense(dense, padded, layers.peek().is_none())?,
        });
        values = dense.outputs;
        output = Some(Output { at: from.at, count: values, stride: from.count, steps: None });
    }
    let output = output.ok_or("it does not end with a dense layer")?;
    Ok(planner.program(input, output))
}

/// Packs a network in memory, after `convert` has made each layer's weights those of the arithmetic. The network's memory is
/// released as it is packed.
pub fn pack<A: Numbers>(
    network: Network,
    program: &Program<A>,
    convert: impl Fn(Vec<f32>) -> Vec<A::Weight>,
) -> io::Result<Weights> {
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
                    let weights = convert(conv.weights);
                    // The first kernels' input channels are blue, green, red; the picture's are the opposite.
                    let taps = Taps { weights: &weights, inputs, outputs, reversed: channels == 0 };
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
                    put_dense(&step.work, convert(dense.weights), size, &order, program.kernels, put)?;
                }
            }
        }
        Ok(())
    })
}
