//! Packed weights: made layer by layer, kept in memory or mapped from a file.

use std::io;

use memmap2::{Mmap, MmapMut};

use super::{
    Numbers,
    pack::{self, Taps},
    program::Work,
};
use crate::engine::kernels::{CHANNEL_STEP, DENSE_BLOCK, Kernels};

/// Where packed weights that are kept in a file lie while they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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

/// Packs a convolution's kernels, and gives every panel with its place to `put`.
pub fn put_convolution<A: Numbers, E>(
    work: &Work<A>,
    taps: Taps<A::Weight>,
    kernels: &Kernels<A>,
    put: &mut Put<E>,
) -> Result<(), E> {
    for panel in 0..taps.outputs.next_multiple_of(CHANNEL_STEP).div_ceil(kernels.panel) {
        // All panels are as long as this one.
        let mut put = |start: usize, packed: &[u8]| put(start + panel * packed.len(), packed);
        match work {
            Work::Direct(direct) => {
                let packed = pack::direct_panel(kernels, taps, direct.channels(), direct.weight_depth(), panel);
                put(direct.weights(), as_bytes(&packed))?;
            }
            Work::Winograd(winograd) => {
                let packed = pack::winograd_panel(kernels, taps, winograd.channels(), panel);
                if winograd.stored() {
                    put(winograd.weights(), as_bytes(&pack::transformed(winograd.transforms(), &packed)))?;
                } else {
                    put(winograd.weights(), as_bytes(&packed))?;
                }
            }
            Work::Dense(_) | Work::Matrix(_) => {}
        }
    }
    Ok(())
}

/// Inputs of a dense layer that reads another one's outputs.
pub fn row_order(inputs: usize, padded: usize) -> Vec<Option<u32>> {
    (0..padded).map(|i| (i < inputs).then_some(i as u32)).collect()
}

/// Inputs of a dense layer that reads a map, whose pixels hold their channels together, where the file has planes.
pub fn map_order(channels: usize, pixels: usize) -> Vec<Option<u32>> {
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

fn as_bytes<T: Copy>(values: &[T]) -> &[u8] {
    // SAFETY: numbers, which have no padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// Packs a dense layer's weights, `outputs` rows of `inputs`, and gives every block or panel with its place to `put`; their
/// memory is released as they are packed.
pub fn put_dense<A: Numbers, E>(
    work: &Work<A>,
    mut weights: Vec<A::Weight>,
    (inputs, outputs): (usize, usize),
    order: &[Option<u32>],
    kernels: &Kernels<A>,
    put: &mut Put<E>,
) -> Result<(), E> {
    let width = if matches!(work, Work::Matrix(_)) { kernels.panel } else { DENSE_BLOCK };
    // Backwards, so that what is packed can be released.
    for part in (0..outputs.div_ceil(width)).rev() {
        let mut put = |start: usize, packed: &[u8]| put(start + part * packed.len(), packed);
        match work {
            Work::Dense(dense) => {
                put(dense.weights, as_bytes(&pack::dense_block(&weights, inputs, outputs, order, part)))?;
            }
            Work::Matrix(matrix) => {
                let packed = pack::dense_panel(kernels, &weights, inputs, outputs, order, part);
                put(matrix.weights, as_bytes(&packed))?;
            }
            Work::Direct(_) | Work::Winograd(_) => {}
        }
        weights.truncate(part * width * inputs);
        weights.shrink_to_fit();
    }
    Ok(())
}

impl Weights {
    /// Weights of so many bytes in memory, which `fill` writes part by part.
    pub fn in_memory(bytes: usize, fill: impl FnOnce(&mut Put<io::Error>) -> io::Result<()>) -> io::Result<Self> {
        let mut map = MmapMut::map_anon(bytes.max(1))?;
        prefer_large_pages(&map);
        fill(&mut |place, bytes| {
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
