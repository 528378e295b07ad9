//! A network laid out for float16.

use super::{output::Rescaled, scale};
use crate::{
    engine::{
        kernels::{Half, Kernels},
        layers::{
            dense::DenseOutput,
            outline::{self, Outputs},
            planner::Sums,
            program::Program,
        },
    },
    model::network::{Conv, Dense, Network},
};

/// Lays out `network` for runs of so many pictures at most. `ranges` has the largest activation that is expected of each layer
/// with ReLU, in order; larger ones are cut at twice that or more. The last layer's output is not cut, and its range is not
/// looked at. The error names what keeps it from running here.
pub fn lay_out(
    network: &Network,
    kernels: &'static Kernels<Half>,
    ranges: &[f32],
    pictures: usize,
) -> Result<Program<Half>, String> {
    let expected = network.layers.iter().filter(|layer| layer.has_relu()).count();
    if ranges.len() != expected {
        return Err(format!("there are {} ranges for {expected} layers with ReLU", ranges.len()));
    }
    outline::lay_out(network, kernels, pictures, Sums::Fastest, &mut HalfOutputs { ranges: ranges.iter(), stored: 1.0 })
}

struct HalfOutputs<'a> {
    /// Those of the layers to come.
    ranges: std::slice::Iter<'a, f32>,
    /// What the activations are stored times that the next layer reads.
    stored: f32,
}

impl HalfOutputs<'_> {
    /// What the layer's sums are times, and what its activations will be stored times.
    fn scales(&mut self, name: &str, weights: &[f32]) -> Result<(f32, f32), String> {
        let sums = self.sums(name, weights)?;
        let range = self.ranges.next().ok_or_else(|| format!("nothing is known about the range of {name}"))?;
        let scale = scale::of_activations(*range);
        self.stored = scale.ok_or_else(|| format!("the range of {name} is {range}"))?;
        Ok((sums, self.stored))
    }

    fn sums(&self, name: &str, weights: &[f32]) -> Result<f32, String> {
        let scale = scale::of_weights(weights).ok_or_else(|| format!("weights of {name} are out of range"))?;
        Ok(scale * self.stored)
    }
}

impl Outputs<Half> for HalfOutputs<'_> {
    fn convolution(&mut self, conv: &Conv, padded: usize) -> Result<Rescaled, String> {
        let (sums, stored) = self.scales(&conv.name, &conv.weights)?;
        Ok(Rescaled::new(&conv.bias, true, padded, sums, stored))
    }

    fn step(&self) -> f32 {
        1.0 / self.stored
    }

    fn dense(&mut self, dense: &Dense, padded: usize, last: bool) -> Result<DenseOutput<Half>, String> {
        if last {
            let sums = self.sums(&dense.name, &dense.weights)?;
            return Ok(DenseOutput::Real(Rescaled::new(&dense.bias, dense.relu, padded, sums, 1.0)));
        }
        if !dense.relu {
            return Err(format!("{} has no ReLU and is not the last layer", dense.name));
        }
        let (sums, stored) = self.scales(&dense.name, &dense.weights)?;
        Ok(DenseOutput::Activations(Rescaled::new(&dense.bias, true, padded, sums, stored)))
    }
}
