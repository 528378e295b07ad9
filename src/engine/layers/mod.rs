//! What every network is made of, whatever its numbers: steps, the memory that they share, and the threads.
//!
//! | file | holds |
//! |---|---|
//! | [`engine`] | a network ready to run, for any number of pictures at a time |
//! | [`op`] | the network as an op of a tract plan |
//! | [`program`], [`planner`] | what is done step by step, and where everything lies |
//! | [`outline`] | the same for networks of float weights |
//! | [`winograd`], [`direct`], [`dense`], [`matrix`] | the steps: how a layer's work is cut into units, and what a unit does |
//! | [`weights`], [`pack`] | weights in the order in which the kernels read them |
//! | [`map`] | where activations lie in the arena |
//! | [`frame`], [`team`] | pictures under way: their units of work, and the threads that share them |
//!
//! A layer is one step: convolution, what makes activations of its sums, and max pool leave the cache together.

pub mod dense;
pub mod direct;
pub mod engine;
pub mod frame;
pub mod map;
pub mod matrix;
pub mod op;
pub mod outline;
pub mod pack;
pub mod planner;
pub mod program;
pub mod team;
pub mod weights;
pub mod winograd;

use std::fmt;

use super::kernels::Arithmetic;

/// What a network's layers do with their sums.
pub trait Numbers: Arithmetic {
    /// What makes a layer's activations, for all its outputs.
    type Layer: Clone + fmt::Debug + Send + Sync;
    /// What makes real numbers of the last layer's sums, where these are no activations.
    type Real: Clone + fmt::Debug + Send + Sync;

    /// The activation nearest to a number of steps.
    fn activation(steps: f32) -> Self::Activation;
    /// The part of `layer` for `lanes` outputs from `first` on.
    fn finish(layer: &Self::Layer, first: usize, lanes: usize) -> Self::Finish;
    /// The real number for an output's sum.
    fn real(real: &Self::Real, output: usize, sum: Self::Sum) -> f32;
}
