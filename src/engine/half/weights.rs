//! A network's weights, rounded to float16 and packed.

use std::io;

use half::slice::HalfFloatSliceExt;

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
    outline::pack(network, program, |mut weights| {
        // What the network was laid out with has a scale.
        let scale = scale::of_weights(&weights).unwrap_or(1.0);
        weights.iter_mut().for_each(|weight| *weight *= scale);
        let mut rounded = vec![f16::ZERO; weights.len()];
        rounded.convert_from_f32_slice(&weights);
        rounded
    })
}
