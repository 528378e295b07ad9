//! Picture in, probabilities out: the one path that both programs use.

pub mod choice;
pub mod classifier;
pub mod error;
pub mod features;
pub mod float;
mod foreign;
pub mod fused;
pub mod half;
mod input;
pub mod integer;
pub mod isa;
pub mod kernels;
pub mod last_map;
pub mod layers;
pub mod memory;
pub mod open;
pub mod peaks;
pub mod plan;
mod ranges;
pub mod traces;
