//! Vectors of AVX-512 for the transforms.

use std::arch::x86_64::*;

use super::lanes::{Bounds, Sums, Words};

/// Words in a register.
#[derive(Clone, Copy)]
pub struct Words512(__m512i);

/// Sums in a register.
#[derive(Clone, Copy)]
pub struct Sums512(__m512i);

// SAFETY of both implementations: the traits' contract gives the instructions and the memory.
impl Words for Words512 {
    const COUNT: usize = 32;

    #[inline(always)]
    unsafe fn from_u8(bytes: *const u8) -> Self {
        unsafe { Words512(_mm512_cvtepu8_epi16(_mm256_loadu_si256(bytes.cast()))) }
    }

    #[inline(always)]
    unsafe fn from_i8(bytes: *const i8) -> Self {
        unsafe { Words512(_mm512_cvtepi8_epi16(_mm256_loadu_si256(bytes.cast()))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i16) {
        unsafe { _mm512_storeu_si512(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Words512(_mm512_add_epi16(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Words512(_mm512_sub_epi16(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn shl<const BITS: u32>(self) -> Self {
        unsafe { Words512(_mm512_slli_epi16::<BITS>(self.0)) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: i16) -> Self {
        unsafe { Words512(_mm512_mullo_epi16(self.0, _mm512_set1_epi16(factor))) }
    }
}

impl Sums for Sums512 {
    type Scale = (__m512i, __m512);

    const COUNT: usize = 16;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        unsafe { Sums512(_mm512_loadu_si512(from.cast())) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Sums512(_mm512_add_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Sums512(_mm512_sub_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn shl<const BITS: u32>(self) -> Self {
        unsafe { Sums512(_mm512_slli_epi32::<BITS>(self.0)) }
    }

    #[inline(always)]
    unsafe fn sar(self, bits: u32) -> Self {
        unsafe { Sums512(_mm512_sra_epi32(self.0, _mm_cvtsi32_si128(bits as i32))) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: i32) -> Self {
        unsafe { Sums512(_mm512_mullo_epi32(self.0, _mm512_set1_epi32(factor))) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Sums512(_mm512_max_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn scale(bias: *const i32, factor: *const f32) -> Self::Scale {
        unsafe { (_mm512_loadu_si512(bias.cast()), _mm512_loadu_ps(factor)) }
    }

    #[inline(always)]
    unsafe fn requantize(self, (bias, factor): Self::Scale, bounds: Bounds, to: *mut u8) {
        unsafe {
            let sum = _mm512_add_epi32(self.0, bias);
            let real = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), factor);
            let cut = _mm512_min_ps(_mm512_max_ps(real, _mm512_set1_ps(bounds.low)), _mm512_set1_ps(bounds.high));
            // Rounds half to even, which is the processor's way unless it is told otherwise.
            let steps = _mm512_add_epi32(_mm512_cvtps_epi32(cut), _mm512_set1_epi32(bounds.zero));
            _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(steps));
        }
    }
}
