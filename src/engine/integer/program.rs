//! A quantized network, laid out.

use super::{check, facts::Facts, output::Requantization};
use crate::{
    engine::{
        kernels::{CHANNEL_STEP, DENSE_BLOCK, Integer, Kernels},
        layers::{
            dense::{DenseOutput, Rows},
            map::Map,
            planner::{Convolution, FullyConnected, Planner, Sums},
            program::{Input, Output, Program},
        },
    },
    model::quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// A map and the quantization of what it holds.
#[derive(Clone, Copy)]
struct Flow {
    map: Map,
    scale: f32,
    zero_point: u8,
}

/// Lays out `network`, whose weights are not looked at but known by their `facts`. The error says what keeps it from running
/// here.
pub fn lay_out(
    network: &QuantizedNetwork,
    facts: &[Facts],
    kernels: &'static Kernels<Integer>,
) -> Result<Program<Integer>, String> {
    check::shapes(network, facts)?;
    let mut planner = Planner::new(kernels, 1, Sums::Fastest);
    // One for each layer: `check::shapes` has counted them.
    let mut facts = facts.iter();
    let (input, mut flow) = picture(&mut planner, network);
    let mut layers = network.layers.iter().peekable();
    while let Some(QuantizedLayer::Conv(conv)) = layers.peek() {
        layers.next();
        let pool = layers.next_if(|next| matches!(next, QuantizedLayer::MaxPool)).is_some();
        let bordered = matches!(layers.peek(), Some(QuantizedLayer::Conv(_)));
        let facts = facts.next().ok_or("it has more layers than facts")?;
        flow = convolution(&mut planner, kernels, conv, facts, flow, (pool, bordered))?;
    }
    let mut from = Rows { at: flow.map.origin, count: flow.map.picture_stride };
    let mut quantization = Quantization { scale: flow.scale, zero_point: flow.zero_point };
    let mut output = None;
    for layer in layers {
        // `check::shapes` has seen to it that nothing else follows.
        let QuantizedLayer::Dense(layer) = layer else { continue };
        let facts = facts.next().ok_or("it has more layers than facts")?;
        output = Some(dense(&mut planner, layer, facts, &mut from, &mut quantization)?);
    }
    let output = output.ok_or("it does not end with a dense layer")?;
    Ok(planner.program(input, output))
}

fn picture(planner: &mut Planner<Integer>, network: &QuantizedNetwork) -> (Input, Flow) {
    let size = network.input_size;
    match network.input {
        QuantizedInput::Picture { mean_rgb } => {
            let map = planner.bordered(size, size, 3, mean_rgb.to_vec());
            (Input::Picture { map }, Flow { map, scale: 1.0, zero_point: 0 })
        }
        QuantizedInput::Real { channels, quantization: Quantization { scale, zero_point } } => {
            let map = planner.bordered(size, size, channels, vec![zero_point]);
            (Input::Real { map, scale, zero_point }, Flow { map, scale, zero_point })
        }
    }
}

fn convolution(
    planner: &mut Planner<Integer>,
    kernels: &Kernels<Integer>,
    conv: &QuantizedConv,
    facts: &Facts,
    from: Flow,
    (pool, bordered): (bool, bool),
) -> Result<Flow, String> {
    let divisor = if pool { 2 } else { 1 };
    let (height, width) = (from.map.height / divisor, from.map.width / divisor);
    let channels = conv.outputs.next_multiple_of(CHANNEL_STEP);
    let zero_point = conv.output.zero_point;
    let map = if bordered {
        planner.bordered(height, width, channels, vec![zero_point])
    } else {
        planner.plain(height, width, channels)
    };
    // A first layer has too few channels to fill a vector.
    let wins = if planner.is_empty() { None } else { planner.winograd(from.map, channels) };
    let winograd = wins.filter(|_| facts.inexact.is_none());
    let offset = if winograd.is_some() { 0 } else { kernels.dot_offset };
    let bias = facts.shifted_bias(&conv.bias, offset);
    let finish = Requantization::new(bias, &conv.weight_scales, from.scale, conv.output, conv.relu, map.channels)
        .map_err(|reason| format!("{}: {reason}", conv.name))?;
    planner.convolution(Convolution {
        name: conv.name.clone(),
        inputs: conv.inputs,
        outputs: conv.outputs,
        maps: (from.map, map),
        finish,
        pool,
        steps: (f32::from(zero_point), conv.output.scale),
        winograd,
        note: facts.inexact.filter(|_| wins.is_some()).map(|o| format!("output {o} could overflow Winograd's sums")),
    });
    Ok(Flow { map, scale: conv.output.scale, zero_point })
}

fn dense(
    planner: &mut Planner<Integer>,
    dense: &QuantizedDense,
    facts: &Facts,
    from: &mut Rows,
    quantization: &mut Quantization,
) -> Result<Output, String> {
    let bias = facts.shifted_bias(&dense.bias, 0);
    let (output, steps) = match dense.output {
        Some(output) => {
            let padded = dense.outputs.next_multiple_of(DENSE_BLOCK);
            let layer = Requantization::new(bias, &dense.weight_scales, quantization.scale, output, dense.relu, padded)
                .map_err(|reason| format!("{}: {reason}", dense.name))?;
            (DenseOutput::Activations(layer), Some((output.scale, output.zero_point)))
        }
        None => {
            let factor = dense.weight_scales.iter().map(|scale| scale * quantization.scale).collect();
            (DenseOutput::Real((bias, factor)), None)
        }
    };
    let place = planner.dense(FullyConnected {
        name: dense.name.clone(),
        inputs: dense.inputs,
        outputs: dense.outputs,
        from: *from,
        skip_zeros: quantization.zero_point == 0,
        output,
    });
    *from = place;
    if let Some(output) = dense.output {
        *quantization = output;
    }
    Ok(Output { at: place.at, count: dense.outputs, stride: place.count, steps })
}
