//! The reference: plain Rust, for every processor.

use super::{
    lanes::{Bounds, Sums, Words},
    steps::requantized,
    transforms,
};
use crate::engine::isa::Isa;
use crate::engine::kernels::{
    Blocking, DENSE_BLOCK, DenseJob, DotJob, Integer, Kernels, ProductJob, TransformCosts, Transforms,
};

/// Outputs of a panel.
const PANEL: usize = 16;
/// Channels of a chunk.
const CHUNK: usize = 8;

/// Needs no instruction set.
pub static KERNELS: Kernels<Integer> = Kernels {
    isa: Isa::Scalar,
    panel: PANEL,
    chunk: CHUNK,
    pair: 1,
    tiles: 4,
    group: 1,
    pixels: 4,
    dot_offset: 0,
    dot_rate: 1.0,
    winograd: &[Transforms {
        outputs: 4,
        costs: TransformCosts { input: 200.0, output: 400.0, weights: 50.0 },
        input: transforms::input::<Lanes<i16, CHUNK>>,
        weights: transforms::weights::<Lanes<i16, CHUNK>>,
        output: transforms::output::<Lanes<i32, 4>>,
    }],
    blocking: Blocking::SMALL_CACHE,
    dot,
    product,
    direct_output: transforms::direct_output::<Lanes<i32, 4>>,
    dense,
    peaks: None,
    prefetch,
};

unsafe fn dot(job: &DotJob<Integer>) {
    for pixel in 0..job.pixels {
        let mut sums = [0i32; PANEL];
        for row in 0..3 {
            for k in 0..job.depth {
                // SAFETY: the pixel's bytes and the panel's weights, by the job's contract.
                let (byte, weights) = unsafe {
                    let byte = *job.from.add(row * job.row_stride + pixel * job.pixel_stride + k);
                    (i32::from(byte), &*job.weights.add((row * job.depth + k) * PANEL).cast::<[i8; PANEL]>())
                };
                for (sum, &weight) in sums.iter_mut().zip(weights) {
                    *sum = sum.wrapping_add(byte * i32::from(weight));
                }
            }
        }
        // SAFETY: the job takes `PANEL` sums for each pixel.
        unsafe { *job.sums.add(pixel * PANEL).cast() = sums };
    }
}

unsafe fn product(job: &ProductJob<Integer>) {
    for tile in 0..job.tiles {
        // SAFETY: the job takes `PANEL` sums for each tile.
        let target = unsafe { &mut *job.sums.add(tile * PANEL).cast::<[i32; PANEL]>() };
        let mut sums = if job.accumulate { *target } else { [0; PANEL] };
        for channel in 0..job.channels {
            // SAFETY: the tile's value in the channel's chunk and the panel's weights, by the job's contract.
            let (input, weights) = unsafe {
                let input = *job.inputs.add(channel / CHUNK * job.chunk_stride + tile * CHUNK + channel % CHUNK);
                (i32::from(input), &*job.weights.add(channel * PANEL).cast::<[i16; PANEL]>())
            };
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum = sum.wrapping_add(input.wrapping_mul(i32::from(weight)));
            }
        }
        *target = sums;
    }
}

unsafe fn dense(job: &DenseJob<Integer>) {
    let mut sums = [0i32; DENSE_BLOCK];
    for i in 0..job.count {
        // SAFETY: the listed inputs and their weights, by the job's contract.
        let (value, weights) = unsafe {
            let index = *job.indices.add(i) as usize;
            (i32::from(*job.values.add(i)), &*job.weights.add(index * DENSE_BLOCK).cast::<[i8; DENSE_BLOCK]>())
        };
        for (sum, &weight) in sums.iter_mut().zip(weights) {
            *sum = sum.wrapping_add(value * i32::from(weight));
        }
    }
    // SAFETY: the job takes a block of sums.
    unsafe { *job.sums.cast() = sums };
}

unsafe fn prefetch(_from: *const u8, _bytes: usize) {}

/// `N` lanes in an array.
#[derive(Clone, Copy)]
struct Lanes<T, const N: usize>([T; N]);

macro_rules! lanewise {
    ($a:expr, $b:expr, $operation:ident) => {
        Lanes(std::array::from_fn(|i| $a.0[i].$operation($b.0[i])))
    };
}

impl<const N: usize> Words for Lanes<i16, N> {
    const COUNT: usize = N;

    unsafe fn from_u8(bytes: *const u8) -> Self {
        // SAFETY: `N` bytes may be read.
        let bytes = unsafe { bytes.cast::<[u8; N]>().read() };
        Lanes(bytes.map(i16::from))
    }

    unsafe fn from_i8(bytes: *const i8) -> Self {
        // SAFETY: `N` bytes may be read.
        let bytes = unsafe { bytes.cast::<[i8; N]>().read() };
        Lanes(bytes.map(i16::from))
    }

    unsafe fn store(self, to: *mut i16) {
        // SAFETY: `N` values may be written.
        unsafe { to.cast::<[i16; N]>().write_unaligned(self.0) };
    }

    unsafe fn add(self, other: Self) -> Self {
        lanewise!(self, other, wrapping_add)
    }

    unsafe fn sub(self, other: Self) -> Self {
        lanewise!(self, other, wrapping_sub)
    }

    unsafe fn shl<const BITS: u32>(self) -> Self {
        Lanes(self.0.map(|value| value << BITS))
    }

    unsafe fn mul(self, factor: i16) -> Self {
        Lanes(self.0.map(|value| value.wrapping_mul(factor)))
    }
}

impl<const N: usize> Sums for Lanes<i32, N> {
    type Scale = ([i32; N], [f32; N]);

    const COUNT: usize = N;

    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: `N` values may be read.
        Lanes(unsafe { from.cast::<[i32; N]>().read_unaligned() })
    }

    unsafe fn add(self, other: Self) -> Self {
        lanewise!(self, other, wrapping_add)
    }

    unsafe fn sub(self, other: Self) -> Self {
        lanewise!(self, other, wrapping_sub)
    }

    unsafe fn shl<const BITS: u32>(self) -> Self {
        Lanes(self.0.map(|value| value << BITS))
    }

    unsafe fn sar(self, bits: u32) -> Self {
        Lanes(self.0.map(|value| value >> bits))
    }

    unsafe fn mul(self, factor: i32) -> Self {
        Lanes(self.0.map(|value| value.wrapping_mul(factor)))
    }

    unsafe fn max(self, other: Self) -> Self {
        lanewise!(self, other, max)
    }

    unsafe fn scale(bias: *const i32, factor: *const f32) -> Self::Scale {
        // SAFETY: `N` values may be read.
        unsafe { (bias.cast::<[i32; N]>().read_unaligned(), factor.cast::<[f32; N]>().read_unaligned()) }
    }

    unsafe fn requantize(self, (bias, factor): Self::Scale, bounds: Bounds, to: *mut u8) {
        for (i, sum) in self.0.into_iter().enumerate() {
            // SAFETY: `N` values may be written.
            unsafe { *to.add(i) = requantized(sum, bias[i], factor[i], bounds) };
        }
    }
}
