//! NEON, which every 64-bit ARM has: four sums a register, four products of words added to them at once.
//!
//! The loops that multiply are in [`neon_words`](super::neon_words); here are the transforms and the dense layer, which are
//! quick enough as the compiler makes them.

use std::arch::{aarch64::*, asm};

use super::{
    lanes::{Bounds, Sums, Words},
    neon_peaks,
    neon_words::{self, CHUNK, PANEL, TILES},
    transforms,
};
use crate::engine::isa::Isa;
use crate::engine::kernels::{
    Blocking, DENSE_BLOCK, DenseJob, InputTile, Integer, Kernels, OutputPixels, OutputTile, TransformCosts, Transforms,
    WeightPanel,
};

/// Rows of dense weights that are asked for ahead of their use.
const AHEAD: usize = 16;

/// Needs NEON.
pub static KERNELS: Kernels<Integer> = Kernels {
    isa: Isa::Neon,
    panel: PANEL,
    chunk: CHUNK,
    pair: 1,
    tiles: TILES,
    group: 1,
    pixels: TILES,
    dot_offset: 0,
    // A little less than one: widening the weights takes time where a processor has one vector unit.
    dot_rate: 0.9,
    blocking: Blocking::SMALL_CACHE,
    winograd: &[Transforms {
        outputs: 4,
        costs: TransformCosts { input: 130.0, output: 220.0, weights: 60.0 },
        input,
        weights,
        output,
    }],
    dot: neon_words::dot,
    product: neon_words::product,
    direct_output,
    dense,
    peaks: Some(neon_peaks::WORDS),
    prefetch: prefetch_bytes,
};

#[target_feature(enable = "neon")]
pub unsafe fn input(tile: &InputTile<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::input::<Words8>(tile) }
}

#[target_feature(enable = "neon")]
pub unsafe fn weights(panel: &WeightPanel<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::weights::<Words8>(panel) }
}

#[target_feature(enable = "neon")]
pub unsafe fn output(tile: &OutputTile<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::output::<Sums4>(tile) }
}

#[target_feature(enable = "neon")]
pub unsafe fn direct_output(pixels: &OutputPixels<Integer>) {
    // SAFETY: the caller's contract; lanes are a multiple of 16.
    unsafe { transforms::direct_output::<Sums16>(pixels) }
}

/// Four rows at a time, half of the outputs at a time, whose sums fill half of the registers.
#[target_feature(enable = "neon")]
pub unsafe fn dense(job: &DenseJob<Integer>) {
    const OUTPUTS: usize = DENSE_BLOCK / 2;
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        for start in (0..DENSE_BLOCK).step_by(OUTPUTS) {
            let mut sums = [vdupq_n_s32(0); OUTPUTS / 4];
            for first in (0..job.count).step_by(4) {
                let row = |i: usize| job.weights.add(*job.indices.add(first + i) as usize * DENSE_BLOCK + start);
                if first + AHEAD + 4 <= job.count {
                    for i in 0..4 {
                        prefetch(row(AHEAD + i));
                    }
                }
                let values = job.values.add(first).cast::<u32>().read_unaligned();
                let values = vreinterpret_s16_u16(vget_low_u16(vmovl_u8(vcreate_u8(u64::from(values)))));
                add_row::<0, _>(&mut sums, row(0), values);
                add_row::<1, _>(&mut sums, row(1), values);
                add_row::<2, _>(&mut sums, row(2), values);
                add_row::<3, _>(&mut sums, row(3), values);
            }
            for (i, &sum) in sums.iter().enumerate() {
                vst1q_s32(job.sums.add(start + 4 * i), sum);
            }
        }
    }
}

/// Adds a row of weights, times a lane of `values`, to sums.
///
/// # Safety
///
/// - the processor has NEON;
/// - `row` may be read for `4 × N` bytes, and `N` is a multiple of 4.
#[inline(always)]
unsafe fn add_row<const LANE: i32, const N: usize>(sums: &mut [int32x4_t; N], row: *const i8, values: int16x4_t) {
    for (i, sums) in sums.chunks_exact_mut(4).enumerate() {
        // SAFETY: by the contract above.
        unsafe {
            let weights = vld1q_s8(row.add(16 * i));
            let (low, high) = (vmovl_s8(vget_low_s8(weights)), vmovl_high_s8(weights));
            sums[0] = vmlal_lane_s16::<LANE>(sums[0], vget_low_s16(low), values);
            sums[1] = vmlal_high_lane_s16::<LANE>(sums[1], low, values);
            sums[2] = vmlal_lane_s16::<LANE>(sums[2], vget_low_s16(high), values);
            sums[3] = vmlal_high_lane_s16::<LANE>(sums[3], high, values);
        }
    }
}

/// Asks for a line of memory.
#[inline(always)]
fn prefetch(address: *const i8) {
    // SAFETY: a hint, which never faults and changes nothing.
    unsafe { asm!("prfm pldl1keep, [{}]", in(reg) address, options(readonly, nostack, preserves_flags)) };
}

/// Asks for the lines of some bytes, for the second-level cache.
pub fn prefetch_bytes(from: *const u8, bytes: usize) {
    for line in (0..bytes).step_by(64) {
        let address = from.wrapping_add(line);
        // SAFETY: a hint, which never faults and changes nothing.
        unsafe { asm!("prfm pldl2keep, [{}]", in(reg) address, options(readonly, nostack, preserves_flags)) };
    }
}

#[derive(Clone, Copy)]
struct Words8(int16x8_t);

#[derive(Clone, Copy)]
struct Sums4(int32x4_t);

/// Four registers, which share the way to bytes.
#[derive(Clone, Copy)]
struct Sums16([Sums4; 4]);

// SAFETY of all implementations: the traits' contract gives the instructions and the memory.
impl Words for Words8 {
    const COUNT: usize = CHUNK;

    #[inline(always)]
    unsafe fn from_u8(bytes: *const u8) -> Self {
        unsafe { Words8(vreinterpretq_s16_u16(vmovl_u8(vld1_u8(bytes)))) }
    }

    #[inline(always)]
    unsafe fn from_i8(bytes: *const i8) -> Self {
        unsafe { Words8(vmovl_s8(vld1_s8(bytes))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i16) {
        unsafe { vst1q_s16(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Words8(vaddq_s16(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Words8(vsubq_s16(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn shl<const BITS: u32>(self) -> Self {
        unsafe { Words8(vshlq_s16(self.0, vdupq_n_s16(BITS as i16))) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: i16) -> Self {
        unsafe { Words8(vmulq_n_s16(self.0, factor)) }
    }
}

impl Sums4 {
    /// Steps relative to the one for zero, not yet cut to the bounds; whole numbers beyond 32 bits become the nearest.
    #[inline(always)]
    unsafe fn scaled(self, (bias, factor): (int32x4_t, float32x4_t)) -> int32x4_t {
        unsafe {
            let sum = vaddq_s32(self.0, bias);
            vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), factor))
        }
    }
}

impl Sums for Sums4 {
    type Scale = (int32x4_t, float32x4_t);

    const COUNT: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        unsafe { Sums4(vld1q_s32(from)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Sums4(vaddq_s32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Sums4(vsubq_s32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn shl<const BITS: u32>(self) -> Self {
        unsafe { Sums4(vshlq_s32(self.0, vdupq_n_s32(BITS as i32))) }
    }

    #[inline(always)]
    unsafe fn sar(self, bits: u32) -> Self {
        unsafe { Sums4(vshlq_s32(self.0, vdupq_n_s32(-(bits as i32)))) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: i32) -> Self {
        unsafe { Sums4(vmulq_n_s32(self.0, factor)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Sums4(vmaxq_s32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn scale(bias: *const i32, factor: *const f32) -> Self::Scale {
        unsafe { (vld1q_s32(bias), vld1q_f32(factor)) }
    }

    #[inline(always)]
    unsafe fn requantize(self, scale: Self::Scale, bounds: Bounds, to: *mut u8) {
        unsafe {
            let steps = vqmovn_s32(self.scaled(scale));
            let bytes = steps_of_words(vcombine_s16(steps, steps), bounds);
            to.cast::<u32>().write_unaligned(vget_lane_u32::<0>(vreinterpret_u32_u8(bytes)));
        }
    }
}

/// Steps as bytes: rounding to whole numbers and cutting to whole bounds may change places, so that saturation cuts.
#[inline(always)]
unsafe fn steps_of_words(steps: int16x8_t, bounds: Bounds) -> uint8x8_t {
    unsafe {
        let bytes = vqmovun_s16(vqaddq_s16(steps, vdupq_n_s16(bounds.zero as i16)));
        let (low, high) = (bounds.zero + bounds.low as i32, bounds.zero + bounds.high as i32);
        vmin_u8(vmax_u8(bytes, vdup_n_u8(low as u8)), vdup_n_u8(high as u8))
    }
}

impl Sums16 {
    /// The four parts, each made by `part`. Arrays' own `map` is called, not inlined, in loops that the compiler finds long.
    #[inline(always)]
    fn of(part: impl Fn(usize) -> Sums4) -> Self {
        Sums16([part(0), part(1), part(2), part(3)])
    }
}

impl Sums for Sums16 {
    type Scale = [(int32x4_t, float32x4_t); 4];

    const COUNT: usize = 16;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        unsafe { Self::of(|i| Sums4::load(from.add(4 * i))) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self::of(|i| self.0[i].add(other.0[i])) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Self::of(|i| self.0[i].sub(other.0[i])) }
    }

    #[inline(always)]
    unsafe fn shl<const BITS: u32>(self) -> Self {
        unsafe { Self::of(|i| self.0[i].shl::<BITS>()) }
    }

    #[inline(always)]
    unsafe fn sar(self, bits: u32) -> Self {
        unsafe { Self::of(|i| self.0[i].sar(bits)) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: i32) -> Self {
        unsafe { Self::of(|i| self.0[i].mul(factor)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Self::of(|i| self.0[i].max(other.0[i])) }
    }

    #[inline(always)]
    unsafe fn scale(bias: *const i32, factor: *const f32) -> Self::Scale {
        unsafe {
            let part = |i: usize| Sums4::scale(bias.add(4 * i), factor.add(4 * i));
            [part(0), part(1), part(2), part(3)]
        }
    }

    #[inline(always)]
    unsafe fn requantize(self, scale: Self::Scale, bounds: Bounds, to: *mut u8) {
        unsafe {
            let scaled = |i: usize| self.0[i].scaled(scale[i]);
            let [a, b, c, d] = [scaled(0), scaled(1), scaled(2), scaled(3)];
            let low = steps_of_words(vqmovn_high_s32(vqmovn_s32(a), b), bounds);
            let high = steps_of_words(vqmovn_high_s32(vqmovn_s32(c), d), bounds);
            vst1q_u8(to, vcombine_u8(low, high));
        }
    }
}
