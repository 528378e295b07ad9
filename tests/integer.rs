//! The integer plan against a plain reading of the quantized network, sum by sum, and against float.
#![cfg(feature = "finetune")]

mod common;

use common::{random_picture, random_vgg};
use image::RgbImage;
use proptest::prelude::*;
use vggcam::{
    engine::plan::Plan,
    finetune::quantize::{calibrate, quantize},
    model::quantized::{QuantizedLayer, QuantizedNetwork},
};

/// Computes `network` one value at a time; probabilities, or the last layer's steps.
fn oracle(network: &QuantizedNetwork, picture: &RgbImage) -> Vec<f32> {
    let mut side = network.input_size;
    let mut scale = 1.0f32;
    // Real steps: the picture's bytes minus their zero points, in BGR planes; uint8 steps after the first layer.
    let mut values: Vec<i64> = [2, 1, 0]
        .into_iter()
        .flat_map(|c| picture.pixels().map(move |p| i64::from(p[c])).map(move |v| (c, v)))
        .map(|(c, v)| v - i64::from(network.mean_rgb[c]))
        .collect();
    let requantized = |sum: i64, factor: f32| (sum as f32 * factor).clamp(0.0, 255.0).round_ties_even() as i64;
    for layer in &network.layers {
        match layer {
            QuantizedLayer::Conv(conv) => {
                let mut out = Vec::with_capacity(conv.outputs * side * side);
                for o in 0..conv.outputs {
                    let factor = conv.weight_scales[o] * scale / conv.output_scale;
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
                        out.push(requantized(sum, factor));
                    }
                }
                values = out;
                scale = conv.output_scale;
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
                let sums: Vec<i64> = (0..dense.outputs)
                    .map(|o| {
                        let row = &dense.weights[o * dense.inputs..][..dense.inputs];
                        let products = row.iter().zip(&values).map(|(&w, &v)| i64::from(w) * v);
                        i64::from(dense.bias[o]) + products.sum::<i64>()
                    })
                    .collect();
                let Some(output_scale) = dense.output_scale else {
                    let logits: Vec<f64> = sums
                        .iter()
                        .zip(&dense.weight_scales)
                        .map(|(&sum, &weight_scale)| f64::from(sum as f32 * (weight_scale * scale)))
                        .collect();
                    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let total: f64 = logits.iter().map(|logit| (logit - highest).exp()).sum();
                    return logits.iter().map(|logit| ((logit - highest).exp() / total) as f32).collect();
                };
                let factors = dense.weight_scales.iter().map(|weight_scale| weight_scale * scale / output_scale);
                values = sums.iter().zip(factors).map(|(&sum, factor)| requantized(sum, factor)).collect();
                scale = output_scale;
            }
        }
    }
    values.into_iter().map(|value| value as f32).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_step_equals_the_oracle(
        seed in 0u64..1000,
        size in 8usize..25,
        widths in prop::collection::vec(1usize..20, 1..3),
        features in 1usize..40,
    ) {
        let whole = random_vgg(seed, size, &widths, &[features, 3]);
        let network = whole.feature_extractor().unwrap();
        let picture = random_picture(seed, size as u32);
        let scales = calibrate(&network, &[picture.clone(), random_picture(seed + 1, size as u32)], &|| ()).unwrap();
        let quantized = quantize(&network, &scales);
        let steps = Plan::integer(&quantized, 1).unwrap().run(&picture).unwrap().remove(0);
        prop_assert_eq!(steps, oracle(&quantized, &picture));
    }
}

#[test]
fn probabilities_equal_the_oracle_and_stay_near_float() {
    let network = random_vgg(5, 24, &[8, 12], &[32, 16, 4]);
    let pictures: Vec<_> = (0..8).map(|seed| random_picture(seed, 24)).collect();
    let scales = calibrate(&network, &pictures, &|| ()).unwrap();
    let quantized = quantize(&network, &scales);
    let integer = Plan::integer(&quantized, 1).unwrap();
    let float = Plan::float(&network, 1).unwrap();
    for picture in &pictures {
        let probabilities = integer.run(picture).unwrap().remove(0);
        for (a, b) in probabilities.iter().zip(oracle(&quantized, picture)) {
            assert!((a - b).abs() < 1e-5);
        }
        for (a, b) in probabilities.iter().zip(float.run(picture).unwrap().remove(0)) {
            assert!((a - b).abs() < 0.05, "{a} int8, {b} float");
        }
    }
}

#[test]
fn threads_do_not_change_the_answer() {
    let network = random_vgg(9, 48, &[16, 24], &[64, 3]);
    let picture = random_picture(3, 48);
    let quantized = quantize(&network, &calibrate(&network, std::slice::from_ref(&picture), &|| ()).unwrap());
    let one = Plan::integer(&quantized, 1).unwrap().run(&picture).unwrap();
    let three = Plan::integer(&quantized, 3).unwrap().run(&picture).unwrap();
    assert_eq!(one, three);
}
