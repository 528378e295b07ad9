//! From a quantized network to an engine.

use std::path::Path;

use super::{
    cache::{self, Draft, Header, Key},
    facts::{self, Facts},
    program, weights,
};
use crate::{
    engine::{
        kernels::{Integer, Kernels},
        layers::{engine::Engine, program::Program, weights::Memory},
    },
    model::quantized::QuantizedNetwork,
};

/// Bytes of packed weights from which a file of them saves more time than it costs to check.
const WORTH_KEEPING: usize = 8 << 20;

/// How a network is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Threads that share the work of one picture.
    pub threads: usize,
    /// Where weights lie that are kept in a file; as memory allows if `None`.
    pub memory: Option<Memory>,
}

impl Settings {
    fn memory_for(self, key: &Key) -> Memory {
        self.memory.unwrap_or_else(|| Memory::automatic(key.model_bytes))
    }
}

/// Packs `network` in memory. The error says why it cannot run.
pub fn in_memory(network: QuantizedNetwork, settings: Settings) -> Result<Engine<Integer>, String> {
    let program = program::lay_out(&network, &Facts::of(&network), Kernels::chosen()?)?;
    packed(network, program, settings)
}

fn packed(network: QuantizedNetwork, program: Program<Integer>, settings: Settings) -> Result<Engine<Integer>, String> {
    let weights = weights::in_memory(network, &program)
        .map_err(|error| format!("there is not enough memory for its weights: {error}"))?;
    Ok(Engine::new(program, weights, settings.threads))
}

/// An engine whose weights lie in the file beside `model`, with that file's header, if it was made for this very model.
pub fn mapped(model: &Path, settings: Settings) -> Result<Option<(Engine<Integer>, Header)>, String> {
    let path = cache::path_for(model);
    if !path.exists() {
        return Ok(None);
    }
    let kernels = Kernels::chosen()?;
    let key = key_of(model, kernels)?;
    let found = cache::open(&path, &key, kernels, settings.memory_for(&key));
    Ok(found.map(|(header, program, weights)| (Engine::new(program, weights, settings.threads), header)))
}

/// Packs `network` into a file beside `model` and takes its weights from there; in memory where the file cannot be written,
/// or where the network is so small that it is not worth it.
pub fn kept(
    network: QuantizedNetwork,
    settings: Settings,
    model: &Path,
    properties: Vec<(String, String)>,
) -> Result<Engine<Integer>, String> {
    let facts = Facts::of(&network);
    let program = program::lay_out(&network, &facts, Kernels::chosen()?)?;
    if program.weight_bytes < WORTH_KEEPING {
        return packed(network, program, settings);
    }
    let path = cache::path_for(model);
    let key = key_of(model, program.kernels)?;
    let memory = settings.memory_for(&key);
    let header = Header { key, network: facts::skeleton(&network), facts, properties };
    match Draft::create(path.clone(), &header, &program) {
        Ok(draft) => {
            let weights = draft.fill(network, &program, memory);
            let weights =
                weights.map_err(|error| format!("cannot write {}: {error}; make room for it", path.display()))?;
            Ok(Engine::new(program, weights, settings.threads))
        }
        Err(error) => {
            log::info!("weights are packed anew at each start: cannot write {}: {error}", path.display());
            packed(network, program, settings)
        }
    }
}

fn key_of(model: &Path, kernels: &Kernels<Integer>) -> Result<Key, String> {
    Key::of(model, kernels.isa.name()).map_err(|error| format!("cannot read {}: {error}", model.display()))
}
