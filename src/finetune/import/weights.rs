//! What a file of weights holds: tensors by layer, and how they lie.

use std::ops::Range;

use super::preparation::Preparation;

/// A tensor in a file, not yet read.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name in the file, by which [`Source`] knows it.
    pub name: String,
    /// Length of each axis.
    pub shape: Vec<usize>,
}

/// The tensors of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// How the file calls the layer.
    pub name: String,
    /// Kernel and bias; or of a batch norm γ, β, mean and variance.
    pub tensors: Vec<Tensor>,
}

/// A file that tensors are read from.
pub trait Source {
    /// Some rows of a tensor: the values of these places of its first axis, row-major, as float. The error says what is
    /// wrong with the file.
    fn rows(&self, tensor: &str, rows: Range<usize>) -> Result<Vec<f32>, String>;
}

/// How the axes of a convolution's kernels lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// Output channels, input channels, rows, columns.
    OutputsFirst,
    /// Rows, columns, input channels, output channels.
    OutputsLast,
}

/// How the weights of dense layers lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dense {
    /// A row for each output.
    OutputsFirst,
    /// A row for each input.
    InputsFirst,
}

/// In which order the values of planes go into the first dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flattening {
    /// Plane by plane.
    ChannelsFirst,
    /// Pixel by pixel, the values of all channels together.
    ChannelsLast,
}

/// How a file's tensors lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub kernels: Kernels,
    /// Whether kernels are turned by 180°, as a convolution by its definition takes them.
    pub turned: bool,
    pub dense: Dense,
    pub flattening: Flattening,
}

impl Order {
    /// What Keras writes on TensorFlow, and in any version since 3.
    pub const TENSORFLOW: Order = Order {
        kernels: Kernels::OutputsLast,
        turned: false,
        dense: Dense::InputsFirst,
        flattening: Flattening::ChannelsLast,
    };
    /// What Keras wrote on Theano.
    pub const THEANO: Order = Order {
        kernels: Kernels::OutputsFirst,
        turned: true,
        dense: Dense::InputsFirst,
        flattening: Flattening::ChannelsFirst,
    };
    /// What PyTorch writes.
    pub const TORCH: Order = Order {
        kernels: Kernels::OutputsFirst,
        turned: false,
        dense: Dense::OutputsFirst,
        flattening: Flattening::ChannelsFirst,
    };
}

/// Where a batch norm behind a dense layer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenseNorm {
    /// Between the layer and its ReLU.
    BeforeRelu,
    /// Behind the ReLU.
    AfterRelu,
}

/// What batch norms need to know beside their tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Norms {
    /// Added to variances: of a layer by name, and of all others.
    pub epsilons: Vec<(String, f64)>,
    /// Where no layer's own is known.
    pub epsilon: f64,
    /// The layers with a ReLU of their own, where that is known.
    pub relus: Option<Vec<String>>,
    /// Where they stand if it is not.
    pub behind_dense: DenseNorm,
}

impl Norms {
    /// What the batch norm called `name` adds to variances, where that is known.
    pub fn of(&self, name: &str) -> Option<f64> {
        self.epsilons.iter().find(|(known, _)| known == name).map(|(_, epsilon)| *epsilon)
    }
}

/// The weights of a network, found but not yet read.
pub struct Found {
    /// What the file is, for people.
    pub what: String,
    /// The layers with weights, in the network's order.
    pub groups: Vec<Group>,
    pub order: Order,
    pub norms: Norms,
    /// Rows and columns of the picture that the network takes, where the file says so.
    pub input_size: Option<usize>,
    /// How it prepares the pixels, where the file says so.
    pub preparation: Option<Preparation>,
    /// What was assumed where the file does not say it; told to the user.
    pub assumed: Vec<String>,
    /// Where the tensors are read from.
    pub source: Box<dyn Source>,
}

/// A shape as people write it.
pub fn shown(shape: &[usize]) -> String {
    match shape {
        [] => "a single value".into(),
        shape => shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}
