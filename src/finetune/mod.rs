//! What `finetune` does: train, evaluate, predict, quantize, and features ahead of training.

mod answers;
pub mod backbone;
pub mod cache;
pub mod convert;
pub mod dataset;
pub mod epochs;
pub mod evaluate;
pub mod features;
pub mod head;
mod histogram;
pub mod labels;
pub mod merge;
pub mod pipeline;
pub mod precompute;
pub mod predict;
pub mod progress;
pub mod quantize;
pub mod random;
pub mod ranges;
pub mod report;
pub mod samples;
pub mod shard;
pub mod size;
pub mod store;
pub mod summary;
pub mod train;
mod walk;
