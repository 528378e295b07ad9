//! From a layer's sums to its output.

use crate::engine::{
    kernels::{
        Half,
        half::{LARGEST, Rescaling, f16},
    },
    layers::Numbers,
};

/// A layer's biases, padded, and how its sums become what is stored.
#[derive(Clone, Debug)]
pub struct Rescaled {
    bias: Vec<f32>,
    factor: f32,
    relu: bool,
}

impl Rescaled {
    /// Of a layer whose outputs are padded to so many: its sums are in steps of 1 ÷ `sums`, and what is stored in steps of
    /// 1 ÷ `stored`; both are powers of two.
    pub fn new(bias: &[f32], relu: bool, padded: usize, sums: f32, stored: f32) -> Self {
        let mut bias: Vec<f32> = bias.iter().map(|bias| bias * stored).collect();
        bias.resize(padded, 0.0);
        Rescaled { bias, factor: stored / sums, relu }
    }
}

impl Numbers for Half {
    type Layer = Rescaled;
    /// As it is stored, but float32 and not cut.
    type Real = Rescaled;

    fn activation(steps: f32) -> f16 {
        f16::from_f32(steps)
    }

    fn finish(layer: &Rescaled, first: usize, lanes: usize) -> Rescaling {
        let bias = layer.bias[first..][..lanes].as_ptr();
        Rescaling { bias, factor: layer.factor, low: if layer.relu { 0.0 } else { -LARGEST }, high: LARGEST }
    }

    fn real(real: &Rescaled, output: usize, sum: f32) -> f32 {
        let value = sum * real.factor + real.bias[output];
        if real.relu { value.max(0.0) } else { value }
    }
}
