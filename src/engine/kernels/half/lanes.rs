//! What the half loops need of a vector beyond what all floating-point numbers have.
//!
//! # Safety
//!
//! Every method has the same contract:
//! - the processor has the implementation's instruction set;
//! - a pointer may be read or written for `COUNT` values, with no alignment; for 4 by [`Halves::load_four`].
#![allow(clippy::missing_safety_doc)]

use super::f16;
use crate::engine::kernels::float::lanes::Floats;

/// Lanes of every vector of float16.
pub const LANES: usize = 8;

/// A vector of [`LANES`] float16.
pub trait Halves: Floats<Value = f16> {
    /// A vector of half as many float32.
    type Singles: Singles;

    /// Reads the first four lanes.
    unsafe fn load_four(from: *const f16) -> Self;
    /// `self + inputs[LANE] × weights`, rounded once or twice.
    unsafe fn add_lane<const LANE: i32>(self, inputs: Self, weights: Self) -> Self;
    /// The first lanes, and the others.
    unsafe fn widen(self) -> [Self::Singles; 2];
}

/// A vector of float32, half as many as of float16.
pub trait Singles: Floats<Value = f32> {
    /// The lesser of each lane.
    unsafe fn min(self, other: Self) -> Self;
    /// Writes all lanes, rounded.
    unsafe fn store_halves(self, to: *mut f16);
}
