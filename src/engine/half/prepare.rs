//! From a network laid out for float16 to an engine.

use super::weights;
use crate::{
    engine::{
        kernels::Half,
        layers::{engine::Engine, program::Program},
    },
    model::network::Network,
};

/// Packs `network`, laid out as `program`, in memory, for `threads` threads to a picture. The error says why it cannot run.
pub fn packed(network: Network, program: Program<Half>, threads: usize) -> Result<Engine<Half>, String> {
    let weights = weights::in_memory(network, &program)
        .map_err(|error| format!("there is not enough memory for its weights: {error}"))?;
    Ok(Engine::new(program, weights, threads))
}
