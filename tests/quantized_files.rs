//! Quantized files: every network that can be written is read back, in whichever of its forms the file keeps it.

mod common;

use common::{Noise, metadata, random_vgg};
use proptest::prelude::*;
use prost::Message;
use tract_onnx::pb::{ModelProto, NodeProto, TensorProto, tensor_proto::DataType};
use vggcam::model::{
    file::{self, Contents, ModelFile},
    metadata::to_properties,
    network::Layer,
    quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
    recognise::Recognised,
    write::quantized_graph,
};

/// A quantized network of any shape, in random steps.
fn random_quantized(seed: u64, widths: &[usize], dense: &[usize], channels: Option<usize>) -> QuantizedNetwork {
    let mut noise = Noise(seed.wrapping_mul(6).wrapping_add(5));
    let shapes = random_vgg(seed, 9, widths, dense);
    let mut quantization = |zero_points: bool| {
        let zero_point = (noise.value().abs() * 300.0) as u8;
        Quantization { scale: 0.01 + noise.value().abs(), zero_point: if zero_points { zero_point } else { 0 } }
    };
    let zero_points = !seed.is_multiple_of(3);
    let input = match channels {
        None => QuantizedInput::Picture { mean_rgb: [124, 0, 255] },
        Some(channels) => QuantizedInput::Real { channels, quantization: quantization(true) },
    };
    let real_end = seed.is_multiple_of(2);
    let count = shapes.layers.len();
    let mut first = true;
    let layers = shapes.layers.iter().enumerate().map(|(index, layer)| {
        let output = quantization(zero_points);
        // Steps from zero point 0 up need no ReLU, and are read as having one.
        let relu = output.zero_point == 0 || index % 3 != 1;
        let mut values = Noise(seed.wrapping_mul(1000).wrapping_add(index as u64 * 2 + 1));
        let mut integers = |count: usize, most: f32| values.values(count, most).into_iter();
        match layer {
            Layer::MaxPool => QuantizedLayer::MaxPool,
            Layer::Conv(conv) => {
                let inputs = if first { channels.unwrap_or(3) } else { conv.inputs };
                first = false;
                QuantizedLayer::Conv(QuantizedConv {
                    name: conv.name.clone(),
                    weights: integers(conv.outputs * inputs * 9, 128.0).map(|w| w as i8).collect(),
                    weight_scales: integers(conv.outputs, 1.0).map(|scale| scale.abs() + 1e-3).collect(),
                    bias: integers(conv.outputs, 1e5).map(|b| b as i32).collect(),
                    inputs,
                    outputs: conv.outputs,
                    relu,
                    output,
                })
            }
            Layer::Dense(dense) => {
                let real = index + 1 == count && real_end;
                QuantizedLayer::Dense(QuantizedDense {
                    name: dense.name.clone(),
                    weights: integers(dense.outputs * dense.inputs, 128.0).map(|w| w as i8).collect(),
                    weight_scales: integers(dense.outputs, 1.0).map(|scale| scale.abs() + 1e-3).collect(),
                    bias: integers(dense.outputs, 1e5).map(|b| b as i32).collect(),
                    inputs: dense.inputs,
                    outputs: dense.outputs,
                    relu: relu && !real,
                    output: (!real).then_some(output),
                })
            }
        }
    });
    QuantizedNetwork { input_size: 9, input, layers: layers.collect(), softmax: seed % 5 < 3 }
}

fn sample() -> QuantizedNetwork {
    random_quantized(7, &[4, 4], &[5, 3], Some(2))
}

fn proto(network: &QuantizedNetwork) -> ModelProto {
    quantized_graph(network, to_properties(&metadata(&["cat", "dog"])))
}

fn read(proto: &ModelProto) -> ModelFile {
    file::parse(&proto.encode_to_vec(), "m.onnx").unwrap()
}

fn network(proto: &ModelProto) -> QuantizedNetwork {
    match read(proto).contents {
        Contents::Network(Recognised::Quantized(network)) => network,
        Contents::Network(Recognised::Float(_)) => panic!("it is read as float"),
        Contents::Foreign { reason, .. } => panic!("it is refused: {reason}"),
    }
}

fn refusal(proto: &ModelProto) -> String {
    let file = read(proto);
    let reason = file.foreign_reason().expect("it is taken").to_string();
    let Contents::Foreign { proto: kept, .. } = file.contents else { unreachable!() };
    assert_eq!(*kept, *proto, "a refused file keeps its whole message");
    reason
}

fn tensors(proto: &mut ModelProto) -> &mut Vec<TensorProto> {
    &mut proto.graph.as_mut().unwrap().initializer
}

fn tensor<'p>(proto: &'p mut ModelProto, name: &str) -> &'p mut TensorProto {
    tensors(proto).iter_mut().find(|tensor| tensor.name == name).unwrap()
}

fn node<'p>(proto: &'p mut ModelProto, name: &str) -> &'p mut NodeProto {
    proto.graph.as_mut().unwrap().node.iter_mut().find(|node| node.name == name).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_written_network_is_read_back(
        seed in 0u64..10_000,
        widths in prop::collection::vec(1usize..7, 1..4),
        dense in prop::collection::vec(1usize..9, 1..4),
        channels in prop::option::of(1usize..6),
    ) {
        let written = random_quantized(seed, &widths, &dense, channels);
        prop_assert_eq!(network(&proto(&written)), written);
    }

    #[test]
    fn a_damaged_file_ends_in_an_error_or_a_reason(
        damage in prop::collection::vec((0.0f64..1.0, any::<u8>()), 1..6),
        length in 0.0f64..2.0,
    ) {
        let mut bytes = proto(&sample()).encode_to_vec();
        for (place, value) in damage {
            let place = (place * bytes.len() as f64) as usize;
            bytes[place] = value;
        }
        bytes.truncate((length * bytes.len() as f64) as usize);
        match file::parse(&bytes, "m.onnx") {
            Ok(file) => prop_assert!(file.foreign_reason().is_none_or(|reason| !reason.contains('\n'))),
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
        }
    }
}

#[test]
fn int8_activations_are_the_same_steps_shifted() {
    let mut shifted = proto(&sample());
    let zeros = tensors(&mut shifted).iter_mut().filter(|tensor| tensor.name.starts_with("activation_zero"));
    for zero in zeros {
        zero.data_type = DataType::Int8 as i32;
        zero.raw_data[0] ^= 0x80;
    }
    assert_eq!(network(&shifted), sample());
}

#[test]
fn uint8_weights_are_the_same_weights_around_their_zero_points() {
    let mut shifted = proto(&sample());
    for tensor in tensors(&mut shifted) {
        if tensor.data_type == DataType::Int8 as i32 {
            tensor.data_type = DataType::Uint8 as i32;
            tensor.raw_data.iter_mut().for_each(|byte| *byte ^= 0x80);
        }
    }
    assert_eq!(network(&shifted), sample());
    tensor(&mut shifted, "block1_conv2_W_zero").raw_data[1] = 0;
    let reason = refusal(&shifted);
    assert!(reason.contains("\"block1_conv2_W_real\"") && reason.contains("int8"), "{reason}");
}

#[test]
fn int8_weights_may_have_zero_points_within_reach() {
    let mut expected = sample();
    let mut moved = proto(&expected);
    let weights = &mut tensor(&mut moved, "fc1_W").raw_data;
    weights.iter_mut().for_each(|byte| *byte = (*byte as i8).clamp(-100, 100) as u8);
    tensor(&mut moved, "fc1_W_zero").raw_data = vec![20, 0, 0, 246, 0];
    let QuantizedLayer::Dense(fc1) = expected.layers.iter_mut().rev().nth(1).unwrap() else { unreachable!() };
    for (row, zero) in fc1.weights.chunks_exact_mut(fc1.inputs).zip([20, 0, 0, -10, 0]) {
        row.iter_mut().for_each(|weight| *weight = (*weight).clamp(-100, 100) - zero);
    }
    assert_eq!(network(&moved), expected);
}

#[test]
fn a_float_bias_is_rounded_half_to_even() {
    let mut real = proto(&sample());
    for name in ["block1_conv1_W_scale", "block1_conv1_b_scale"] {
        tensor(&mut real, name).raw_data = [1.0f32; 4].iter().flat_map(|scale| scale.to_le_bytes()).collect();
    }
    let QuantizedInput::Real { quantization, .. } = sample().input else { unreachable!() };
    let bias = tensor(&mut real, "block1_conv1_b");
    let step = quantization.scale;
    bias.data_type = DataType::Float as i32;
    bias.raw_data = [0.5, 1.5, -2.5, 7.0].iter().flat_map(|steps| (steps * step).to_le_bytes()).collect();
    node(&mut real, "block1_conv1").input[2] = "block1_conv1_b".into();
    let QuantizedLayer::Conv(first) = &network(&real).layers[0] else { unreachable!() };
    assert_eq!(first.bias, [0, 2, -2, 7]);
    tensor(&mut real, "block1_conv1_b").raw_data[..4].copy_from_slice(&1e30f32.to_le_bytes());
    assert!(refusal(&real).contains("too many steps"));
}

#[test]
fn layers_may_share_a_tensor() {
    let mut shared = proto(&sample());
    let weights = node(&mut shared, "block1_conv2_W_real").input.clone();
    node(&mut shared, "block2_conv1_W_real").input = weights;
    let read = network(&shared);
    let [QuantizedLayer::Conv(a), QuantizedLayer::MaxPool, QuantizedLayer::Conv(b)] = &read.layers[1..4] else {
        panic!("two blocks")
    };
    assert_eq!((&a.weights, &a.weight_scales), (&b.weights, &b.weight_scales));
}

#[test]
fn another_rounding_is_refused_by_name() {
    let mut rescaled = proto(&sample());
    node(&mut rescaled, "fc2_x").input[1] = "block1_conv1_scale".into();
    assert!(refusal(&rescaled).contains("\"fc2_x\" has other steps"));
}

#[test]
fn operators_of_other_sets_are_refused() {
    let mut odd = proto(&sample());
    node(&mut odd, "fc1_steps").domain = "com.microsoft".into();
    assert_eq!(network(&odd), sample());
    node(&mut odd, "pool1").domain = "org.example".into();
    assert!(refusal(&odd).contains("\"org.example\""));
}
