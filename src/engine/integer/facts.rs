//! What laying out a network takes from its weights, so that it can be laid out without them.

use serde::{Deserialize, Serialize};

use super::bound;
use crate::model::quantized::{QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork};

/// What is known about one layer's weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Sum of each output's weights; wraps.
    pub sums: Vec<i32>,
    /// Sum of each output's weights times the zero point of what they are multiplied with; wraps.
    pub zero_sums: Vec<i32>,
    /// The first output for which Winograd's sums could overflow.
    pub inexact: Option<usize>,
}

impl Facts {
    /// The facts of every convolution and dense layer of `network`, in order.
    pub fn of(network: &QuantizedNetwork) -> Vec<Facts> {
        let (mut means, mut zero_point) = match &network.input {
            // The first kernels' input channels are blue, green, red.
            QuantizedInput::Picture { mean_rgb: [r, g, b] } => (Some([*b, *g, *r]), 0),
            QuantizedInput::Real { quantization, .. } => (None, quantization.zero_point),
        };
        let mut facts = vec![];
        for layer in &network.layers {
            match layer {
                QuantizedLayer::MaxPool => {}
                QuantizedLayer::Conv(conv) => {
                    let kernels = conv.weights.chunks_exact((conv.inputs * 9).max(1));
                    let zero = |i: usize| means.map_or(zero_point, |means| means[i / 9 % 3]);
                    facts.push(Facts {
                        inexact: kernels.clone().position(|kernel| !bound::is_exact(kernel)),
                        ..Facts::of_rows(kernels, zero)
                    });
                    means = None;
                    zero_point = conv.output.zero_point;
                }
                QuantizedLayer::Dense(dense) => {
                    facts.push(Facts::of_rows(dense.weights.chunks_exact(dense.inputs.max(1)), |_| zero_point));
                    zero_point = dense.output.map_or(0, |output| output.zero_point);
                }
            }
        }
        facts
    }

    /// Sums of each row; `zero` gives the zero point of a row's `i`-th input.
    fn of_rows<'a>(rows: impl Iterator<Item = &'a [i8]> + Clone, zero: impl Fn(usize) -> u8) -> Facts {
        let sum = |row: &[i8]| row.iter().fold(0i32, |sum, &w| sum.wrapping_add(i32::from(w)));
        let weighted = |row: &[i8]| {
            let products = row.iter().enumerate().map(|(i, &w)| i32::from(w) * i32::from(zero(i)));
            products.fold(0i32, i32::wrapping_add)
        };
        Facts { sums: rows.clone().map(sum).collect(), zero_sums: rows.map(weighted).collect(), inexact: None }
    }

    /// The bias of sums over `x − offset`, where the file has it over `x − zero point`; wraps.
    pub fn shifted_bias(&self, bias: &[i32], offset: i32) -> Vec<i32> {
        let shift = |(sum, zero): (&i32, &i32)| sum.wrapping_mul(offset).wrapping_sub(*zero);
        bias.iter().zip(self.sums.iter().zip(&self.zero_sums).map(shift)).map(|(b, s)| b.wrapping_add(s)).collect()
    }
}

/// A copy of `network` without its weights.
pub fn skeleton(network: &QuantizedNetwork) -> QuantizedNetwork {
    let layers = network.layers.iter().map(|layer| match layer {
        QuantizedLayer::MaxPool => QuantizedLayer::MaxPool,
        QuantizedLayer::Conv(conv) => QuantizedLayer::Conv(QuantizedConv {
            name: conv.name.clone(),
            weights: vec![],
            weight_scales: conv.weight_scales.clone(),
            bias: conv.bias.clone(),
            ..*conv
        }),
        QuantizedLayer::Dense(dense) => QuantizedLayer::Dense(QuantizedDense {
            name: dense.name.clone(),
            weights: vec![],
            weight_scales: dense.weight_scales.clone(),
            bias: dense.bias.clone(),
            ..*dense
        }),
    });
    QuantizedNetwork { layers: layers.collect(), input: network.input.clone(), ..*network }
}
