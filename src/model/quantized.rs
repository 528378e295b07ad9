//! The integer form of a VGG network, as a QDQ file stores it.
//!
//! Weights are int8, symmetric per output channel. Activations are uint8 steps, per tensor ([`Quantization`]). A layer's
//! int32 sum `acc = bias + Σ w·(x − zero point of the input)` stands for the real value
//! `acc × input scale × weight_scales[o]`. Padding adds nothing to a sum: it stands for real zero.

use serde::{Deserialize, Serialize};

/// How a tensor of uint8 steps stands for real numbers: real = (step − zero point) × scale.
///
/// Real numbers become steps by `round half to even(real ÷ scale) + zero point`, cut to 0…255.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantization {
    /// Real value of one step, finite and above 0.
    pub scale: f32,
    /// The step that stands for real zero.
    pub zero_point: u8,
}

/// What the network reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum QuantizedInput {
    /// The picture: uint8 `1×H×W×3` RGB.
    ///
    /// One step is 1. The first convolution's input channels are blue, green, red.
    Picture {
        /// Zero points of red, green and blue: the rounded channel means.
        mean_rgb: [u8; 3],
    },
    /// Real numbers `1×C×H×W`, rounded to steps first; channels are in the file's own order.
    Real {
        /// `C`.
        channels: usize,
        /// The steps that the numbers are rounded to.
        quantization: Quantization,
    },
}

/// A 3×3 convolution with stride 1 and one pixel of padding, on integers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantizedConv {
    /// Name used in plans and reports, such as `block1_conv1`.
    pub name: String,
    /// Kernels, `O×I×3×3`, row-major.
    #[serde(skip)]
    pub weights: Vec<i8>,
    /// Real value of one weight step, per output channel.
    pub weight_scales: Vec<f32>,
    /// In steps of `input scale × weight_scales[o]`, per output channel.
    pub bias: Vec<i32>,
    /// `I`.
    pub inputs: usize,
    /// `O`.
    pub outputs: usize,
    /// Whether steps below the output's zero point are cut to it; with zero point 0 that changes nothing.
    pub relu: bool,
    /// The steps that the sums are rounded to.
    pub output: Quantization,
}

/// A fully connected layer on integers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantizedDense {
    /// Name used in plans and reports, such as `fc1`.
    pub name: String,
    /// `O×I`, row-major; the first dense layer's inputs are flattened channel first (`C,H,W`).
    #[serde(skip)]
    pub weights: Vec<i8>,
    /// Real value of one weight step, per output.
    pub weight_scales: Vec<f32>,
    /// In steps of `input scale × weight_scales[o]`, per output.
    pub bias: Vec<i32>,
    /// `I`.
    pub inputs: usize,
    /// `O`.
    pub outputs: usize,
    /// Whether steps below the output's zero point are cut to it; no file has it on an output that stays real.
    pub relu: bool,
    /// The steps that the sums are rounded to; `None` for a last layer whose output stays real.
    pub output: Option<Quantization>,
}

/// One step of a quantized network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum QuantizedLayer {
    /// Convolution, with or without ReLU.
    Conv(QuantizedConv),
    /// 2×2 max pool with stride 2; its output has its input's quantization.
    MaxPool,
    /// Fully connected layer, with or without ReLU.
    Dense(QuantizedDense),
}

/// A quantized VGG network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantizedNetwork {
    /// Rows and columns of the square input.
    pub input_size: usize,
    /// What the network reads.
    pub input: QuantizedInput,
    /// The layers in order; the flattening before the first dense layer is implied.
    pub layers: Vec<QuantizedLayer>,
    /// Whether a softmax over the last layer's real values ends the network.
    pub softmax: bool,
}

impl QuantizedNetwork {
    /// The convolutions that a max pool follows, in order.
    pub fn pooled_convolutions<'a>(&'a self) -> Vec<&'a QuantizedConv> {
        let convolution = |pair: &'a [QuantizedLayer]| match pair {
            [QuantizedLayer::Conv(conv), QuantizedLayer::MaxPool] => Some(conv),
            _ => None,
        };
        self.layers.windows(2).filter_map(convolution).collect()
    }
}

impl QuantizedInput {
    /// Real value of one step of what the first layer reads.
    pub fn scale(&self) -> f32 {
        match self {
            QuantizedInput::Picture { .. } => 1.0,
            QuantizedInput::Real { quantization, .. } => quantization.scale,
        }
    }
}
