//! Graphs that are no VGG network, run by tract as their files say them.
//!
//! Tract reads only the first scale of a `DequantizeLinear` that has one per channel. Such nodes over constants are
//! computed here beforehand; over planes of activations they become the operators that they stand for; elsewhere they are
//! refused.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use tract_onnx::{
    pb::{ModelProto, NodeProto, TensorProto, tensor_proto::DataType},
    prelude::*,
    tract_core::internal::*,
};

use crate::model::{
    familiarity_graph::FAMILIARITY,
    onnx::{
        build,
        graph::{Graph, attribute_int, describe, input, output},
        tensor::{self, Constant, Elements},
    },
};

/// Lets tract read the graph with its input fixed to one picture.
pub fn typed_model(proto: &ModelProto, size: usize, channels_last: bool, float: bool) -> TractResult<TypedModel> {
    let proto = with_real_constants(proto).map_err(TractError::msg)?;
    let shape = if channels_last { [1, size, size, 3] } else { [1, 3, size, size] };
    let fact = if float { f32::fact(shape) } else { u8::fact(shape) };
    let mut model = tract_onnx::onnx().with_ignore_value_info(true).model_for_proto_model(&proto)?;
    // The first output is the answer; others do not count, but for a familiarity of our own making.
    let names = proto.graph.iter().flat_map(|graph| &graph.output).map(|output| output.name.as_str()).enumerate();
    let wanted = names.filter(|&(index, name)| index == 0 || name == FAMILIARITY).map(|(index, _)| index);
    let outlets = model.output_outlets()?.to_vec();
    let wanted: Vec<_> = wanted.filter_map(|index| outlets.get(index).copied()).collect();
    model.select_output_outlets(&wanted)?;
    model.set_input_fact(0, fact.into())?;
    model.into_typed()?.into_decluttered()
}

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` on a graph that nobody has checked. Tract asserts what well-formed graphs have; a graph that is not must
/// end in an error, not in a crash.
pub fn contained<T>(work: impl FnOnce() -> TractResult<T>) -> TractResult<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // The error tells it; a report of a crash would only worry.
            if !CONTAINED.get() {
                previous(info);
            }
        }));
    });
    let outer = CONTAINED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(outer);
    result.unwrap_or_else(|_| bail!("its operators do not fit together; export the model again"))
}

/// The model with every `DequantizeLinear` over a constant replaced by the real values.
fn with_real_constants(proto: &ModelProto) -> Result<ModelProto, String> {
    let graph = Graph::new(proto)?;
    let mut computed = vec![];
    let mut kept = vec![];
    for &node in graph.nodes() {
        let quantization = ["DequantizeLinear", "QuantizeLinear"].contains(&node.op_type.as_str());
        let source = input(node, 0).unwrap_or_default();
        if node.op_type == "DequantizeLinear" && graph.is_constant(source) {
            computed.push(tensor::write(output(node)?, &dequantized(&graph, node)?));
        } else if node.op_type == "DequantizeLinear"
            && attribute_int(node, "axis", 1) == 1
            && per_channel(&graph, node)?
        {
            let (nodes, constants) = channelwise(&graph, node)?;
            kept.extend(nodes);
            computed.extend(constants);
        } else if quantization && graph.constant(input(node, 1).unwrap_or_default())?.elements.len() > 1 {
            return Err(format!(
                "{} has a scale for each channel of an activation, which tract cannot run",
                describe(node)
            ));
        } else {
            kept.push(node.clone());
        }
    }
    let mut proto = proto.clone();
    if let Some(graph) = &mut proto.graph {
        graph.node = kept;
        graph.initializer.extend(computed);
    }
    Ok(proto)
}

fn per_channel(graph: &Graph, node: &NodeProto) -> Result<bool, String> {
    Ok(graph.constant(input(node, 1).unwrap_or_default())?.elements.len() > 1)
}

/// A `DequantizeLinear` of planes with a scale for each channel, as the operators that it stands for, and their constants.
fn channelwise(graph: &Graph, node: &NodeProto) -> Result<([NodeProto; 3], [TensorProto; 2]), String> {
    let scales = graph.constant(input(node, 1).unwrap_or_default())?.elements;
    let Elements::F32(scales) = scales else { return Err(unfit(node)) };
    let zeros = zero_points(graph, node, scales.len())?;
    let to = output(node)?;
    let [real, shifted, zero_name, scale_name] =
        ["real", "shifted", "zeros", "scales"].map(|part| format!("{to}/{part}"));
    let make = |op_type: &str, inputs: [&str; 2], output: &str, attribute| NodeProto {
        name: output.into(),
        op_type: op_type.into(),
        input: inputs.into_iter().filter(|name| !name.is_empty()).map(Into::into).collect(),
        output: vec![output.into()],
        attribute,
        ..Default::default()
    };
    let nodes = [
        make("Cast", [input(node, 0).unwrap_or_default(), ""], &real, vec![build::int("to", DataType::Float as i64)]),
        make("Sub", [&real, &zero_name], &shifted, vec![]),
        make("Mul", [&shifted, &scale_name], to, vec![]),
    ];
    let planes = |name: &str, values: Vec<f32>| {
        tensor::write(name, &Constant { shape: vec![1, values.len(), 1, 1], elements: Elements::F32(values) })
    };
    let zeros = zeros.iter().map(|&zero| zero as f32).collect();
    Ok((nodes, [planes(&zero_name, zeros), planes(&scale_name, scales)]))
}

/// `(x − zero point) × scale`, per tensor or along one axis, as ONNX defines `DequantizeLinear`.
fn dequantized(graph: &Graph, node: &NodeProto) -> Result<Constant, String> {
    let constant = graph.constant(input(node, 0).unwrap_or_default())?;
    let Elements::F32(scales) = graph.constant(input(node, 1).unwrap_or_default())?.elements else {
        return Err(format!("{} has a scale that is not float", describe(node)));
    };
    let zeros = zero_points(graph, node, scales.len())?;
    let rank = constant.shape.len() as i64;
    let axis = attribute_int(node, "axis", 1);
    let axis = if axis < 0 { axis + rank } else { axis };
    let inner: usize = constant.shape.iter().skip(axis.max(0) as usize + 1).product();
    let channels = constant.shape.get(axis.max(0) as usize).copied().unwrap_or(1);
    let per_channel = scales.len() > 1;
    if scales.is_empty() || (per_channel && scales.len() != channels) {
        return Err(unfit(node));
    }
    let steps = constant.elements.integers().ok_or_else(|| unfit(node))?;
    let real = steps.iter().enumerate().map(|(i, &step)| {
        let channel = if per_channel { i / inner.max(1) % channels } else { 0 };
        (step - zeros[channel]) as f32 * scales[channel]
    });
    Ok(Constant { shape: constant.shape, elements: Elements::F32(real.collect()) })
}

/// The zero points of a `DequantizeLinear`, as many as it has scales.
fn zero_points(graph: &Graph, node: &NodeProto, count: usize) -> Result<Vec<i64>, String> {
    let zeros = match input(node, 2) {
        Some(name) => graph.constant(name)?.elements.integers().ok_or_else(|| unfit(node))?,
        None => vec![0; count],
    };
    if zeros.len() == count { Ok(zeros) } else { Err(unfit(node)) }
}

fn unfit(node: &NodeProto) -> String {
    format!("{} has scales or zero points that do not fit its tensor", describe(node))
}
