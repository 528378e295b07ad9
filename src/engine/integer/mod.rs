//! The integer engine: a quantized VGG network on uint8 activations, int8 weights and int32 sums.
//!
//! | file | holds |
//! |---|---|
//! | [`prepare`], [`cache`] | from a model to an engine, with a file that keeps the packed weights |
//! | [`program`], [`weights`] | a network laid out, and its weights packed |
//! | [`facts`], [`check`] | what is known about a network's weights, and whether its parts fit together |
//! | [`bound`] | proof that Winograd's sums cannot overflow |
//! | [`output`] | from sums to the steps of a layer's output |
//!
//! The steps themselves are those of [`layers`](super::layers). The maximum of a pool is taken before the requantization,
//! which never swaps two values.

pub mod bound;
pub mod cache;
pub mod check;
pub mod facts;
pub mod output;
pub mod prepare;
pub mod program;
#[cfg(test)]
mod tests;
pub mod weights;
