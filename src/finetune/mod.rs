//! What `finetune` does: train, evaluate, predict, quantize.

mod histogram;
pub mod quantize;
pub mod report;
pub mod summary;
