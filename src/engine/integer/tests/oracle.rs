//! What a quantized network means, in plain 64-bit arithmetic: sums over `(x − zero point) × w`, as its definition has them.

use crate::{
    engine::kernels::integer::{lanes::Bounds, tests::step},
    model::quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// A map of steps by channel, row and column.
struct Planes {
    channels: usize,
    side: usize,
    steps: Vec<u8>,
    scale: f32,
    /// One for each channel.
    zeros: Vec<i64>,
}

/// The network's answer to a picture: uint8 RGB, rows of pixels, or steps of a real input in the same order.
pub fn answer(network: &QuantizedNetwork, picture: &[u8]) -> Vec<f32> {
    let side = network.input_size;
    let (channels, scale, zeros, reversed) = match network.input {
        // The network's channels are blue, green, red.
        QuantizedInput::Picture { mean_rgb: [r, g, b] } => (3, 1.0, vec![b, g, r], true),
        QuantizedInput::Real { channels, quantization } => {
            (channels, quantization.scale, vec![quantization.zero_point; channels], false)
        }
    };
    let steps = (0..channels * side * side)
        .map(|i| {
            let (channel, pixel) = (i / (side * side), i % (side * side));
            picture[pixel * channels + if reversed { channels - 1 - channel } else { channel }]
        })
        .collect();
    let mut map = Planes { channels, side, steps, scale, zeros: zeros.into_iter().map(i64::from).collect() };
    let mut real = vec![];
    for layer in &network.layers {
        match layer {
            QuantizedLayer::Conv(conv) => map = convolution(conv, &map),
            QuantizedLayer::MaxPool => map = pool(&map),
            QuantizedLayer::Dense(layer) => match layer.output {
                Some(output) => map = quantized_dense(layer, output, &map),
                None => real = real_dense(layer, &map),
            },
        }
    }
    if real.is_empty() { map.steps.into_iter().map(f32::from).collect() } else { real }
}

fn quantized(sum: i64, factor: f32, output: Quantization, relu: bool) -> u8 {
    let sum = i32::try_from(sum).expect("sums of a test that 32 bits hold");
    step(sum, 0, factor, Bounds::new(output.zero_point, relu))
}

fn convolution(conv: &QuantizedConv, from: &Planes) -> Planes {
    let side = from.side;
    let mut steps = vec![];
    // What each tap adds, a row of the map at a time.
    let mut sums = vec![0i64; side * side];
    for o in 0..conv.outputs {
        sums.fill(i64::from(conv.bias[o]));
        for (i, tap) in (0..from.channels * 9).map(|x| (x / 9, x % 9)) {
            let weight = i64::from(conv.weights[(o * from.channels + i) * 9 + tap]);
            let zero = from.zeros[i];
            let plane = &from.steps[i * side * side..][..side * side];
            for y in (0..side).filter(|y| (1..=side).contains(&(y + tap / 3))) {
                let row = &plane[(y + tap / 3 - 1) * side..][..side];
                let columns = usize::from(tap % 3 == 0)..side.min(side + 1 - tap % 3);
                for x in columns {
                    sums[y * side + x] += (i64::from(row[x + tap % 3 - 1]) - zero) * weight;
                }
            }
        }
        let factor = conv.weight_scales[o] * from.scale / conv.output.scale;
        steps.extend(sums.iter().map(|&sum| quantized(sum, factor, conv.output, conv.relu)));
    }
    let zeros = vec![i64::from(conv.output.zero_point); conv.outputs];
    Planes { channels: conv.outputs, side, steps, scale: conv.output.scale, zeros }
}

fn pool(from: &Planes) -> Planes {
    let side = from.side / 2;
    let steps = (0..from.channels * side * side).map(|i| {
        let (channel, y, x) = (i / (side * side), i % (side * side) / side, i % side);
        let at = |dy: usize, dx: usize| from.steps[(channel * from.side + 2 * y + dy) * from.side + 2 * x + dx];
        at(0, 0).max(at(0, 1)).max(at(1, 0)).max(at(1, 1))
    });
    Planes { channels: from.channels, side, steps: steps.collect(), scale: from.scale, zeros: from.zeros.clone() }
}

fn dense_sum(layer: &QuantizedDense, from: &Planes, o: usize) -> i64 {
    let zero = from.zeros[0];
    let weights = &layer.weights[o * layer.inputs..][..layer.inputs];
    let terms = from.steps.iter().zip(weights).map(|(&x, &w)| (i64::from(x) - zero) * i64::from(w));
    i64::from(layer.bias[o]) + terms.sum::<i64>()
}

fn quantized_dense(layer: &QuantizedDense, output: Quantization, from: &Planes) -> Planes {
    let steps = (0..layer.outputs).map(|o| {
        let factor = layer.weight_scales[o] * from.scale / output.scale;
        quantized(dense_sum(layer, from, o), factor, output, layer.relu)
    });
    let zeros = vec![i64::from(output.zero_point); layer.outputs];
    Planes { channels: layer.outputs, side: 1, steps: steps.collect(), scale: output.scale, zeros }
}

fn real_dense(layer: &QuantizedDense, from: &Planes) -> Vec<f32> {
    (0..layer.outputs).map(|o| dense_sum(layer, from, o) as f32 * (layer.weight_scales[o] * from.scale)).collect()
}
