//! The layers that a walk along a graph gathers.

use super::{activation::Steps, bias::Bias, weights::Weights};

/// The layers of a graph, float or quantized.
#[derive(Debug)]
pub struct Path {
    pub steps: Vec<Step>,
    pub softmax: bool,
}

/// One layer.
#[derive(Debug)]
pub enum Step {
    /// A convolution or a dense layer.
    Weighted(Box<Weighted>),
    /// 2×2 max pool with stride 2.
    MaxPool,
    /// The mean of each of `channels` planes of `side` rows and columns; `node` as errors call it.
    AveragePool { channels: usize, side: usize, node: String },
}

/// A convolution or a dense layer.
#[derive(Debug)]
pub struct Weighted {
    /// Name in plans and reports.
    pub name: String,
    /// Its node, as errors call it.
    pub node: String,
    pub convolution: bool,
    /// `O×I×3×3`, `O×I`, or `I×O`.
    pub weights: Weights,
    /// `None` while a `MatMul` waits for its `Add`.
    pub bias: Option<Bias>,
    pub inputs: usize,
    pub outputs: usize,
    pub relu: bool,
    pub output: Option<Steps>,
    /// What the weights of each output are multiplied by: the part of a batch norm that is not in the bias.
    pub factors: Option<Vec<f32>>,
}

impl Path {
    /// The layers with weights, in order.
    pub fn weighted(&self) -> impl Iterator<Item = &Weighted> {
        self.steps.iter().filter_map(|step| match step {
            Step::Weighted(layer) => Some(&**layer),
            Step::MaxPool | Step::AveragePool { .. } => None,
        })
    }

    /// The node that takes means of planes, if one does.
    pub fn pooled(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match step {
            Step::AveragePool { node, .. } => Some(node.as_str()),
            Step::Weighted(_) | Step::MaxPool => None,
        })
    }

    /// Whether any layer has int8 weights.
    pub fn is_quantized(&self) -> bool {
        self.weighted().any(|layer| matches!(layer.weights, Weights::Steps { .. }))
    }
}
