//! What the loops and transforms on floating-point numbers need of a vector.
//!
//! # Safety
//!
//! Every method has the same contract:
//! - the processor has the implementation's instruction set;
//! - a pointer may be read or written for `COUNT` values, with no alignment; [`Floats::splat`] reads one.
#![allow(clippy::missing_safety_doc)]

/// A vector of floating-point numbers.
pub trait Floats: Copy {
    /// A lane, as memory holds it.
    type Value: Copy;
    /// Number of lanes.
    const COUNT: usize;
    /// `value` in all lanes, rounded to what they hold.
    unsafe fn constant(value: f32) -> Self;
    /// One value of memory in all lanes.
    unsafe fn splat(from: *const Self::Value) -> Self;
    /// Reads all lanes.
    unsafe fn load(from: *const Self::Value) -> Self;
    /// Writes all lanes.
    unsafe fn store(self, to: *mut Self::Value);
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self − other`.
    unsafe fn sub(self, other: Self) -> Self;
    /// `self × factor`.
    unsafe fn mul(self, factor: Self) -> Self;
    /// `self × factor + term`, rounded once or twice.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The greater of each lane.
    unsafe fn max(self, other: Self) -> Self;
    /// Asks for the line of memory at an address, which need not be valid.
    unsafe fn prefetch(address: *const Self::Value);
}
