//! The half engine: a VGG network on float16, for processors that compute with it.
//!
//! | file | holds |
//! |---|---|
//! | `prepare` | from a network laid out to an engine |
//! | `program`, `weights` | a network laid out, and its weights packed |
//! | `scale` | the powers of two that keep its numbers in the range of float16 |
//! | `output` | from sums to a layer's output |
//!
//! Activations are stored times a power of two for each layer, by the largest one that is expected; larger ones are cut, as
//! in the integer engine. The steps themselves are those of [`layers`](super::layers).

mod output;
pub mod prepare;
pub mod program;
mod scale;
#[cfg(test)]
mod tests;
mod weights;
