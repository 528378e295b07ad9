//! What `finetune` does: train, evaluate, predict, quantize.

pub mod quantize;
