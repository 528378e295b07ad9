//! The integer engine: a quantized VGG network on uint8 activations, int8 weights and int32 sums.
//!
//! | file | holds |
//! |---|---|
//! | [`engine`] | a network ready to run, for any number of pictures at a time |
//! | [`op`] | the network as an op of a tract plan |
//! | [`prepare`], [`cache`] | from a model to an engine, with a file that keeps the packed weights |
//! | [`program`] | what is done step by step, and where everything lies |
//! | [`winograd`], [`direct`], [`dense`] | the steps: how a layer's work is cut into units, and what a unit does |
//! | [`facts`], [`check`] | what is known about a network's weights, and whether its parts fit together |
//! | [`bound`] | proof that Winograd's sums cannot overflow |
//! | [`output`] | from sums to the steps of a layer's output |
//! | [`weights`], [`pack`] | weights in the order in which the kernels read them |
//! | [`map`] | where activations lie in the arena |
//! | [`frame`], [`team`] | a picture under way: its units of work, and the threads that share them |
//!
//! A layer is one step: convolution, bias, ReLU, requantization and max pool leave the cache together. The maximum is taken
//! before the requantization, which never swaps two values.

pub mod bound;
pub mod cache;
pub mod check;
pub mod dense;
pub mod direct;
pub mod engine;
pub mod facts;
pub mod frame;
pub mod map;
pub mod op;
pub mod output;
pub mod pack;
pub mod prepare;
pub mod program;
pub mod team;
#[cfg(test)]
mod tests;
pub mod weights;
pub mod winograd;
