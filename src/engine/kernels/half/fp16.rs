//! ARMv8.2 with FP16: eight sums a register.

use std::arch::{aarch64::*, asm};

use super::{f16, lanes::Singles};
use crate::engine::kernels::float::{lanes::Floats, neon::Floats128};

super::table::kernels! {
    /// Needs NEON and FP16.
    isa: Isa::DotProd,
    lanes: Halves128,
    features: "neon,fp16",
    most: 8 [1 2 3 4 5 6 7 8],
}

/// A register of float16. What needs FP16 says so, and is inlined into the table's functions, which have it.
#[derive(Clone, Copy)]
struct Halves128(float16x8_t);

// SAFETY of all methods: the trait's contract gives the instructions and the memory.
impl Floats for Halves128 {
    type Value = f16;
    const COUNT: usize = LANES;

    #[inline(always)]
    unsafe fn constant(value: f32) -> Self {
        unsafe {
            let four = vcvt_f16_f32(vdupq_n_f32(value));
            Halves128(vcombine_f16(four, four))
        }
    }

    #[inline(always)]
    unsafe fn splat(from: *const f16) -> Self {
        unsafe { Halves128(vreinterpretq_f16_u16(vld1q_dup_u16(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f16) -> Self {
        unsafe { Halves128(vreinterpretq_f16_u16(vld1q_u16(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f16) {
        unsafe { vst1q_u16(to.cast(), vreinterpretq_u16_f16(self.0)) }
    }

    #[inline]
    #[target_feature(enable = "neon,fp16")]
    unsafe fn add(self, other: Self) -> Self {
        Halves128(vaddq_f16(self.0, other.0))
    }

    #[inline]
    #[target_feature(enable = "neon,fp16")]
    unsafe fn sub(self, other: Self) -> Self {
        Halves128(vsubq_f16(self.0, other.0))
    }

    #[inline]
    #[target_feature(enable = "neon,fp16")]
    unsafe fn mul(self, factor: Self) -> Self {
        Halves128(vmulq_f16(self.0, factor.0))
    }

    #[inline]
    #[target_feature(enable = "neon,fp16")]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Halves128(vfmaq_f16(term.0, self.0, factor.0))
    }

    #[inline]
    #[target_feature(enable = "neon,fp16")]
    unsafe fn max(self, other: Self) -> Self {
        Halves128(vmaxq_f16(self.0, other.0))
    }

    #[inline(always)]
    unsafe fn prefetch(address: *const f16) {
        // SAFETY: a hint, which never faults and changes nothing.
        unsafe { asm!("prfm pldl1keep, [{}]", in(reg) address, options(readonly, nostack, preserves_flags)) };
    }
}

// SAFETY of all methods: the trait's contract gives the instructions and the memory.
impl Halves for Halves128 {
    type Singles = Floats128;

    #[inline(always)]
    unsafe fn load_four(from: *const f16) -> Self {
        unsafe { Halves128(vreinterpretq_f16_u16(vcombine_u16(vld1_u16(from.cast()), vdup_n_u16(0)))) }
    }

    #[inline]
    #[target_feature(enable = "neon,fp16")]
    unsafe fn add_lane<const LANE: i32>(self, inputs: Self, weights: Self) -> Self {
        Halves128(vfmaq_laneq_f16::<LANE>(self.0, weights.0, inputs.0))
    }

    #[inline(always)]
    unsafe fn widen(self) -> [Floats128; 2] {
        unsafe { [Floats128(vcvt_f32_f16(vget_low_f16(self.0))), Floats128(vcvt_high_f32_f16(self.0))] }
    }
}

// SAFETY of all methods: the trait's contract gives the instructions and the memory.
impl Singles for Floats128 {
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { Floats128(vminq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn store_halves(self, to: *mut f16) {
        unsafe { vst1_u16(to.cast(), vreinterpret_u16_f16(vcvt_f16_f32(self.0))) }
    }
}
