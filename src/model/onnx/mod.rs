//! Plumbing for ONNX's protocol buffers: tensors, a view of a graph, a builder, reading a model from a file.

pub mod build;
pub mod graph;
pub mod skeleton;
pub mod stream;
pub mod tensor;
