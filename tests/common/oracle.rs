//! A plain reading of a quantized network, one value at a time.

use image::RgbImage;
use vggcam::model::quantized::{
    Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork,
};

/// What the network gives for a picture: probabilities, the last layer's real values if it stays real, else its steps.
pub fn of_picture(network: &QuantizedNetwork, picture: &RgbImage) -> Vec<f32> {
    let QuantizedInput::Picture { mean_rgb } = network.input else { panic!("the network reads real numbers") };
    // The picture's bytes minus their zero points, in BGR planes.
    let planes = [2, 1, 0].into_iter().flat_map(|c| picture.pixels().map(move |p| (c, p[c])));
    computed(network, planes.map(|(c, value)| i64::from(value) - i64::from(mean_rgb[c])).collect())
}

/// What the network gives for real numbers `C×H×W`, in the same three forms.
pub fn of_values(network: &QuantizedNetwork, values: &[f32]) -> Vec<f32> {
    let QuantizedInput::Real { quantization, .. } = network.input else { panic!("the network reads a picture") };
    let steps = values.iter().map(|&value| {
        let step = (value / quantization.scale).round_ties_even() + f32::from(quantization.zero_point);
        step.clamp(0.0, 255.0) as i64 - i64::from(quantization.zero_point)
    });
    computed(network, steps.collect())
}

/// Values here are steps minus their zero point, planes of rows of columns.
fn computed(network: &QuantizedNetwork, mut values: Vec<i64>) -> Vec<f32> {
    let mut side = network.input_size;
    let mut scale = network.input.scale();
    let mut zero_point = 0;
    for layer in &network.layers {
        match layer {
            QuantizedLayer::Conv(conv) => {
                values = convolved(conv, side, scale, &values);
                (scale, zero_point) = (conv.output.scale, conv.output.zero_point);
            }
            QuantizedLayer::MaxPool => {
                let half = side / 2;
                values = values
                    .chunks_exact(side * side)
                    .flat_map(|plane| {
                        (0..half * half).map(move |i| {
                            let corner = i / half * 2 * side + i % half * 2;
                            [0, 1, side, side + 1].into_iter().map(|offset| plane[corner + offset]).max().unwrap()
                        })
                    })
                    .collect();
                side = half;
            }
            QuantizedLayer::Dense(dense) => {
                let Some(output) = dense.output else {
                    let sums = dense_sums(dense, &values).into_iter().zip(&dense.weight_scales);
                    let real = sums.map(|(sum, weight_scale)| sum as f32 * (weight_scale * scale));
                    let real: Vec<f32> = real.map(|real| if dense.relu { real.max(0.0) } else { real }).collect();
                    return if network.softmax { softmax(&real) } else { real };
                };
                values = dense_steps(dense, output, scale, &values);
                (scale, zero_point) = (output.scale, output.zero_point);
            }
        }
    }
    if network.softmax {
        softmax(&values.iter().map(|&value| value as f32 * scale).collect::<Vec<_>>())
    } else {
        values.iter().map(|&value| (value + i64::from(zero_point)) as f32).collect()
    }
}

/// Steps minus their zero point behind a convolution of a map of `side × side` whose steps are worth `scale`.
pub fn convolved(conv: &QuantizedConv, side: usize, scale: f32, values: &[i64]) -> Vec<i64> {
    let mut out = Vec::with_capacity(conv.outputs * side * side);
    for o in 0..conv.outputs {
        let factor = conv.weight_scales[o] * scale / conv.output.scale;
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let mut sum = i64::from(conv.bias[o]);
            for i in 0..conv.inputs {
                for (dy, dx) in (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx))) {
                    let (row, column) = ((y + dy).wrapping_sub(1), (x + dx).wrapping_sub(1));
                    if row < side && column < side {
                        let weight = conv.weights[((o * conv.inputs + i) * 3 + dy) * 3 + dx];
                        sum += i64::from(weight) * values[(i * side + row) * side + column];
                    }
                }
            }
            out.push(requantized(sum, factor, conv.output, conv.relu));
        }
    }
    out
}

/// A dense layer's sums over steps minus their zero point.
fn dense_sums(dense: &QuantizedDense, values: &[i64]) -> Vec<i64> {
    let sum = |o: usize| {
        let row = &dense.weights[o * dense.inputs..][..dense.inputs];
        i64::from(dense.bias[o]) + row.iter().zip(values).map(|(&w, &v)| i64::from(w) * v).sum::<i64>()
    };
    (0..dense.outputs).map(sum).collect()
}

/// Steps minus their zero point behind a dense layer whose output is `output`.
pub fn dense_steps(dense: &QuantizedDense, output: Quantization, scale: f32, values: &[i64]) -> Vec<i64> {
    let sums = dense_sums(dense, values).into_iter().zip(&dense.weight_scales);
    let factors = sums.map(|(sum, weight_scale)| (sum, weight_scale * scale / output.scale));
    factors.map(|(sum, factor)| requantized(sum, factor, output, dense.relu)).collect()
}

/// Rounds half to even, cuts to the steps that there are, and takes the zero point off again.
fn requantized(sum: i64, factor: f32, to: Quantization, relu: bool) -> i64 {
    let zero = i64::from(to.zero_point);
    let step = (sum as f32 * factor).round_ties_even() as i64;
    let lowest = if relu { 0 } else { -zero };
    step.clamp(lowest, 255 - zero)
}

/// The probabilities that `logits` stand for.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - highest).exp()).collect();
    let total: f64 = exponentials.iter().sum();
    exponentials.iter().map(|exponential| (exponential / total) as f32).collect()
}
