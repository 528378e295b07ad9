//! What the transforms need of a vector: a few operations on lanes of 16 and 32 bits, all of them wrapping.
//!
//! [`transforms`](super::transforms) are written once over these traits; each instruction set implements them. Every
//! operation is defined exactly, so every implementation gives the same bits.
//!
//! # Safety
//!
//! Every method has the same contract:
//! - the processor has the implementation's instruction set;
//! - a pointer may be read or written for `COUNT` elements, with no alignment.
#![allow(clippy::missing_safety_doc)]

/// A vector of 16-bit integers.
pub trait Words: Copy {
    /// Number of lanes.
    const COUNT: usize;
    /// Reads bytes from 0 to 255.
    unsafe fn from_u8(bytes: *const u8) -> Self;
    /// Reads bytes from −128 to 127.
    unsafe fn from_i8(bytes: *const i8) -> Self;
    /// Writes all lanes.
    unsafe fn store(self, to: *mut i16);
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self − other`.
    unsafe fn sub(self, other: Self) -> Self;
    /// `self × 2^BITS`.
    unsafe fn shl<const BITS: u32>(self) -> Self;
    /// `self × factor`.
    unsafe fn mul(self, factor: i16) -> Self;
}

/// A vector of 32-bit integers.
pub trait Sums: Copy {
    /// Biases and factors for all lanes.
    type Scale: Copy;
    /// Number of lanes.
    const COUNT: usize;
    /// Reads all lanes.
    unsafe fn load(from: *const i32) -> Self;
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self − other`.
    unsafe fn sub(self, other: Self) -> Self;
    /// `self × 2^BITS`.
    unsafe fn shl<const BITS: u32>(self) -> Self;
    /// `self ÷ 2^bits`, rounded down; `bits` is a constant where it is called.
    unsafe fn sar(self, bits: u32) -> Self;
    /// The low half of `self × factor`.
    unsafe fn mul(self, factor: i32) -> Self;
    /// The greater of each lane.
    unsafe fn max(self, other: Self) -> Self;
    /// Reads a bias and a factor for each lane.
    unsafe fn scale(bias: *const i32, factor: *const f32) -> Self::Scale;
    /// [`requantized`](super::requantized) of each lane, with its bias and factor, and bounds for all.
    unsafe fn requantize(self, scale: Self::Scale, bounds: Bounds, to: *mut u8);
}

/// The steps an activation may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The step that stands for zero.
    pub zero: i32,
    /// The lowest step minus `zero`, as a float.
    pub low: f32,
    /// The highest step minus `zero`, as a float.
    pub high: f32,
}

impl Bounds {
    /// Steps of an activation with this zero point; ReLU cuts off what is below it.
    pub fn new(zero_point: u8, relu: bool) -> Self {
        let low = if relu { 0.0 } else { -f32::from(zero_point) };
        Bounds { zero: i32::from(zero_point), low, high: 255.0 - f32::from(zero_point) }
    }
}
