//! NEON: four sums a register.

use std::arch::{aarch64::*, asm};

const SIX: TransformCosts = TransformCosts { input: 700.0, output: 1200.0, weights: 450.0 };

super::table::kernels! {
    /// Needs NEON.
    isa: Isa::Neon,
    lanes: Floats128,
    features: "neon",
    most: 6 [1 2 3 4 5 6],
    vectors: 4,
    dense_vectors: 16,
    six: SIX,
    blocking: Blocking::SMALL_CACHE,
}

/// A register of float32.
#[derive(Clone, Copy)]
pub struct Floats128(pub float32x4_t);

// SAFETY of all methods: the trait's contract gives the instructions and the memory.
impl Floats for Floats128 {
    type Value = f32;
    const COUNT: usize = 4;

    #[inline(always)]
    unsafe fn constant(value: f32) -> Self {
        unsafe { Floats128(vdupq_n_f32(value)) }
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> Self {
        unsafe { Floats128(vld1q_dup_f32(from)) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Floats128(vld1q_f32(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Floats128(vaddq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Floats128(vsubq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        unsafe { Floats128(vmulq_f32(self.0, factor.0)) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Floats128(vfmaq_f32(term.0, self.0, factor.0)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Floats128(vmaxq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn prefetch(address: *const f32) {
        // SAFETY: a hint, which never faults and changes nothing.
        unsafe { asm!("prfm pldl1keep, [{}]", in(reg) address, options(readonly, nostack, preserves_flags)) };
    }
}
