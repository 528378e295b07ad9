//! From a float network to its int8 form.
//!
//! Every range is the one with the smallest squared error, not the widest: a few far-off values are cut so that the
//! many common ones get finer steps.

use image::RgbImage;
use rayon::prelude::*;

use super::histogram::Histogram;
use crate::{
    engine::{error::EngineError, features::Activations},
    model::{
        network::{Conv, Dense, Layer, Network},
        quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
    },
};

/// Shares of a channel's widest weight that are tried as its range.
const RANGES: std::ops::RangeInclusive<u32> = 70..=100;

/// Finds the output scale of every layer with ReLU, in order, from pictures already fitted to the input size: the
/// scale with the smallest squared error. `done` is called after each picture.
pub fn calibrate(network: &Network, pictures: &[RgbImage], done: &(dyn Fn() + Sync)) -> Result<Vec<f32>, EngineError> {
    let activations = Activations::new(network)?;
    let histograms = pictures
        .par_iter()
        .map(|picture| {
            let histograms = activations.of(picture)?.iter().map(|values| Histogram::of(values)).collect();
            done();
            Ok::<Vec<Histogram>, EngineError>(histograms)
        })
        .try_reduce_with(|a: Vec<Histogram>, b| Ok(a.into_iter().zip(b).map(|(a, b)| a.merged(b)).collect()))
        .unwrap_or_else(|| Ok(vec![]))?;
    Ok(histograms.iter().map(|histogram| histogram.best_range() / 255.0).collect())
}

/// Quantizes every layer; `output_scales` has one value for each layer with ReLU.
///
/// # Panics
///
/// If there are fewer scales than layers with ReLU.
pub fn quantize(network: &Network, output_scales: &[f32]) -> QuantizedNetwork {
    let mean_rgb = network.preprocessing.mean_rgb.map(|mean| mean.round().clamp(0.0, 255.0) as u8);
    let mut input_scale = 1.0;
    let mut scales = output_scales.iter().copied();
    let mut first = true;
    let mut next_scale = || scales.next().expect("one scale for each layer with ReLU");
    let layers = network
        .layers
        .iter()
        .map(|layer| match layer {
            Layer::MaxPool => QuantizedLayer::MaxPool,
            Layer::Conv(conv) => {
                let bias = if first {
                    mean_corrected(conv, network.preprocessing.mean_rgb, mean_rgb)
                } else {
                    conv.bias.clone()
                };
                let (weights, weight_scales, bias) = quantized(&conv.weights, &bias, input_scale);
                first = false;
                input_scale = next_scale();
                QuantizedLayer::Conv(QuantizedConv {
                    name: conv.name.clone(),
                    weights,
                    weight_scales,
                    bias,
                    inputs: conv.inputs,
                    outputs: conv.outputs,
                    relu: true,
                    output: after_relu(input_scale),
                })
            }
            Layer::Dense(dense) => {
                let mut quantized = quantize_head(dense, input_scale);
                if dense.relu {
                    input_scale = next_scale();
                    quantized.relu = true;
                    quantized.output = Some(after_relu(input_scale));
                }
                QuantizedLayer::Dense(quantized)
            }
        })
        .collect::<Vec<_>>();
    // A last layer whose output stays real gives the logits of a classifier, also in files that leave the softmax out.
    let logits = matches!(layers.last(), Some(QuantizedLayer::Dense(QuantizedDense { output: None, .. })));
    let softmax = network.softmax || logits;
    QuantizedNetwork { input_size: network.input_size, input: QuantizedInput::Picture { mean_rgb }, layers, softmax }
}

/// Nothing is below 0 behind ReLU, so all steps go to what is above.
fn after_relu(scale: f32) -> Quantization {
    Quantization { scale, zero_point: 0 }
}

/// Quantizes a last layer whose input comes in steps of `input_scale`.
pub fn quantize_head(head: &Dense, input_scale: f32) -> QuantizedDense {
    let (weights, weight_scales, bias) = quantized(&head.weights, &head.bias, input_scale);
    QuantizedDense {
        name: head.name.clone(),
        weights,
        weight_scales,
        bias,
        inputs: head.inputs,
        outputs: head.outputs,
        relu: false,
        output: None,
    }
}

/// The bias of the first convolution when whole numbers are subtracted from the pixels instead of the exact means.
fn mean_corrected(conv: &Conv, exact_rgb: [f32; 3], rounded_rgb: [u8; 3]) -> Vec<f32> {
    // The kernels' input channels are blue, green, red.
    let missing: Vec<f32> = (0..3).rev().map(|c| f32::from(rounded_rgb[c]) - exact_rgb[c]).collect();
    conv.bias
        .iter()
        .zip(conv.weights.chunks_exact(27))
        .map(|(bias, kernel)| {
            let extra: f32 = kernel.iter().enumerate().map(|(i, w)| w * missing[i / 9]).sum();
            bias + extra
        })
        .collect()
}

/// int8 weights, a scale for each output, and the int32 bias.
fn quantized(weights: &[f32], bias: &[f32], input_scale: f32) -> (Vec<i8>, Vec<f32>, Vec<i32>) {
    let inputs = (weights.len() / bias.len().max(1)).max(1);
    let channels: Vec<(Vec<i8>, f32, i32)> = weights
        .par_chunks_exact(inputs)
        .zip(bias)
        .map(|(row, &bias)| {
            // The bias must fit an int32 even where all weights are tiny.
            let scale = best_scale(row).max(bias.abs() / (input_scale * (1 << 30) as f32)).max(f32::MIN_POSITIVE);
            let steps = row.iter().map(|&w| step(w, scale)).collect();
            (steps, scale, (bias / (input_scale * scale)).round_ties_even() as i32)
        })
        .collect();
    let mut steps = Vec::with_capacity(weights.len());
    let (mut scales, mut biases) = (vec![], vec![]);
    for (row, scale, bias) in channels {
        steps.extend(row);
        scales.push(scale);
        biases.push(bias);
    }
    (steps, scales, biases)
}

fn step(weight: f32, scale: f32) -> i8 {
    rounded(weight / scale) as i8
}

/// A number of steps, rounded half to even, from −127 to 127.
fn rounded(steps: f32) -> f32 {
    // Adding this leaves no bits behind the point. Where the processor has no instruction for it, `round_ties_even` is a call,
    // and the search for the best scale rounds every weight many times.
    const WHOLE: f32 = 12_582_912.0;
    steps.clamp(-127.0, 127.0) + WHOLE - WHOLE
}

/// The scale with the smallest squared error over a channel's weights.
fn best_scale(row: &[f32]) -> f32 {
    let widest = row.iter().fold(0.0f32, |widest, w| widest.max(w.abs()));
    // Sums of a few weights at a time, which the compiler makes vectors of.
    let some = |weights: &[f32], scale: f32| {
        let mut squares = [0.0f32; 16];
        for weights in weights.chunks(16) {
            for (square, &weight) in squares.iter_mut().zip(weights) {
                let error = weight - rounded(weight * (1.0 / scale)) * scale;
                *square += error * error;
            }
        }
        squares.iter().map(|&square| f64::from(square)).sum::<f64>()
    };
    let error = |scale: f32| row.chunks(1024).map(|weights| some(weights, scale)).sum::<f64>();
    let candidates = RANGES.rev().map(|percent| widest * percent as f32 / 100.0 / 127.0).filter(|&scale| scale > 0.0);
    candidates.map(|scale| (scale, error(scale))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(scale, _)| scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_and_bias_come_back_within_a_step(
            weights in prop::collection::vec(-2.0f32..2.0, 64),
            bias in prop::collection::vec(-500.0f32..500.0, 4),
            input_scale in 0.001f32..10.0,
        ) {
            let (steps, scales, biases) = quantized(&weights, &bias, input_scale);
            for (o, &scale) in scales.iter().enumerate() {
                let row = &weights[o * 16..][..16];
                let back = |i: usize| f32::from(steps[o * 16 + i]) * scale;
                let min_max = row.iter().fold(0.0f32, |m, w| m.max(w.abs())) / 127.0;
                let error: f32 = (0..16).map(|i| (row[i] - back(i)).powi(2)).sum();
                prop_assert!(error <= 16.0 * (min_max / 2.0 * 1.001).powi(2) || scale > min_max, "row {o}");
                let step = input_scale * scale;
                prop_assert!((biases[o] as f32 * step - bias[o]).abs() <= step * 0.501 + bias[o].abs() * 1e-6);
            }
        }
    }

    #[test]
    fn a_channel_without_weights_keeps_its_bias() {
        let (steps, scales, biases) = quantized(&[0.0; 8], &[3.5, -1e6], 0.02);
        assert_eq!(steps, [0; 8]);
        for (o, expected) in [3.5, -1e6].into_iter().enumerate() {
            assert!((biases[o] as f32 * scales[o] * 0.02 / expected - 1.0).abs() < 1e-5);
        }
    }
}
