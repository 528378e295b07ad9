//! The float engine: a VGG network on float32.
//!
//! | file | holds |
//! |---|---|
//! | `prepare` | from a network laid out to an engine |
//! | `program`, `weights` | a network laid out, and its weights packed |
//! | `output` | from sums to a layer's output |
//!
//! The steps themselves are those of [`layers`](super::layers), Winograd's algorithm wherever a layer has channels enough.

mod output;
pub mod prepare;
pub mod program;
#[cfg(test)]
pub(super) mod tests;
mod weights;
