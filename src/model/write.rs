//! From a network to its ONNX graph.
//!
//! Either form takes the picture itself, uint8 `1×H×W×3` RGB, and does the VGG preprocessing in its first nodes; only an
//! int8 network that reads real numbers takes those, float `1×C×H×W`. A backbone takes any number of pictures, float
//! `N×3×H×W` RGB from 0 to 255.

use tract_onnx::pb::{ModelProto, tensor_proto::DataType};

use super::{
    network::{Layer, Network},
    onnx::{
        build::{ANY, Builder, int, ints},
        skeleton::Skeleton,
        tensor::Elements,
    },
    quantized::{Quantization, QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// Name of the input of every file written here that takes a picture.
pub const INPUT: &str = "picture";
/// Name of the input of one that takes real numbers.
pub const REAL_INPUT: &str = "values";
/// Name of the input of a backbone.
pub const IMAGE_INPUT: &str = "image";
/// Name of the output of a file that ends with a softmax.
pub const PROBABILITIES: &str = "probabilities";
/// Name of the output of a file that does not.
pub const FEATURES: &str = "features";

/// The float graph.
pub fn float_graph(network: &Network, metadata: Vec<(String, String)>) -> ModelProto {
    float_skeleton(network, metadata).whole()
}

/// The float graph, whose weights stay in `network`.
pub fn float_skeleton(network: &Network, metadata: Vec<(String, String)>) -> Skeleton<'_> {
    let mut b = start(network.input_size);
    let value = b.node("Transpose", "picture_nchw".into(), &[INPUT], vec![ints("perm", &[0, 3, 1, 2])]);
    let value = b.node("Cast", "picture_f32".into(), &[&value], vec![int("to", DataType::Float as i64)]);
    float_layers(b, value, 1, network, metadata)
}

/// The graph of a backbone for training: the same network for any number of pictures, float `N×3×H×W` RGB from 0 to 255.
/// Its weights stay in `network`.
pub fn backbone_skeleton(network: &Network) -> Skeleton<'_> {
    let size = network.input_size;
    let b = Builder::new("vgg", IMAGE_INPUT, DataType::Float, &[ANY, 3, size, size]);
    float_layers(b, IMAGE_INPUT.into(), ANY, network, vec![])
}

/// What follows the float planes `value` of so many pictures.
fn float_layers<'a>(
    mut b: Builder<'a>,
    mut value: String,
    pictures: usize,
    network: &'a Network,
    metadata: Vec<(String, String)>,
) -> Skeleton<'a> {
    let mean = b.constant("mean_rgb".into(), &[1, 3, 1, 1], Elements::F32(network.preprocessing.mean_rgb.to_vec()));
    value = b.node("Sub", "minus_mean".into(), &[&value, &mean], vec![]);
    value = reversed_channels(&mut b, &value);
    let mut dense_seen = false;
    let mut pools = 0;
    for layer in &network.layers {
        value = match layer {
            Layer::Conv(conv) => {
                let name = &conv.name;
                let w = b.floats(format!("{name}_W"), &[conv.outputs, conv.inputs, 3, 3], &conv.weights);
                let bias = b.floats(format!("{name}_b"), &[conv.outputs], &conv.bias);
                let sum = b.node("Conv", name.clone(), &[&value, &w, &bias], conv_attributes());
                b.node("Relu", format!("{name}_relu"), &[&sum], vec![])
            }
            Layer::MaxPool => {
                pools += 1;
                b.node("MaxPool", format!("pool{pools}"), &[&value], pool_attributes())
            }
            Layer::Dense(dense) => {
                if !dense_seen {
                    value = b.node("Flatten", "flatten".into(), &[&value], vec![int("axis", 1)]);
                    dense_seen = true;
                }
                let name = &dense.name;
                let w = b.floats(format!("{name}_W"), &[dense.outputs, dense.inputs], &dense.weights);
                let bias = b.floats(format!("{name}_b"), &[dense.outputs], &dense.bias);
                let sum = b.node("Gemm", name.clone(), &[&value, &w, &bias], vec![int("transB", 1)]);
                if dense.relu { b.node("Relu", format!("{name}_relu"), &[&sum], vec![]) } else { sum }
            }
        };
    }
    let outputs = network.outputs();
    if network.softmax {
        value = b.node("Softmax", "softmax".into(), &[&value], vec![int("axis", 1)]);
        b.finish(&value, PROBABILITIES, DataType::Float, &[pictures, outputs], metadata)
    } else {
        b.finish(&value, FEATURES, DataType::Float, &[pictures, outputs], metadata)
    }
}

/// The int8 graph, in QDQ form; the last layer's real values or, with a softmax, the probabilities are its output.
pub fn quantized_graph(network: &QuantizedNetwork, metadata: Vec<(String, String)>) -> ModelProto {
    let mut zeros = Zeros::default();
    let (mut b, mut value) = quantized_input(network, &mut zeros);
    let mut input_scale = network.input.scale();
    let mut dense_seen = false;
    let mut pools = 0;
    let mut outputs = 0;
    for layer in &network.layers {
        match layer {
            QuantizedLayer::MaxPool => {
                pools += 1;
                value = value.mapped(|name| b.node("MaxPool", format!("pool{pools}"), &[name], pool_attributes()));
            }
            QuantizedLayer::Conv(conv) => {
                let weights = Weights {
                    name: &conv.name,
                    shape: &[conv.outputs, conv.inputs, 3, 3],
                    steps: &conv.weights,
                    scales: &conv.weight_scales,
                    bias: &conv.bias,
                };
                let x = value.real(&mut b, &conv.name);
                let (w, bias) = weights.wire(&mut b, input_scale);
                let sum = b.node("Conv", conv.name.clone(), &[&x, &w, &bias], conv_attributes());
                let real = rectified(&mut b, &conv.name, sum, conv.relu);
                value = steps(&mut b, &mut zeros, &conv.name, &real, conv.output);
                input_scale = conv.output.scale;
            }
            QuantizedLayer::Dense(dense) => {
                if !dense_seen {
                    value = value.mapped(|name| b.node("Flatten", "flatten".into(), &[name], vec![int("axis", 1)]));
                    dense_seen = true;
                }
                let weights = Weights {
                    name: &dense.name,
                    shape: &[dense.outputs, dense.inputs],
                    steps: &dense.weights,
                    scales: &dense.weight_scales,
                    bias: &dense.bias,
                };
                let x = value.real(&mut b, &dense.name);
                let (w, bias) = weights.wire(&mut b, input_scale);
                let sum = b.node("Gemm", dense.name.clone(), &[&x, &w, &bias], vec![int("transB", 1)]);
                let real = rectified(&mut b, &dense.name, sum, dense.relu);
                outputs = dense.outputs;
                value = match dense.output {
                    Some(output) => {
                        input_scale = output.scale;
                        steps(&mut b, &mut zeros, &dense.name, &real, output)
                    }
                    None => Value::Real(real),
                };
            }
        }
    }
    let output = if network.softmax { PROBABILITIES } else { FEATURES };
    let mut real = value.real(&mut b, if network.softmax { "softmax" } else { output });
    if network.softmax {
        real = b.node("Softmax", "softmax".into(), &[&real], vec![int("axis", 1)]);
    }
    b.finish(&real, output, DataType::Float, &[1, outputs], metadata).whole()
}

/// A graph that has read its input, and the value that the first layer takes.
fn quantized_input(network: &QuantizedNetwork, zeros: &mut Zeros) -> (Builder<'static>, Value) {
    let size = network.input_size;
    match network.input {
        QuantizedInput::Picture { mean_rgb: [r, g, blue] } => {
            let mut b = start(size);
            let planes = b.node("Transpose", "picture_nchw".into(), &[INPUT], vec![ints("perm", &[0, 3, 1, 2])]);
            let planes = reversed_channels(&mut b, &planes);
            let scale = b.constant("picture_scale".into(), &[3], Elements::F32(vec![1.0; 3]));
            let zero = b.constant("picture_zero".into(), &[3], Elements::U8(vec![blue, g, r]));
            let inputs = [planes.as_str(), &scale, &zero];
            let real = b.node("DequantizeLinear", "picture_real".into(), &inputs, vec![int("axis", 1)]);
            (b, Value::Real(real))
        }
        QuantizedInput::Real { channels, quantization } => {
            let mut b = Builder::new("vgg", REAL_INPUT, DataType::Float, &[1, channels, size, size]);
            let value = steps(&mut b, zeros, REAL_INPUT, REAL_INPUT, quantization);
            (b, value)
        }
    }
}

/// What flows along the path: real numbers, or the uint8 steps that stand for them.
enum Value {
    Real(String),
    Steps { steps: String, scale: String, zero: String },
}

impl Value {
    /// The value after a node that treats steps and real numbers alike.
    fn mapped(self, node: impl FnOnce(&str) -> String) -> Value {
        match self {
            Value::Real(name) => Value::Real(node(&name)),
            Value::Steps { steps, scale, zero } => Value::Steps { steps: node(&steps), scale, zero },
        }
    }

    /// Its real numbers, dequantized for the node called `reader` where need be.
    fn real(&self, b: &mut Builder, reader: &str) -> String {
        match self {
            Value::Real(name) => name.clone(),
            Value::Steps { steps, scale, zero } => {
                b.node("DequantizeLinear", format!("{reader}_x"), &[steps, scale, zero], vec![])
            }
        }
    }
}

/// The zero points written so far; layers with the same one share it.
#[derive(Default)]
struct Zeros(Vec<u8>);

impl Zeros {
    fn name(&mut self, b: &mut Builder, zero_point: u8) -> String {
        let name = match zero_point {
            0 => "activation_zero".to_string(),
            other => format!("activation_zero_{other}"),
        };
        if !self.0.contains(&zero_point) {
            self.0.push(zero_point);
            b.constant(name.clone(), &[], Elements::U8(vec![zero_point]));
        }
        name
    }
}

/// One layer's constants.
struct Weights<'a> {
    name: &'a str,
    shape: &'a [usize],
    steps: &'a [i8],
    scales: &'a [f32],
    bias: &'a [i32],
}

impl Weights<'_> {
    /// Adds the dequantized weights and bias and gives their names back.
    fn wire(&self, b: &mut Builder, input_scale: f32) -> (String, String) {
        let name = self.name;
        let outputs = [self.scales.len()];
        let steps = b.constant(format!("{name}_W"), self.shape, Elements::I8(self.steps.to_vec()));
        let scale = b.constant(format!("{name}_W_scale"), &outputs, Elements::F32(self.scales.to_vec()));
        let zero = b.constant(format!("{name}_W_zero"), &outputs, Elements::I8(vec![0; outputs[0]]));
        let w = b.node("DequantizeLinear", format!("{name}_W_real"), &[&steps, &scale, &zero], vec![int("axis", 0)]);
        let steps = b.constant(format!("{name}_b"), &outputs, Elements::I32(self.bias.to_vec()));
        let scales = self.scales.iter().map(|scale| scale * input_scale).collect();
        let scale = b.constant(format!("{name}_b_scale"), &outputs, Elements::F32(scales));
        let zero = b.constant(format!("{name}_b_zero"), &outputs, Elements::I32(vec![0; outputs[0]]));
        let bias = b.node("DequantizeLinear", format!("{name}_b_real"), &[&steps, &scale, &zero], vec![int("axis", 0)]);
        (w, bias)
    }
}

fn rectified(b: &mut Builder, name: &str, sum: String, relu: bool) -> String {
    if relu { b.node("Relu", format!("{name}_relu"), &[&sum], vec![]) } else { sum }
}

/// Rounding to uint8 steps.
fn steps(b: &mut Builder, zeros: &mut Zeros, name: &str, real: &str, to: Quantization) -> Value {
    let zero = zeros.name(b, to.zero_point);
    let scale = b.constant(format!("{name}_scale"), &[], Elements::F32(vec![to.scale]));
    let steps = b.node("QuantizeLinear", format!("{name}_steps"), &[real, &scale, &zero], vec![]);
    Value::Steps { steps, scale, zero }
}

fn start<'a>(input_size: usize) -> Builder<'a> {
    Builder::new("vgg", INPUT, DataType::Uint8, &[1, input_size, input_size, 3])
}

fn reversed_channels(b: &mut Builder, value: &str) -> String {
    let order = b.constant("bgr".into(), &[3], Elements::I64(vec![2, 1, 0]));
    b.node("Gather", "picture_bgr".into(), &[value, &order], vec![int("axis", 1)])
}

fn conv_attributes() -> Vec<tract_onnx::pb::AttributeProto> {
    vec![ints("kernel_shape", &[3, 3]), ints("pads", &[1, 1, 1, 1]), ints("strides", &[1, 1])]
}

fn pool_attributes() -> Vec<tract_onnx::pb::AttributeProto> {
    vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])]
}
