//! AVX2 with FMA: eight sums a register.

use std::arch::x86_64::*;

const SIX: TransformCosts = TransformCosts { input: 700.0, output: 1200.0, weights: 450.0 };

super::table::kernels! {
    /// Needs AVX2 and FMA.
    isa: Isa::Avx2,
    lanes: Floats256,
    features: "avx2,fma",
    most: 6 [1 2 3 4 5 6],
    vectors: 2,
    dense_vectors: 8,
    six: SIX,
    blocking: Blocking { whole_inputs: 4 << 20, ..Blocking::LARGE_CACHE },
}

#[derive(Clone, Copy)]
struct Floats256(__m256);

// SAFETY of all methods: the trait's contract gives the instructions and the memory.
impl Floats for Floats256 {
    type Value = f32;
    const COUNT: usize = 8;

    #[inline(always)]
    unsafe fn constant(value: f32) -> Self {
        unsafe { Floats256(_mm256_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> Self {
        unsafe { Floats256(_mm256_set1_ps(from.read())) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Floats256(_mm256_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Floats256(_mm256_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Floats256(_mm256_sub_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        unsafe { Floats256(_mm256_mul_ps(self.0, factor.0)) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Floats256(_mm256_fmadd_ps(self.0, factor.0, term.0)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Floats256(_mm256_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn prefetch(address: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
}
