//! A network's weights, rounded to float16 and packed.

use std::io;

use super::scale;
use crate::{
    engine::{
        kernels::{Half, half::f16},
        layers::{outline, program::Program, weights::Weights},
    },
    model::network::Network,
};

/// Packs a network in memory. The network's memory is released as it is packed.
pub fn in_memory(network: Network, program: &Program<Half>) -> io::Result<Weights> {
    outline::pack(network, program, |weights| {
        // What the network was laid out with has a scale.
        let scale = scale::of_weights(&weights).unwrap_or(1.0);
        weights.iter().map(|weight| f16::from_f32(weight * scale)).collect()
    })
}
