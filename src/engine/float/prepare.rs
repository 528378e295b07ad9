//! From a float network to an engine.

use super::weights;
use crate::{
    engine::{
        kernels::Float,
        layers::{engine::Engine, program::Program},
    },
    model::network::Network,
};

/// Packs `network`, laid out as `program`, in memory, for `threads` threads to a picture. The error says why it cannot run.
pub fn packed(network: Network, program: Program<Float>, threads: usize) -> Result<Engine<Float>, String> {
    let weights = weights::in_memory(network, &program)
        .map_err(|error| format!("there is not enough memory for its weights: {error}"))?;
    Ok(Engine::new(program, weights, threads))
}
