//! What a network computes with.

use std::fmt;

/// The numbers of a network.
pub trait Arithmetic: Copy + fmt::Debug + Send + Sync + 'static {
    /// A value in a map.
    type Activation: Copy + Default + PartialEq + Into<f32> + fmt::Debug + Send + Sync;
    /// A weight.
    type Weight: Copy + Default + fmt::Debug + Send + Sync;
    /// An input or a weight after Winograd's transforms.
    type Transformed: Copy + Default + fmt::Debug + Send + Sync + From<Self::Activation> + From<Self::Weight>;
    /// A sum of products.
    type Sum: Copy + Default + fmt::Debug + Send + Sync;
    /// What a kernel needs to make activations of sums.
    type Finish: Copy + fmt::Debug;
}

/// uint8 activations, int8 weights, int32 sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer;

/// float32 throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float;

/// float16 in memory and in products, float32 for sums of many products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half;
