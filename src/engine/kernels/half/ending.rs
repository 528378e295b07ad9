//! From vectors of sums to activations in memory.

use super::{Rescaling, f16, lanes::Singles};
use crate::engine::kernels::{Half, float::ending::Ending};

/// [`Rescaling`] of some lanes.
#[derive(Clone, Copy)]
pub struct Rescaled<S> {
    bias: S,
    factor: S,
    low: S,
    high: S,
}

// SAFETY of all methods: the trait's contract.
impl<S: Singles> Ending<Half> for Rescaled<S> {
    type Sums = S;

    #[inline(always)]
    unsafe fn new(finish: &Rescaling, lane: usize) -> Self {
        unsafe {
            Rescaled {
                bias: S::load(finish.bias.add(lane)),
                factor: S::constant(finish.factor),
                low: S::constant(finish.low),
                high: S::constant(finish.high),
            }
        }
    }

    #[inline(always)]
    unsafe fn write(self, sums: S, to: *mut f16) {
        unsafe { sums.mul_add(self.factor, self.bias).max(self.low).min(self.high).store_halves(to) };
    }
}
