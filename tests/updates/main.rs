//! Updates of the model: who may make them, what they are tested in, how they prove themselves, and what is left of them when they
//! are killed at any step.
#![cfg(feature = "finetune")]

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/board.rs"]
mod board;
mod confined;
mod hostile;
mod random_kills;
mod signatures;
mod steps;
mod trials;
