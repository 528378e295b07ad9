//! What `finetune` does: train, evaluate, predict, quantize.
