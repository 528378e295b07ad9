//! The integer form of a VGG network, as the QDQ file stores it.
//!
//! Weights are int8, symmetric per output channel. Activations are uint8 with zero point 0, per
//! tensor. A layer's int32 sum `acc = bias + Σ w·x` stands for the real value
//! `acc × input_scale × weight_scales[o]`.

/// A 3×3 convolution with stride 1 and one pixel of padding, then ReLU, on integers.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedConv {
    /// Name used in plans and reports, such as `block1_conv1`.
    pub name: String,
    /// Kernels, `O×I×3×3`, row-major.
    pub weights: Vec<i8>,
    /// Real value of one weight step, per output channel.
    pub weight_scales: Vec<f32>,
    /// In steps of `input_scale × weight_scales[o]`.
    pub bias: Vec<i32>,
    /// `I`.
    pub inputs: usize,
    /// `O`.
    pub outputs: usize,
    /// Real value of one step of the output.
    pub output_scale: f32,
}

/// A fully connected layer on integers.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedDense {
    /// Name used in plans and reports, such as `fc1`.
    pub name: String,
    /// `O×I`, row-major; the first dense layer's inputs are flattened channel first (`C,H,W`).
    pub weights: Vec<i8>,
    /// Real value of one weight step, per output.
    pub weight_scales: Vec<f32>,
    /// In steps of `input_scale × weight_scales[o]`.
    pub bias: Vec<i32>,
    /// `I`.
    pub inputs: usize,
    /// `O`.
    pub outputs: usize,
    /// Real value of one step of the output after ReLU; `None` for the last layer, whose output stays float, without ReLU.
    pub output_scale: Option<f32>,
}

/// One step of a quantized network.
#[derive(Clone, Debug, PartialEq)]
pub enum QuantizedLayer {
    /// Convolution and ReLU.
    Conv(QuantizedConv),
    /// 2×2 max pool with stride 2.
    MaxPool,
    /// Fully connected layer.
    Dense(QuantizedDense),
}

/// A quantized VGG network; a softmax follows a last dense layer that stays float.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedNetwork {
    /// Rows and columns of the square input.
    pub input_size: usize,
    /// The rounded channel means (red, green, blue): zero points of the uint8 picture, whose scale is 1.
    pub mean_rgb: [u8; 3],
    /// The layers in order; the flattening before the first dense layer is implied.
    pub layers: Vec<QuantizedLayer>,
}
