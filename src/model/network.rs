//! The structure of a VGG network: an input, convolutions with max pools, dense layers, a softmax.
//!
//! Shape letters: `O` output channels, `I` input channels, `H` rows, `W` columns.

/// Preprocessing that stands in the graph before the first convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocessing {
    /// Subtracted from the red, green and blue value of each pixel (0 to 255).
    pub mean_rgb: [f32; 3],
}

/// A 3×3 convolution with stride 1 and one pixel of zero padding, then ReLU.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Name used in plans and reports, such as `block1_conv1`.
    pub name: String,
    /// Kernels, `O×I×3×3`, row-major; input channels of the first layer are in BGR order.
    pub weights: Vec<f32>,
    /// One value per output channel.
    pub bias: Vec<f32>,
    /// `I`.
    pub inputs: usize,
    /// `O`.
    pub outputs: usize,
}

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Name used in plans and reports, such as `fc1`.
    pub name: String,
    /// `O×I`, row-major; the first dense layer's inputs are flattened channel first (`C,H,W`).
    pub weights: Vec<f32>,
    /// One value per output.
    pub bias: Vec<f32>,
    /// `I`.
    pub inputs: usize,
    /// `O`.
    pub outputs: usize,
    /// Whether ReLU follows.
    pub relu: bool,
}

/// One step of the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Convolution and ReLU.
    Conv(Conv),
    /// 2×2 max pool with stride 2.
    MaxPool,
    /// Fully connected layer, with or without ReLU.
    Dense(Dense),
}

/// A float VGG network; a softmax follows the last dense layer of a whole one.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Rows and columns of the square input, 224 for VGG16.
    pub input_size: usize,
    /// What happens to the pixels first.
    pub preprocessing: Preprocessing,
    /// The layers in order; the flattening before the first dense layer is implied.
    pub layers: Vec<Layer>,
    /// Whether a softmax ends the network; without one it is a feature extractor.
    pub softmax: bool,
}

/// What a convolution and a dense layer have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted<'a> {
    /// Name used in plans and reports.
    pub name: &'a str,
    /// One row an output, row-major.
    pub weights: &'a [f32],
    /// Number of rows: output channels or outputs.
    pub outputs: usize,
    /// Whether ReLU follows.
    pub relu: bool,
}

impl Network {
    /// The layers that have weights, in order.
    pub fn weighted_layers(&self) -> impl Iterator<Item = Weighted<'_>> {
        self.layers.iter().filter_map(|layer| match layer {
            Layer::Conv(Conv { name, weights, outputs, .. }) => {
                Some(Weighted { name, weights, outputs: *outputs, relu: true })
            }
            Layer::Dense(Dense { name, weights, outputs, relu, .. }) => {
                Some(Weighted { name, weights, outputs: *outputs, relu: *relu })
            }
            Layer::MaxPool => None,
        })
    }

    /// What transfer learning keeps frozen: the network up to the layer before its last; all of one that ends with ReLU and
    /// so with features. `None` if fewer than two dense layers end any other.
    pub fn feature_extractor(&self) -> Option<Network> {
        let dense = |layer: &Layer| matches!(layer, Layer::Dense(_));
        if !self.softmax && matches!(self.layers.last(), Some(Layer::Dense(dense)) if dense.relu) {
            return Some(self.clone());
        }
        let (last, kept) = self.layers.split_last()?;
        if !dense(last) || !kept.last().is_some_and(dense) {
            return None;
        }
        Some(Network { layers: kept.to_vec(), softmax: false, ..self.clone() })
    }

    /// This feature extractor with `head` and a softmax behind it.
    pub fn with_head(&self, head: Dense) -> Network {
        let mut network = self.clone();
        network.layers.push(Layer::Dense(head));
        network.softmax = true;
        network
    }

    /// Length of the last dense layer's output; 0 if the network does not end with one.
    pub fn outputs(&self) -> usize {
        match self.layers.last() {
            Some(Layer::Dense(dense)) => dense.outputs,
            _ => 0,
        }
    }
}

impl Dense {
    /// Global average pooling of `channels` planes of `side` rows and columns, as weights of a dense layer called `name`. The
    /// planes stand behind ReLU, so their means do too.
    pub fn mean_of_planes(name: String, channels: usize, side: usize) -> Dense {
        let pixels = side * side;
        let inputs = channels * pixels;
        let mut weights = vec![0.0; inputs * channels];
        for (channel, row) in weights.chunks_exact_mut(inputs.max(1)).enumerate() {
            row[channel * pixels..][..pixels].fill(1.0 / pixels as f32);
        }
        Dense { name, weights, bias: vec![0.0; channels], inputs, outputs: channels, relu: true }
    }
}

impl Layer {
    /// Whether the layer's output goes through ReLU.
    pub fn has_relu(&self) -> bool {
        match self {
            Layer::Conv(_) => true,
            Layer::MaxPool => false,
            Layer::Dense(dense) => dense.relu,
        }
    }
}
