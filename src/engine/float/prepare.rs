//! From a float network to an engine.

use super::{program, weights};
use crate::{
    engine::{
        isa::Isa,
        kernels::{Float, Kernels},
        layers::engine::Engine,
    },
    model::network::Network,
};

/// Whether the engine takes `network`. The error says why not.
pub fn check(network: &Network) -> Result<(), String> {
    program::lay_out(network, kernels()?).map(|_| ())
}

fn kernels() -> Result<&'static Kernels<Float>, String> {
    let isa = Isa::chosen()?;
    Kernels::of(isa).ok_or_else(|| format!("there are no float kernels for {isa} in this program"))
}

/// Packs `network` in memory, for `threads` threads to a picture. The error says why it cannot run.
pub fn in_memory(network: Network, threads: usize) -> Result<Engine<Float>, String> {
    let program = program::lay_out(&network, kernels()?)?;
    let weights = weights::in_memory(network, &program)
        .map_err(|error| format!("there is not enough memory for its weights: {error}"))?;
    Ok(Engine::new(program, weights, threads))
}
