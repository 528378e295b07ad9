//! Vectors of AVX2 for the transforms.

use std::arch::x86_64::*;

use super::lanes::{Bounds, Sums, Words};

/// Words in a register.
#[derive(Clone, Copy)]
pub struct Words256(__m256i);

/// Sums in a register.
#[derive(Clone, Copy)]
pub struct Sums256(__m256i);

// SAFETY of both implementations: the traits' contract gives the instructions and the memory.
impl Words for Words256 {
    const COUNT: usize = 16;

    #[inline(always)]
    unsafe fn from_u8(bytes: *const u8) -> Self {
        unsafe { Words256(_mm256_cvtepu8_epi16(_mm_loadu_si128(bytes.cast()))) }
    }

    #[inline(always)]
    unsafe fn from_i8(bytes: *const i8) -> Self {
        unsafe { Words256(_mm256_cvtepi8_epi16(_mm_loadu_si128(bytes.cast()))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i16) {
        unsafe { _mm256_storeu_si256(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Words256(_mm256_add_epi16(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Words256(_mm256_sub_epi16(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn shl<const BITS: u32>(self) -> Self {
        unsafe { Words256(_mm256_sll_epi16(self.0, _mm_cvtsi32_si128(BITS as i32))) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: i16) -> Self {
        unsafe { Words256(_mm256_mullo_epi16(self.0, _mm256_set1_epi16(factor))) }
    }
}

impl Sums for Sums256 {
    type Scale = (__m256i, __m256);

    const COUNT: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        unsafe { Sums256(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Sums256(_mm256_add_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Sums256(_mm256_sub_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn shl<const BITS: u32>(self) -> Self {
        unsafe { Sums256(_mm256_sll_epi32(self.0, _mm_cvtsi32_si128(BITS as i32))) }
    }

    #[inline(always)]
    unsafe fn sar(self, bits: u32) -> Self {
        unsafe { Sums256(_mm256_sra_epi32(self.0, _mm_cvtsi32_si128(bits as i32))) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: i32) -> Self {
        unsafe { Sums256(_mm256_mullo_epi32(self.0, _mm256_set1_epi32(factor))) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Sums256(_mm256_max_epi32(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn scale(bias: *const i32, factor: *const f32) -> Self::Scale {
        unsafe { (_mm256_loadu_si256(bias.cast()), _mm256_loadu_ps(factor)) }
    }

    #[inline(always)]
    unsafe fn requantize(self, (bias, factor): Self::Scale, bounds: Bounds, to: *mut u8) {
        unsafe {
            let sum = _mm256_add_epi32(self.0, bias);
            let real = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), factor);
            let cut = _mm256_min_ps(_mm256_max_ps(real, _mm256_set1_ps(bounds.low)), _mm256_set1_ps(bounds.high));
            // Rounds half to even, which is the processor's way unless it is told otherwise.
            let steps = _mm256_add_epi32(_mm256_cvtps_epi32(cut), _mm256_set1_epi32(bounds.zero));
            let words = _mm_packus_epi32(_mm256_castsi256_si128(steps), _mm256_extracti128_si256::<1>(steps));
            _mm_storel_epi64(to.cast(), _mm_packus_epi16(words, words));
        }
    }
}
