//! What stands behind the convolutions where a file has no dense layers, or others are wanted.

use crate::{
    finetune::random::Random,
    model::network::{Dense, Layer, Network},
};

/// What becomes of the last planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// The mean of each plane: as many features as channels.
    Pool,
    /// Two dense layers with ReLU and random weights, of so many outputs each.
    Dense {
        /// Outputs of each layer.
        units: usize,
    },
}

/// Name of the layer that takes the mean of each plane.
pub const POOL: &str = "pool";
/// Random weights are the same in every run.
const SEED: u64 = 16;

/// Puts the head behind `network`, which ends with planes of `side` rows and columns of `channels`.
pub fn attach(network: &mut Network, head: Head, channels: usize, side: usize) {
    match head {
        Head::Pool => network.layers.push(Layer::Dense(Dense::mean_of_planes(POOL.into(), channels, side))),
        Head::Dense { units } => {
            let mut random = Random::new(SEED);
            let mut inputs = channels * side * side;
            for name in ["fc1", "fc2"] {
                network.layers.push(Layer::Dense(he_uniform(name, inputs, units, &mut random)));
                inputs = units;
            }
        }
    }
    network.softmax = false;
}

/// Weights that keep the size of values behind ReLU (He et al., 2015).
fn he_uniform(name: &str, inputs: usize, outputs: usize, random: &mut Random) -> Dense {
    let limit = (6.0 / inputs as f32).sqrt();
    let weights = (0..inputs * outputs).map(|_| (random.unit() * 2.0 - 1.0) * limit).collect();
    Dense { name: name.into(), weights, bias: vec![0.0; outputs], inputs, outputs, relu: true }
}
