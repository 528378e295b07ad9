//! The path from the first convolution to the end of a VGG graph.

use tract_onnx::pb::NodeProto;

use super::{
    activation::{self, Steps},
    layers::{Path, Step},
    walk::Walk,
};
use crate::model::onnx::graph::{Graph, attribute_int, describe, output};

/// The longest step of rounded probabilities that may be left out: half of it is far below what a class turns on.
const FINE_STEP: f32 = 0.01;

/// The node that alone reads `value`, past nodes that change nothing; moves `value` along.
pub fn next<'g>(graph: &Graph<'g>, value: &mut String) -> Result<Option<&'g NodeProto>, String> {
    while let Some(node) = graph.only_consumer(value)? {
        let known = match node.domain.as_str() {
            "" | "ai.onnx" => true,
            // The same operators as ONNX's, which came with 16-bit types first.
            "com.microsoft" => ["QuantizeLinear", "DequantizeLinear"].contains(&node.op_type.as_str()),
            _ => false,
        };
        match node.op_type.as_str() {
            _ if !known => return Err(format!("{} is of the operator set {:?}", describe(node), node.domain)),
            "Identity" | "Dropout" => *value = output(node)?.into(),
            _ => return Ok(Some(node)),
        }
    }
    Ok(None)
}

/// The error of a step along the path, with the node that it happened at.
pub fn at(node: &NodeProto, error: String) -> String {
    let name = describe(node);
    if error.contains(&name) { error } else { format!("{name}: {error}") }
}

/// Walks from `value`, which the first convolution reads, to the end of the graph.
pub fn read(graph: &Graph, mut value: String, mut walk: Walk) -> Result<Path, String> {
    let mut softmax = None;
    while let Some(node) = next(graph, &mut value)? {
        match &mut softmax {
            None if node.op_type == "Softmax" => softmax = Some(begin(node, &walk)?),
            None => layer(graph, node, &value, &mut walk).map_err(|error| at(node, error))?,
            Some(probabilities) => probabilities.follow(graph, node)?,
        }
        value = output(node)?.into();
    }
    if !graph.is_output(&value) {
        return Err(format!("its path ends at {value:?}, which is not its output"));
    }
    if walk.in_steps || softmax.as_ref().is_some_and(|probabilities| probabilities.in_steps) {
        return Err(format!("its output {value:?} is steps, not real numbers"));
    }
    let path = Path { steps: walk.steps, softmax: softmax.is_some() };
    if !walk.flat || !matches!(path.steps.last(), Some(Step::Weighted(_) | Step::AveragePool { .. })) {
        return Err(format!("its path to {value:?} does not end with a dense layer"));
    }
    if let Some(layer) = path.weighted().find(|layer| layer.bias.is_none()) {
        return Err(format!("{} has no bias", layer.node));
    }
    Ok(path)
}

/// Moves `walk`, which stands at `value`, over `node`.
fn layer(graph: &Graph, node: &NodeProto, value: &str, walk: &mut Walk) -> Result<(), String> {
    match node.op_type.as_str() {
        "Conv" | "Gemm" | "MatMul" | "Add" | "Relu" | "BatchNormalization" if walk.in_steps => {
            Err(format!("{} reads steps, not real numbers", describe(node)))
        }
        "Conv" => walk.convolution(graph, node, value),
        "Gemm" => walk.gemm(graph, node, value),
        "MatMul" => walk.matmul(graph, node, value),
        "Add" => walk.add(graph, node, value),
        "Relu" => walk.relu(node),
        "BatchNormalization" => walk.batch_norm(graph, node),
        "MaxPool" => walk.max_pool(node),
        "AveragePool" | "GlobalAveragePool" => walk.average_pool(node),
        "Flatten" if attribute_int(node, "axis", 1) == 1 => {
            walk.flatten();
            Ok(())
        }
        "Reshape" => walk.reshape(graph, node),
        "QuantizeLinear" => walk.quantize(graph, node),
        "DequantizeLinear" => walk.dequantize(graph, node),
        _ => Err(format!(
            "{} is not part of a VGG network (Conv, BatchNormalization, Relu, MaxPool, GlobalAveragePool, Flatten, Gemm, Softmax)",
            describe(node)
        )),
    }
}

/// What follows the softmax.
#[derive(Default)]
struct Probabilities {
    rounded: Option<Steps>,
    in_steps: bool,
}

fn begin(softmax: &NodeProto, walk: &Walk) -> Result<Probabilities, String> {
    if [1, -1].contains(&attribute_int(softmax, "axis", -1)) && walk.flat && !walk.in_steps {
        Ok(Probabilities::default())
    } else {
        Err(format!("{} is not a softmax over the classes", describe(softmax)))
    }
}

impl Probabilities {
    /// Nothing but a fine rounding may follow. It is left out: probabilities stay within half a step of the file's.
    fn follow(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let same = |rounded: Option<Steps>, steps: Steps| rounded.is_none_or(|rounded| rounded == steps);
        match node.op_type.as_str() {
            "QuantizeLinear" if !self.in_steps => {
                let steps = activation::quantizer(graph, node).map_err(|error| at(node, error))?;
                let scale = steps.quantization.scale;
                let highest = f32::from(255 - steps.quantization.zero_point) * scale;
                if scale > FINE_STEP || highest < 1.0 - FINE_STEP || !same(self.rounded, steps) {
                    return Err(format!("{} rounds probabilities to steps of {scale} up to {highest}", describe(node)));
                }
                (self.rounded, self.in_steps) = (Some(steps), true);
                Ok(())
            }
            "DequantizeLinear" if self.in_steps => {
                let signed = self.rounded.is_some_and(|rounded| rounded.signed);
                let steps = activation::dequantizer(graph, node, signed).map_err(|error| at(node, error))?;
                if !same(self.rounded, steps) {
                    return Err(format!("{} has other steps than the QuantizeLinear before it", describe(node)));
                }
                self.in_steps = false;
                Ok(())
            }
            _ => Err(format!("{} follows the softmax, which ends a classifier", describe(node))),
        }
    }
}
