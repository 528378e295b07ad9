//! Familiarity as a second output of a network's graph, so that any ONNX tool computes it too.

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, tensor_proto::DataType};

use super::{
    familiarity::Familiarity,
    onnx::{
        build::{int, ints, node, value_info},
        graph::input,
        tensor::{self, Constant, Elements},
    },
};

/// Name of the output, float `1×1`.
pub const FAMILIARITY: &str = "familiarity";

/// Adds the output to a graph of our own making. The error names the layer that the graph lacks.
pub fn add(model: &mut ModelProto, familiarity: &Familiarity) -> Result<(), String> {
    let graph = model.graph.as_mut().ok_or("there is no graph")?;
    let mut parts = vec![];
    for layer in &familiarity.layers {
        let Pooled { value, steps } = behind(graph, layer).ok_or_else(|| format!("no max pool follows {layer:?}"))?;
        let value = match steps {
            Some([scale, zero]) => {
                put(graph, "DequantizeLinear", format!("familiarity_{layer}"), &[&value, &scale, &zero], vec![])
            }
            None => value,
        };
        for (name, op_type) in [("mean", "GlobalAveragePool"), ("highest", "GlobalMaxPool")] {
            parts.push(put(graph, op_type, format!("familiarity_{layer}_{name}"), &[&value], vec![]));
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let all = put(graph, "Concat", "familiarity_pooled".into(), &parts, vec![int("axis", 1)]);
    let row = put(graph, "Flatten", "familiarity_row".into(), &[&all], vec![int("axis", 1)]);
    let roots = put(graph, "Sqrt", "familiarity_roots".into(), &[&row], vec![]);
    let (classes, features) = (familiarity.bias.len(), familiarity.features());
    let weights = constant(graph, "familiarity_W", &[classes, features], &familiarity.weights);
    let bias = constant(graph, "familiarity_b", &[classes], &familiarity.bias);
    let inputs = [roots.as_str(), &weights, &bias];
    let nearness = put(graph, "Gemm", "familiarity_classes".into(), &inputs, vec![int("transB", 1)]);
    let attributes = vec![ints("axes", &[1]), int("keepdims", 1)];
    put(graph, "ReduceMax", FAMILIARITY.into(), &[&nearness], attributes);
    graph.output.push(value_info(FAMILIARITY, DataType::Float, &[1, 1]));
    Ok(())
}

/// What a max pool leaves.
struct Pooled {
    value: String,
    /// Scale and zero point, where it is steps.
    steps: Option<[String; 2]>,
}

/// What the max pool leaves that follows the convolution called `layer`.
fn behind(graph: &GraphProto, layer: &str) -> Option<Pooled> {
    let conv = graph.node.iter().find(|node| node.op_type == "Conv" && node.name == layer)?;
    let mut value = conv.output.first()?;
    let mut steps = None;
    loop {
        let reader = graph.node.iter().find(|node| input(node, 0) == Some(value))?;
        value = reader.output.first()?;
        match reader.op_type.as_str() {
            "Relu" => {}
            "QuantizeLinear" => steps = Some([input(reader, 1)?.to_owned(), input(reader, 2)?.to_owned()]),
            "MaxPool" => return Some(Pooled { value: value.clone(), steps }),
            _ => return None,
        }
    }
}

fn put(
    graph: &mut GraphProto,
    op_type: &str,
    name: String,
    inputs: &[&str],
    attributes: Vec<tract_onnx::pb::AttributeProto>,
) -> String {
    let made: NodeProto = node(op_type, name.clone(), inputs, attributes);
    graph.node.push(made);
    name
}

fn constant(graph: &mut GraphProto, name: &str, shape: &[usize], values: &[f32]) -> String {
    let constant = Constant { shape: shape.to_vec(), elements: Elements::F32(values.to_vec()) };
    graph.initializer.push(tensor::write(name, &constant));
    name.into()
}
