//! Plumbing for ONNX's protocol buffers: tensors, a view of a graph, a builder.

pub mod build;
pub mod graph;
pub mod tensor;
