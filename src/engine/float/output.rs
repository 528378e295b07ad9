//! From a layer's sums to its output.

use std::convert::Infallible;

use crate::engine::{
    kernels::{Float, float::Bias},
    layers::Numbers,
};

/// A layer's biases, padded, and whether ReLU follows.
#[derive(Clone, Debug)]
pub struct Biases {
    bias: Vec<f32>,
    relu: bool,
}

impl Biases {
    /// Of a layer whose outputs are padded to so many.
    pub fn new(bias: &[f32], relu: bool, padded: usize) -> Self {
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Biases { bias, relu }
    }
}

impl Numbers for Float {
    type Layer = Biases;
    /// Activations are real numbers already.
    type Real = Infallible;

    fn activation(steps: f32) -> f32 {
        steps
    }

    fn finish(layer: &Biases, first: usize, lanes: usize) -> Bias {
        let low = if layer.relu { 0.0 } else { f32::NEG_INFINITY };
        Bias { bias: layer.bias[first..][..lanes].as_ptr(), low }
    }

    fn real(real: &Infallible, _output: usize, _sum: f32) -> f32 {
        match *real {}
    }
}
