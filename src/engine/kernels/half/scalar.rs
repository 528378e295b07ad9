//! Plain Rust, for every processor: a reference, far too slow for more.

use super::{f16, lanes::Singles};
use crate::engine::kernels::float::{lanes::Floats, scalar::Lanes};

super::table::kernels! {
    /// Needs no instruction set.
    isa: Isa::Scalar,
    lanes: HalfLanes,
    most: 4 [1 2 3 4],
}

/// Every operation is one of float32, rounded.
#[derive(Clone, Copy)]
struct HalfLanes([f16; LANES]);

impl HalfLanes {
    fn each(lane: impl Fn(usize) -> f32) -> Self {
        HalfLanes(std::array::from_fn(|i| f16::from_f32(lane(i))))
    }

    fn at(self, lane: usize) -> f32 {
        self.0[lane].to_f32()
    }
}

// SAFETY of all methods: the trait's contract gives the memory.
impl Floats for HalfLanes {
    type Value = f16;
    const COUNT: usize = LANES;

    unsafe fn constant(value: f32) -> Self {
        HalfLanes([f16::from_f32(value); LANES])
    }

    unsafe fn splat(from: *const f16) -> Self {
        HalfLanes([unsafe { from.read() }; LANES])
    }

    unsafe fn load(from: *const f16) -> Self {
        HalfLanes(unsafe { from.cast::<[f16; LANES]>().read_unaligned() })
    }

    unsafe fn store(self, to: *mut f16) {
        unsafe { to.cast::<[f16; LANES]>().write_unaligned(self.0) };
    }

    unsafe fn add(self, other: Self) -> Self {
        Self::each(|i| self.at(i) + other.at(i))
    }

    unsafe fn sub(self, other: Self) -> Self {
        Self::each(|i| self.at(i) - other.at(i))
    }

    unsafe fn mul(self, factor: Self) -> Self {
        Self::each(|i| self.at(i) * factor.at(i))
    }

    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Self::each(|i| self.at(i) * factor.at(i) + term.at(i))
    }

    unsafe fn max(self, other: Self) -> Self {
        Self::each(|i| self.at(i).max(other.at(i)))
    }

    unsafe fn prefetch(_address: *const f16) {}
}

// SAFETY of all methods: the trait's contract gives the memory.
impl Halves for HalfLanes {
    type Singles = Lanes;

    unsafe fn load_four(from: *const f16) -> Self {
        let [a, b, c, d] = unsafe { from.cast::<[f16; 4]>().read_unaligned() };
        HalfLanes([a, b, c, d, f16::ZERO, f16::ZERO, f16::ZERO, f16::ZERO])
    }

    unsafe fn add_lane<const LANE: i32>(self, inputs: Self, weights: Self) -> Self {
        Self::each(|i| inputs.at(LANE as usize) * weights.at(i) + self.at(i))
    }

    unsafe fn widen(self) -> [Lanes; 2] {
        [0, 4].map(|first| Lanes(std::array::from_fn(|i| self.at(first + i))))
    }
}

// SAFETY of all methods: the trait's contract gives the memory.
impl Singles for Lanes {
    unsafe fn min(self, other: Self) -> Self {
        Lanes(std::array::from_fn(|i| self.0[i].min(other.0[i])))
    }

    unsafe fn store_halves(self, to: *mut f16) {
        unsafe { to.cast::<[f16; 4]>().write_unaligned(self.0.map(f16::from_f32)) };
    }
}
