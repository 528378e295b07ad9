//! ONNX graphs as PyTorch and the ONNX zoo write them.

use prost::Message;
use tract_onnx::pb::{AttributeProto, attribute_proto::AttributeType, tensor_proto::DataType};
use vggcam::{
    finetune::import::{head::Head, preparation::Preparation},
    model::onnx::{
        build::{ANY, Builder, int, ints},
        tensor::Elements,
    },
};

use crate::{
    answer, assert_near, expected, import, imported, refused, torch,
    vgg::{NormPlace, Vgg},
};

/// How a graph begins.
#[derive(Clone, Copy, PartialEq)]
enum Pixels {
    /// With the first convolution.
    Bare,
    /// 255, mean and deviation of torchvision.
    Normalized,
}

fn floats(b: &mut Builder, name: &str, shape: &[usize], values: &[f32]) -> String {
    b.constant(name.into(), shape, Elements::F32(values.to_vec()))
}

fn graph(vgg: &Vgg, pixels: Pixels) -> Vec<u8> {
    let mut b = Builder::new("torch_jit", "data", DataType::Float, &[ANY, 3, vgg.size, vgg.size]);
    let b = &mut b;
    let mut value = "data".to_string();
    if pixels == Pixels::Normalized {
        let [whole, mean, deviation] = [
            floats(b, "whole", &[], &[255.0]),
            floats(b, "mean", &[1, 3, 1, 1], &[0.485, 0.456, 0.406]),
            floats(b, "deviation", &[3, 1, 1], &[0.229, 0.224, 0.225]),
        ];
        value = b.node("Div", "unit".into(), &[&value, &whole], vec![]);
        value = b.node("Sub", "centred".into(), &[&value, &mean], vec![]);
        value = b.node("Div", "normal".into(), &[&value, &deviation], vec![]);
    }
    for (index, layer) in vgg.convolutions.iter().enumerate() {
        let name = format!("conv{index}");
        let weights = floats(b, &format!("{name}.weight"), &[layer.outputs(), layer.inputs, 3, 3], &layer.weights);
        let bias = floats(b, &format!("{name}.bias"), &[layer.outputs()], &layer.bias);
        value = b.node(
            "Conv",
            name.clone(),
            &[&value, &weights, &bias],
            vec![ints("kernel_shape", &[3, 3]), ints("pads", &[1, 1, 1, 1]), ints("strides", &[1, 1])],
        );
        if let Some(norm) = &layer.norm {
            let parts: Vec<_> =
                (0..4).map(|i| floats(b, &format!("{name}.norm{i}"), &[layer.outputs()], &norm[i])).collect();
            let epsilon = AttributeProto {
                name: "epsilon".into(),
                r#type: AttributeType::Float as i32,
                f: vgg.epsilon as f32,
                ..Default::default()
            };
            let inputs = [&value, &parts[0], &parts[1], &parts[2], &parts[3]].map(String::as_str);
            value = b.node("BatchNormalization", format!("{name}_norm"), &inputs, vec![epsilon]);
        }
        value = b.node("Relu", format!("{name}_relu"), &[&value], vec![]);
        if [1, 3, 6, 9, 12].contains(&index) {
            let attributes = vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
            value = b.node("MaxPool", format!("pool{index}"), &[&value], attributes);
        }
    }
    if vgg.pooled() {
        value = b.node("GlobalAveragePool", "mean".into(), &[&value], vec![]);
    } else {
        let attributes = vec![ints("kernel_shape", &[1, 1]), ints("strides", &[1, 1])];
        value = b.node("AveragePool", "adaptive".into(), &[&value], attributes);
    }
    value = b.node("Flatten", "flatten".into(), &[&value], vec![int("axis", 1)]);
    for (index, layer) in vgg.dense.iter().enumerate() {
        let name = format!("fc{index}");
        let weights = floats(b, &format!("{name}.weight"), &[layer.outputs(), layer.inputs], &layer.weights);
        let bias = floats(b, &format!("{name}.bias"), &[layer.outputs()], &layer.bias);
        value = b.node("Gemm", name.clone(), &[&value, &weights, &bias], vec![int("transB", 1)]);
        if index + 1 < vgg.dense.len() {
            value = b.node("Relu", format!("{name}_relu"), &[&value], vec![]);
        }
    }
    if !vgg.dense.is_empty() {
        value = b.node("Softmax", "softmax".into(), &[&value], vec![int("axis", 1)]);
    }
    std::mem::take(b).finish(&value, "output", DataType::Float, &[ANY, 5], vec![]).whole().encode_to_vec()
}

#[test]
fn a_graph_that_leaves_its_pixels_to_others_gets_torchvisions() {
    let vgg = Vgg::random(21, 64, &[7, 6, 5]);
    let bytes = graph(&vgg, Pixels::Bare);
    let (network, said) = imported("vgg16-12.onnx", &bytes);
    assert_near(&answer(&network), &expected(&vgg, false, torch));
    assert!(said.assumed[0].contains("--preprocessing"), "{:?}", said.assumed);
    let unit = |options: &mut crate::Options| options.preparation = Some(Preparation::Unit);
    let (network, said) = import("x.onnx", &bytes, unit).unwrap();
    assert_near(&answer(&network), &expected(&vgg, false, |_, value| value / 255.0));
    assert_eq!(said.assumed, [""; 0]);
}

#[test]
fn a_graph_that_prepares_its_pixels_is_taken_at_its_word() {
    let vgg = Vgg::random(22, 64, &[7, 6, 5]).with_norms(NormPlace::Convolutions, 1e-5);
    let bytes = graph(&vgg, Pixels::Normalized);
    let (network, said) = imported("x.onnx", &bytes);
    assert_near(&answer(&network), &expected(&vgg, false, torch));
    assert_eq!((said.preparation, said.assumed.len()), (None, 0));
    let error = import("x.onnx", &bytes, |options| options.preparation = Some(Preparation::Caffe)).err().unwrap();
    assert!(error.to_string().contains("prepares the pixels itself"), "{error}");
}

#[test]
fn means_of_planes_are_recognised_and_heads_replaced() {
    let mut vgg = Vgg::random(23, 64, &[]);
    let (network, _) = imported("x.onnx", &graph(&vgg, Pixels::Bare));
    assert_near(&answer(&network), &expected(&vgg, false, torch));
    vgg.dense = Vgg::dense_layers(24, vgg.channels(), &[6, 4]);
    let bytes = graph(&vgg, Pixels::Bare);
    let (network, _) = imported("x.onnx", &bytes);
    assert_near(&answer(&network), &expected(&vgg, false, torch));
    let (network, said) = import("x.onnx", &bytes, |options| options.head = Some(Head::Pool)).unwrap();
    assert_eq!(said.features, vgg.channels());
    vgg.dense = vec![];
    assert_near(&answer(&network), &expected(&vgg, false, torch));
}

#[test]
fn other_graphs_are_refused_by_their_first_foreign_node() {
    let vgg = Vgg::random(25, 64, &[7, 6, 5]);
    let mut model = tract_onnx::pb::ModelProto::decode(&graph(&vgg, Pixels::Bare)[..]).unwrap();
    let node = model.graph.as_mut().unwrap().node.iter_mut().find(|node| node.name == "conv3_relu").unwrap();
    node.op_type = "HardSwish".into();
    let error = refused("x.onnx", &model.encode_to_vec());
    assert!(error.contains("no VGG network") && error.contains("HardSwish") && error.contains("conv3_relu"), "{error}");
    assert!(refused("x.onnx", b"\x08\x07\x3a\xff\xff\x03").contains("cut short"));
}
