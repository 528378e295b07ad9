//! Plain Rust, for every processor.

const SIX: TransformCosts = TransformCosts { input: 700.0, output: 1200.0, weights: 450.0 };

super::table::kernels! {
    /// Needs no instruction set.
    isa: Isa::Scalar,
    lanes: Lanes,
    most: 4 [1 2 3 4],
    vectors: 4,
    dense_vectors: 8,
    six: SIX,
    blocking: Blocking::SMALL_CACHE,
}

/// A vector of float32 without an instruction set.
#[derive(Clone, Copy)]
pub struct Lanes(pub [f32; 4]);

macro_rules! lanewise {
    ($a:expr, $b:expr, $operation:expr) => {
        Lanes(std::array::from_fn(|i| $operation($a.0[i], $b.0[i])))
    };
}

// SAFETY of all methods: the trait's contract gives the memory.
impl Floats for Lanes {
    type Value = f32;
    const COUNT: usize = 4;

    unsafe fn constant(value: f32) -> Self {
        Lanes([value; 4])
    }

    unsafe fn splat(from: *const f32) -> Self {
        Lanes([unsafe { from.read() }; 4])
    }

    unsafe fn load(from: *const f32) -> Self {
        Lanes(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    unsafe fn store(self, to: *mut f32) {
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) };
    }

    unsafe fn add(self, other: Self) -> Self {
        lanewise!(self, other, |a: f32, b| a + b)
    }

    unsafe fn sub(self, other: Self) -> Self {
        lanewise!(self, other, |a: f32, b| a - b)
    }

    unsafe fn mul(self, factor: Self) -> Self {
        lanewise!(self, factor, |a: f32, b| a * b)
    }

    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Lanes(std::array::from_fn(|i| self.0[i] * factor.0[i] + term.0[i]))
    }

    unsafe fn max(self, other: Self) -> Self {
        lanewise!(self, other, f32::max)
    }

    unsafe fn prefetch(_address: *const f32) {}
}
