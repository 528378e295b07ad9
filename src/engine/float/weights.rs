//! A float network's weights, packed.

use std::io;

use crate::{
    engine::{
        kernels::Float,
        layers::{outline, program::Program, weights::Weights},
    },
    model::network::Network,
};

/// Packs a network in memory. The network's memory is released as it is packed.
pub fn in_memory(network: Network, program: &Program<Float>) -> io::Result<Weights> {
    outline::pack(network, program, |weights| weights)
}
