//! A program's packed weights: made from a network, kept in memory or mapped from a file.

use memmap2::{Mmap, MmapMut};

use super::{
    pack::{self, Taps},
    program::{Program, Work},
};
use crate::{
    engine::kernels::{CHANNEL_STEP, DENSE_BLOCK, Kernels},
    model::quantized::{QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// Where packed weights that are kept in a file lie while they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Mapped from the file: the system may drop pages of it when memory runs short.
    Lean,
    /// In memory of their own, in large pages, which are found faster.
    Fast,
}

impl Memory {
    /// What suits a model file of so many bytes: memory of its own where that leaves most of what is available to others.
    pub fn automatic(model_bytes: u64) -> Memory {
        match available_bytes() {
            Some(available) if available / 4 > model_bytes => Memory::Fast,
            _ => Memory::Lean,
        }
    }
}

/// Memory that programs may take without pushing others out: `MemAvailable` of `/proc/meminfo`.
pub fn available_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Packed weights, read-only.
#[derive(Debug)]
pub struct Weights {
    map: Mmap,
    /// Where they start in the map.
    start: usize,
}

/// Takes a part of the packed weights, to lie at a place in bytes from their start.
pub type Put<'a, E> = dyn FnMut(usize, &[u8]) -> Result<(), E> + 'a;

/// Takes a network's weights layer by layer, packs them for `program`, and gives every part with its place to `put`.
///
/// The network's memory is released as it is packed, so that both together never take much more than one of them.
pub fn pack<E>(mut network: QuantizedNetwork, program: &Program, put: &mut Put<E>) -> Result<(), E> {
    let kernels = program.kernels;
    let reversed = matches!(network.input, QuantizedInput::Picture { .. });
    let (mut height, mut width) = (network.input_size, network.input_size);
    let mut channels = 0;
    let mut steps = program.steps.iter();
    let mut first = true;
    let mut flat = false;
    for layer in &mut network.layers {
        let layer = match layer {
            QuantizedLayer::MaxPool => {
                (height, width) = (height / 2, width / 2);
                continue;
            }
            other => other,
        };
        let Some(step) = steps.next() else { break };
        match layer {
            QuantizedLayer::Conv(conv) => {
                let weights = std::mem::take(&mut conv.weights);
                let taps =
                    Taps { weights: &weights, inputs: conv.inputs, outputs: conv.outputs, reversed: first && reversed };
                put_convolution(&step.work, taps, kernels, put)?;
                channels = conv.outputs;
                first = false;
            }
            QuantizedLayer::Dense(dense) => {
                let Work::Dense(work) = &step.work else { break };
                let order =
                    if flat { row_order(dense.inputs, work.inputs) } else { map_order(channels, height * width) };
                flat = true;
                let mut weights = std::mem::take(&mut dense.weights);
                // Backwards, so that what is packed can be released.
                for block in (0..work.outputs / DENSE_BLOCK).rev() {
                    let packed = pack::dense_block(&weights, dense.inputs, dense.outputs, &order, block);
                    put(work.weights + block * packed.len(), as_bytes(&packed))?;
                    weights.truncate(block * DENSE_BLOCK * dense.inputs);
                    weights.shrink_to_fit();
                }
            }
            QuantizedLayer::MaxPool => {}
        }
    }
    Ok(())
}

fn put_convolution<E>(work: &Work, taps: Taps, kernels: &Kernels, put: &mut Put<E>) -> Result<(), E> {
    for panel in 0..taps.outputs.next_multiple_of(CHANNEL_STEP).div_ceil(kernels.panel) {
        match work {
            Work::Direct(direct) => {
                let packed = pack::direct_panel(kernels, taps, direct.channels(), direct.weight_depth(), panel);
                put(direct.weights() + panel * packed.len(), as_bytes(&packed))?;
            }
            Work::Winograd(winograd) => {
                let packed = pack::winograd_panel(kernels, taps, winograd.channels(), panel);
                if winograd.stored() {
                    let packed: Vec<u8> =
                        pack::transformed(kernels, &packed).iter().flat_map(|value| value.to_ne_bytes()).collect();
                    put(winograd.weights() + panel * packed.len(), &packed)?;
                } else {
                    put(winograd.weights() + panel * packed.len(), as_bytes(&packed))?;
                }
            }
            Work::Dense(_) => {}
        }
    }
    Ok(())
}

/// Inputs of a dense layer that reads another one's outputs.
fn row_order(inputs: usize, padded: usize) -> Vec<Option<u32>> {
    (0..padded).map(|i| (i < inputs).then_some(i as u32)).collect()
}

/// Inputs of a dense layer that reads a map, whose pixels hold their channels together, where the file has planes.
fn map_order(channels: usize, pixels: usize) -> Vec<Option<u32>> {
    let padded = channels.next_multiple_of(CHANNEL_STEP);
    let place = |pixel: usize, channel: usize| (channel < channels).then_some((channel * pixels + pixel) as u32);
    (0..pixels).flat_map(|pixel| (0..padded).map(move |channel| place(pixel, channel))).collect()
}

/// Asks for large pages, which take fewer steps to find; where the system has none, small ones do.
pub fn prefer_large_pages(map: &MmapMut) {
    #[cfg(target_os = "linux")]
    // Only a hint.
    let _ = map.advise(memmap2::Advice::HugePage);
    #[cfg(not(target_os = "linux"))]
    let _ = map;
}

fn as_bytes(values: &[i8]) -> &[u8] {
    // SAFETY: both types have the same size and allow every bit pattern.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

impl Weights {
    /// Packs a network in memory.
    pub fn in_memory(network: QuantizedNetwork, program: &Program) -> std::io::Result<Self> {
        let mut map = MmapMut::map_anon(program.weight_bytes.max(1))?;
        prefer_large_pages(&map);
        pack::<std::io::Error>(network, program, &mut |place, bytes| {
            map[place..place + bytes.len()].copy_from_slice(bytes);
            Ok(())
        })?;
        Ok(Weights { map: map.make_read_only()?, start: 0 })
    }

    /// Weights that lie in a mapped file from `start` on.
    pub fn mapped(map: Mmap, start: usize) -> Self {
        Weights { map, start }
    }

    /// All of them.
    pub fn bytes(&self) -> &[u8] {
        &self.map[self.start..]
    }
}
