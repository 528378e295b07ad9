//! The path from the first convolution to the end of a VGG graph.

use tract_onnx::pb::NodeProto;

use super::{
    layers::{Path, Step, Weighted, check_length, transposed},
    weights::{self, Bias, Values},
};
use crate::model::onnx::{
    graph::{Graph, attribute_float, attribute_int, attribute_ints, attribute_string, describe, input, output},
    tensor::Elements,
};

/// The node that alone reads `value`, past nodes that change nothing; moves `value` along.
pub fn next<'g>(graph: &Graph<'g>, value: &mut String) -> Result<Option<&'g NodeProto>, String> {
    while let Some(node) = graph.only_consumer(value)? {
        match node.op_type.as_str() {
            "Identity" | "Dropout" => *value = output(node)?.into(),
            _ => return Ok(Some(node)),
        }
    }
    Ok(None)
}

/// Where the walk stands.
struct Walk {
    steps: Vec<Step>,
    /// Channels, rows and columns before the flattening; values after it.
    channels: usize,
    side: usize,
    flat: bool,
    /// Real value of one uint8 step of the current value, and of the picture at first.
    scale: f32,
    /// Whether the current value is uint8 steps.
    in_steps: bool,
    blocks: usize,
    convolutions: usize,
    dense: usize,
}

/// Walks from `value`, the square picture of `size` pixels, to the end of the graph.
pub fn read(graph: &Graph, mut value: String, size: usize) -> Result<Path, String> {
    let mut walk = Walk {
        steps: vec![],
        channels: 3,
        side: size,
        flat: false,
        scale: 1.0,
        in_steps: false,
        blocks: 1,
        convolutions: 0,
        dense: 0,
    };
    let mut softmax = false;
    while let Some(node) = next(graph, &mut value)? {
        let refuse = |why: &str| Err(format!("{} {why}", describe(node)));
        if softmax {
            return refuse("follows the softmax, which ends a classifier");
        }
        match node.op_type.as_str() {
            "Conv" | "Gemm" | "MatMul" if walk.in_steps => return refuse("reads uint8 steps"),
            "Conv" => walk.convolution(graph, node)?,
            "Gemm" => walk.gemm(graph, node, &value)?,
            "MatMul" => walk.matmul(graph, node, &value)?,
            "Add" => walk.add(graph, node, &value)?,
            "Relu" => match walk.last() {
                Some(layer) if !layer.relu && layer.output_scale.is_none() => layer.relu = true,
                _ => return refuse("does not follow a convolution or dense layer"),
            },
            "MaxPool" => walk.max_pool(node)?,
            "Flatten" if attribute_int(node, "axis", 1) == 1 => walk.flatten(),
            "Reshape" => walk.reshape(graph, node)?,
            "QuantizeLinear" => walk.quantize(graph, node)?,
            "DequantizeLinear" if walk.in_steps => {
                let scale = activation_scale(graph, node)?;
                if scale != walk.scale {
                    return refuse("has another scale than the QuantizeLinear before it");
                }
                walk.in_steps = false;
            }
            "Softmax" if [1, -1].contains(&attribute_int(node, "axis", -1)) && walk.flat => softmax = true,
            _ => return refuse("is not part of a VGG network (Conv, Relu, MaxPool, Flatten, Gemm, Softmax)"),
        }
        value = output(node)?.into();
    }
    if !graph.is_output(&value) {
        return Err(format!("its path ends at {value:?}, which is not its output"));
    }
    if walk.in_steps {
        return Err("its output is uint8 steps, not real numbers".into());
    }
    if !walk.flat || !matches!(walk.steps.last(), Some(Step::Weighted(_))) {
        return Err("it does not end with a dense layer".into());
    }
    if let Some(layer) = walk.steps.iter().find_map(|step| match step {
        Step::Weighted(layer) if layer.bias.is_none() => Some(&layer.name),
        _ => None,
    }) {
        return Err(format!("{layer} has no bias"));
    }
    Ok(Path { steps: walk.steps, softmax })
}

impl Walk {
    fn last(&mut self) -> Option<&mut Weighted> {
        match self.steps.last_mut() {
            Some(Step::Weighted(layer)) => Some(layer),
            _ => None,
        }
    }

    fn convolution(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let refuse = |why: String| Err(format!("{} {why}", describe(node)));
        let is = |name, expected: &[i64]| attribute_ints(node, name).is_none_or(|values| values == expected);
        let auto_pad = attribute_string(node, "auto_pad").unwrap_or(b"NOTSET");
        let padded = match auto_pad {
            b"SAME_UPPER" | b"SAME_LOWER" => true,
            _ => attribute_ints(node, "pads") == Some(&[1, 1, 1, 1]),
        };
        if self.flat {
            return refuse("follows a dense layer".into());
        }
        if !padded || !is("strides", &[1, 1]) || !is("dilations", &[1, 1]) || attribute_int(node, "group", 1) != 1 {
            return refuse("is not a 3×3 convolution with stride 1 and one pixel of padding".into());
        }
        let (weights, shape) = weights::read(graph, input(node, 1).unwrap_or_default(), 0)?;
        let [outputs, inputs, 3, 3] = shape[..] else {
            return refuse(format!("has kernels of the shape {shape:?}; VGG's are 3×3"));
        };
        if inputs != self.channels {
            return refuse(format!("expects {inputs} channels and gets {}", self.channels));
        }
        let bias = self.bias(graph, node, input(node, 2), outputs, &weights)?;
        self.convolutions += 1;
        let name = format!("block{}_conv{}", self.blocks, self.convolutions);
        self.channels = outputs;
        self.push(Weighted {
            name,
            convolution: true,
            weights,
            bias: Some(bias),
            inputs,
            outputs,
            relu: false,
            output_scale: None,
        });
        Ok(())
    }

    fn gemm(&mut self, graph: &Graph, node: &NodeProto, value: &str) -> Result<(), String> {
        let ordinary = attribute_float(node, "alpha", 1.0) == 1.0
            && attribute_float(node, "beta", 1.0) == 1.0
            && attribute_int(node, "transA", 0) == 0
            && input(node, 0) == Some(value);
        if !ordinary {
            return Err(format!("{} is not a plain dense layer", describe(node)));
        }
        let outputs_first = attribute_int(node, "transB", 0) != 0;
        let (weights, inputs, outputs) = self.dense_weights(graph, node, outputs_first)?;
        let bias = self.bias(graph, node, input(node, 2), outputs, &weights)?;
        self.push_dense(weights, Some(bias), inputs, outputs);
        Ok(())
    }

    fn matmul(&mut self, graph: &Graph, node: &NodeProto, value: &str) -> Result<(), String> {
        if input(node, 0) != Some(value) {
            return Err(format!("{} multiplies from the left, which a dense layer does not", describe(node)));
        }
        let (weights, inputs, outputs) = self.dense_weights(graph, node, false)?;
        self.push_dense(weights, None, inputs, outputs);
        Ok(())
    }

    fn add(&mut self, graph: &Graph, node: &NodeProto, value: &str) -> Result<(), String> {
        let scale = self.scale;
        let other = node.input.iter().map(String::as_str).find(|name| *name != value).unwrap_or_default();
        match self.last() {
            Some(layer) if layer.bias.is_none() => {
                let bias = weights::read_bias(graph, other, scale, &layer.weights)?;
                check_length(node, &bias, layer.outputs)?;
                layer.bias = Some(bias);
                Ok(())
            }
            _ => Err(format!("{} does not add a bias to a dense layer", describe(node))),
        }
    }

    /// Weights of a dense layer as `O×I`, and `I` and `O`.
    fn dense_weights(
        &mut self,
        graph: &Graph,
        node: &NodeProto,
        outputs_first: bool,
    ) -> Result<(Values, usize, usize), String> {
        let output_axis = usize::from(!outputs_first);
        let (weights, shape) = weights::read(graph, input(node, 1).unwrap_or_default(), output_axis)?;
        let [rows, columns] = shape[..] else {
            return Err(format!("{} has weights of the shape {shape:?}, not a matrix", describe(node)));
        };
        let (weights, inputs, outputs) = if outputs_first {
            (weights, columns, rows)
        } else {
            let weights = match weights {
                Values::Real(values) => Values::Real(transposed(&values, rows, columns)),
                Values::Steps { steps, scales } => Values::Steps { steps: transposed(&steps, rows, columns), scales },
            };
            (weights, rows, columns)
        };
        let available = self.values();
        if !self.flat || inputs != available {
            return Err(format!("{} expects {inputs} values in a row and gets {available}", describe(node)));
        }
        Ok((weights, inputs, outputs))
    }

    fn bias(
        &self,
        graph: &Graph,
        node: &NodeProto,
        name: Option<&str>,
        outputs: usize,
        weights: &Values,
    ) -> Result<Bias, String> {
        let bias = match (name, weights) {
            (Some(name), _) => weights::read_bias(graph, name, self.scale, weights)?,
            (None, Values::Real(_)) => Bias::Real(vec![0.0; outputs]),
            (None, Values::Steps { .. }) => Bias::Steps(vec![0; outputs]),
        };
        check_length(node, &bias, outputs)?;
        Ok(bias)
    }

    fn push_dense(&mut self, weights: Values, bias: Option<Bias>, inputs: usize, outputs: usize) {
        self.dense += 1;
        self.channels = outputs;
        let name = format!("fc{}", self.dense);
        self.push(Weighted {
            name,
            convolution: false,
            weights,
            bias,
            inputs,
            outputs,
            relu: false,
            output_scale: None,
        });
    }

    fn push(&mut self, layer: Weighted) {
        self.steps.push(Step::Weighted(layer));
    }

    fn max_pool(&mut self, node: &NodeProto) -> Result<(), String> {
        let is = |name, expected: &[i64]| attribute_ints(node, name).is_none_or(|values| values == expected);
        let ordinary = attribute_ints(node, "kernel_shape") == Some(&[2, 2])
            && attribute_ints(node, "strides") == Some(&[2, 2])
            && is("pads", &[0, 0, 0, 0])
            && is("dilations", &[1, 1])
            && attribute_int(node, "ceil_mode", 0) == 0;
        if !ordinary || self.flat || self.side < 2 {
            return Err(format!("{} is not a 2×2 max pool with stride 2 of a picture", describe(node)));
        }
        self.side /= 2;
        self.blocks += 1;
        self.convolutions = 0;
        self.steps.push(Step::MaxPool);
        Ok(())
    }

    /// Number of values that one picture has here.
    fn values(&self) -> usize {
        if self.flat { self.channels } else { self.channels.saturating_mul(self.side).saturating_mul(self.side) }
    }

    fn flatten(&mut self) {
        if !self.flat {
            self.channels = self.values();
            self.flat = true;
        }
    }

    fn reshape(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let values = self.values() as i64;
        match graph.constant(input(node, 1).unwrap_or_default())?.elements {
            Elements::I64(shape)
                if shape.len() == 2 && (shape[1] == -1 || shape[1] == values) && shape[0] != values =>
            {
                self.flatten();
                Ok(())
            }
            _ => Err(format!("{} is not a flattening", describe(node))),
        }
    }

    fn quantize(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let scale = activation_scale(graph, node)?;
        let unchanged = scale == self.scale && !self.in_steps;
        match self.last() {
            Some(layer) if layer.output_scale.is_none() => {
                // Steps from 0 to 255 with zero point 0 cut negative values off, as ReLU does.
                layer.relu = true;
                layer.output_scale = Some(scale);
            }
            _ if unchanged => {}
            _ => return Err(format!("{} rescales a value that is quantized already", describe(node))),
        }
        self.scale = scale;
        self.in_steps = true;
        Ok(())
    }
}

/// The one scale of a `QuantizeLinear` or `DequantizeLinear` with uint8 steps and zero point 0.
fn activation_scale(graph: &Graph, node: &NodeProto) -> Result<f32, String> {
    let zero = input(node, 2).map(|name| graph.constant(name)).transpose()?;
    if zero.is_some_and(|zero| !matches!(&zero.elements, Elements::U8(zero) if zero[..] == [0])) {
        return Err(format!("{} has another zero point than uint8 0", describe(node)));
    }
    let scale = graph.floats(input(node, 1), 1)?[0];
    if !(scale.is_finite() && scale > 0.0) {
        return Err(format!("{} has the scale {scale}", describe(node)));
    }
    Ok(scale)
}
