//! AVX-512: sixteen sums a register.

use std::arch::x86_64::*;

/// The 64 places that a tile is scattered to take longer to reach than the multiplications that it saves.
const SIX: TransformCosts = TransformCosts { input: 2500.0, output: 4500.0, weights: 650.0 };

super::table::kernels! {
    /// Needs AVX-512 F.
    isa: Isa::Avx512Vnni,
    lanes: Floats512,
    features: "avx512f",
    most: 14 [1 2 3 4 5 6 7 8 9 10 11 12 13 14],
    vectors: 2,
    dense_vectors: 8,
    six: SIX,
    blocking: Blocking { whole_inputs: 4 << 20, ..Blocking::LARGE_CACHE },
}

#[derive(Clone, Copy)]
struct Floats512(__m512);

// SAFETY of all methods: the trait's contract gives the instructions and the memory.
impl Floats for Floats512 {
    type Value = f32;
    const COUNT: usize = 16;

    #[inline(always)]
    unsafe fn constant(value: f32) -> Self {
        unsafe { Floats512(_mm512_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> Self {
        unsafe { Floats512(_mm512_set1_ps(from.read())) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Floats512(_mm512_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Floats512(_mm512_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Floats512(_mm512_sub_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        unsafe { Floats512(_mm512_mul_ps(self.0, factor.0)) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Floats512(_mm512_fmadd_ps(self.0, factor.0, term.0)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Floats512(_mm512_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn prefetch(address: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
}
