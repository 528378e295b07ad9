//! From a layer's sums to the steps of its output.

use crate::{
    engine::{
        kernels::{
            Integer,
            integer::{Scaling, lanes::Bounds},
        },
        layers::Numbers,
    },
    model::quantized::Quantization,
};

/// How a layer's sums become steps, channel by channel.
#[derive(Clone, Debug)]
pub struct Requantization {
    /// Added to each channel's sums.
    pub bias: Vec<i32>,
    /// From each channel's sums to steps of the output.
    pub factor: Vec<f32>,
    /// Step that stands for zero.
    pub zero_point: u8,
    /// Whether steps below it are cut off.
    pub relu: bool,
}

impl Requantization {
    /// For a layer whose sums come in steps of `input_scale × weight_scales[o]`, padded to `padded` channels. The error says
    /// which scale makes no sense.
    pub fn new(
        mut bias: Vec<i32>,
        weight_scales: &[f32],
        input_scale: f32,
        output: Quantization,
        relu: bool,
        padded: usize,
    ) -> Result<Self, String> {
        let mut factor: Vec<f32> = weight_scales.iter().map(|scale| scale * input_scale / output.scale).collect();
        if let Some(o) = factor.iter().position(|f| !f.is_finite() || *f < 0.0) {
            return Err(format!("the scales of output {o} are out of range"));
        }
        bias.resize(padded, 0);
        factor.resize(padded, 0.0);
        Ok(Requantization { bias, factor, zero_point: output.zero_point, relu })
    }

    /// Steps that the output may take.
    pub fn bounds(&self) -> Bounds {
        Bounds::new(self.zero_point, self.relu)
    }
}

impl Numbers for Integer {
    type Layer = Requantization;
    /// Biases, and factors to real numbers.
    type Real = (Vec<i32>, Vec<f32>);

    fn activation(steps: f32) -> u8 {
        steps.round_ties_even() as u8
    }

    fn finish(layer: &Requantization, first: usize, lanes: usize) -> Scaling {
        Scaling {
            bias: layer.bias[first..][..lanes].as_ptr(),
            factor: layer.factor[first..][..lanes].as_ptr(),
            bounds: layer.bounds(),
        }
    }

    fn real((bias, factor): &Self::Real, output: usize, sum: i32) -> f32 {
        sum.wrapping_add(bias[output]) as f32 * factor[output]
    }
}
