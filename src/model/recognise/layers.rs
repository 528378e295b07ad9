//! The layers that a walk along a graph gathers.

use tract_onnx::pb::NodeProto;

use super::weights::{Bias, Values};
use crate::model::onnx::graph::describe;

/// The layers of a graph, float or quantized.
pub struct Path {
    pub steps: Vec<Step>,
    pub softmax: bool,
}

/// One layer.
pub enum Step {
    /// A convolution or a dense layer.
    Weighted(Weighted),
    /// 2×2 max pool with stride 2.
    MaxPool,
}

/// A convolution or a dense layer.
pub struct Weighted {
    pub name: String,
    pub convolution: bool,
    /// `O×I×3×3` or `O×I`.
    pub weights: Values,
    /// `None` while a `MatMul` waits for its `Add`.
    pub bias: Option<Bias>,
    pub inputs: usize,
    pub outputs: usize,
    pub relu: bool,
    pub output_scale: Option<f32>,
}

/// Whether a bias has a value for each output; the error names `node`.
pub fn check_length(node: &NodeProto, bias: &Bias, outputs: usize) -> Result<(), String> {
    let length = match bias {
        Bias::Real(values) => values.len(),
        Bias::Steps(steps) => steps.len(),
    };
    if length == outputs {
        Ok(())
    } else {
        Err(format!("{} has {length} bias values for {outputs} outputs", describe(node)))
    }
}

/// The transpose of a row-major matrix.
pub fn transposed<T: Copy>(values: &[T], rows: usize, columns: usize) -> Vec<T> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}
