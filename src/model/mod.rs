//! The model file: the network's structure, its metadata, reading and writing ONNX.

pub mod beside;
pub mod error;
pub mod familiarity;
pub mod familiarity_graph;
pub mod file;
pub mod fingerprint;
pub mod labels;
pub mod metadata;
pub mod network;
pub mod onnx;
pub mod quantized;
pub mod real;
pub mod recognise;
pub mod reference;
pub mod replace;
pub mod signature;
pub mod write;
