//! From vectors of sums to activations in memory.

use super::{Bias, lanes::Floats};
use crate::engine::kernels::{Arithmetic, Float};

/// What is done with some neighbouring outputs' sums.
///
/// # Safety
///
/// Every method has the same contract:
/// - the processor has the instruction set of [`Ending::Sums`];
/// - `finish` may be read for as many outputs from `lane` on as `Sums` has lanes, and `to` written for them.
#[allow(clippy::missing_safety_doc)]
pub trait Ending<A: Arithmetic>: Copy {
    /// A vector of sums.
    type Sums: Floats<Value = A::Sum>;

    /// For the outputs from `lane` on.
    unsafe fn new(finish: &A::Finish, lane: usize) -> Self;
    /// Writes their activations.
    unsafe fn write(self, sums: Self::Sums, to: *mut A::Activation);
}

/// Biases, and the least activation.
#[derive(Clone, Copy)]
pub struct Biased<F> {
    bias: F,
    low: F,
}

// SAFETY of all methods: the trait's contract.
impl<F: Floats<Value = f32>> Ending<Float> for Biased<F> {
    type Sums = F;

    #[inline(always)]
    unsafe fn new(finish: &Bias, lane: usize) -> Self {
        unsafe { Biased { bias: F::load(finish.bias.add(lane)), low: F::constant(finish.low) } }
    }

    #[inline(always)]
    unsafe fn write(self, sums: F, to: *mut f32) {
        unsafe { sums.add(self.bias).max(self.low).store(to) };
    }
}
