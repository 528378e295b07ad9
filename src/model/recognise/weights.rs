//! Weights and biases of a layer: float constants, or integer constants behind `DequantizeLinear`.

use crate::model::onnx::{
    graph::{Graph, attribute_int, describe, input},
    tensor::Elements,
};

/// A layer's constants.
#[derive(Debug)]
pub enum Values {
    /// Float.
    Real(Vec<f32>),
    /// int8, with one scale for each output channel.
    Steps { steps: Vec<i8>, scales: Vec<f32> },
}

/// A layer's bias.
#[derive(Debug)]
pub enum Bias {
    /// Float.
    Real(Vec<f32>),
    /// int32, in steps of the input's scale times the weights' scale.
    Steps(Vec<i32>),
}

impl Bias {
    /// The float values, if it is float.
    pub fn real(self) -> Option<Vec<f32>> {
        match self {
            Bias::Real(values) => Some(values),
            Bias::Steps(_) => None,
        }
    }

    /// The steps, if it is quantized.
    pub fn steps(self) -> Option<Vec<i32>> {
        match self {
            Bias::Real(_) => None,
            Bias::Steps(steps) => Some(steps),
        }
    }
}

/// Reads the weights called `name` and their shape; `output_axis` is the axis of the output channels.
pub fn read(graph: &Graph, name: &str, output_axis: usize) -> Result<(Values, Vec<usize>), String> {
    if graph.is_constant(name) {
        let constant = graph.constant(name)?;
        return match constant.elements {
            Elements::F32(values) => Ok((Values::Real(values), constant.shape)),
            _ => Err(format!("the weights {name:?} are not float")),
        };
    }
    let node = dequantizer(graph, name)?;
    let constant = graph.constant(input(node, 0).unwrap_or_default())?;
    let Elements::I8(steps) = constant.elements else {
        return Err(format!("{} dequantizes weights that are not int8", describe(node)));
    };
    let outputs = *constant.shape.get(output_axis).ok_or_else(|| format!("the weights {name:?} have too few axes"))?;
    let rank = constant.shape.len() as i64;
    let axis = attribute_int(node, "axis", 1);
    let scale_shape = graph.constant(input(node, 1).unwrap_or_default())?.shape;
    if !scale_shape.is_empty() && scale_shape != [1] && axis != output_axis as i64 && axis + rank != output_axis as i64
    {
        return Err(format!("{} scales axis {axis}, not the output channels", describe(node)));
    }
    let scales = graph.floats(input(node, 1), outputs)?;
    if let Some(zero) = input(node, 2) {
        match graph.constant(zero)?.elements {
            Elements::I8(zero) if zero.iter().all(|&z| z == 0) => {}
            _ => return Err(format!("{} has zero points other than 0", describe(node))),
        }
    }
    Ok((Values::Steps { steps, scales }, constant.shape))
}

/// Reads the bias called `name`. A quantized one must come in steps of `input_scale` times `weight_scales`.
pub fn read_bias(graph: &Graph, name: &str, input_scale: f32, weights: &Values) -> Result<Bias, String> {
    if graph.is_constant(name) {
        return match graph.constant(name)?.elements {
            Elements::F32(values) => Ok(Bias::Real(values)),
            _ => Err(format!("the bias {name:?} is not float")),
        };
    }
    let node = dequantizer(graph, name)?;
    let Elements::I32(steps) = graph.constant(input(node, 0).unwrap_or_default())?.elements else {
        return Err(format!("{} dequantizes a bias that is not int32", describe(node)));
    };
    let scales = graph.floats(input(node, 1), steps.len())?;
    let Values::Steps { scales: weight_scales, .. } = weights else {
        return Err(format!("{} dequantizes the bias of float weights", describe(node)));
    };
    let fits = |(scale, weight_scale): (&f32, &f32)| {
        let expected = input_scale * weight_scale;
        (scale - expected).abs() <= expected.abs() * 1e-5
    };
    if scales.len() != weight_scales.len() || !scales.iter().zip(weight_scales).all(fits) {
        return Err(format!("{} has another scale than its layer's sums", describe(node)));
    }
    Ok(Bias::Steps(steps))
}

fn dequantizer<'g>(graph: &Graph<'g>, name: &str) -> Result<&'g tract_onnx::pb::NodeProto, String> {
    graph
        .producer(name)
        .filter(|node| node.op_type == "DequantizeLinear")
        .ok_or_else(|| format!("the weights {name:?} are computed, where constants belong"))
}
