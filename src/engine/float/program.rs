//! A float network, laid out.

use super::output::Biases;
use crate::{
    engine::{
        kernels::{Float, Kernels},
        layers::{
            dense::DenseOutput,
            outline::{self, Outputs},
            planner::Sums,
            program::Program,
        },
    },
    model::network::{Conv, Dense, Network},
};

/// Lays out `network` for runs of so many pictures at most. The error names the layer that keeps it from running here.
pub fn lay_out(
    network: &Network,
    kernels: &'static Kernels<Float>,
    pictures: usize,
    sums: Sums,
) -> Result<Program<Float>, String> {
    outline::lay_out(network, kernels, pictures, sums, &mut FloatOutputs)
}

struct FloatOutputs;

impl Outputs<Float> for FloatOutputs {
    fn convolution(&mut self, conv: &Conv, padded: usize) -> Result<Biases, String> {
        Ok(Biases::new(&conv.bias, true, padded))
    }

    fn dense(&mut self, dense: &Dense, padded: usize, _last: bool) -> Result<DenseOutput<Float>, String> {
        Ok(DenseOutput::Activations(Biases::new(&dense.bias, dense.relu, padded)))
    }
}
