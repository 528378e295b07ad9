//! How a `QuantizeLinear` or `DequantizeLinear` over an activation steps.

use tract_onnx::pb::{NodeProto, tensor_proto::DataType};

use crate::model::{
    onnx::{
        graph::{Graph, attribute_int, describe, input},
        tensor::Elements,
    },
    quantized::Quantization,
};

/// An int8 step and the uint8 step for the same real number are this far apart.
const SHIFT: i16 = 128;

/// The steps of an activation, in whichever type the file keeps them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// The same as uint8 steps.
    pub quantization: Quantization,
    /// Whether the file keeps them as int8.
    pub signed: bool,
}

/// What a `QuantizeLinear` makes.
pub fn quantizer(graph: &Graph, node: &NodeProto) -> Result<Steps, String> {
    let signed = match attribute_int(node, "output_dtype", 0) {
        0 => false,
        dtype if dtype == DataType::Uint8 as i64 => false,
        dtype if dtype == DataType::Int8 as i64 => true,
        _ => return Err(format!("{} makes neither uint8 nor int8 steps", describe(node))),
    };
    read(graph, node, signed)
}

/// What a `DequantizeLinear` takes, where its input is int8 if `signed`, else uint8.
pub fn dequantizer(graph: &Graph, node: &NodeProto, signed: bool) -> Result<Steps, String> {
    read(graph, node, signed)
}

/// `signed` says the type where no zero point does.
fn read(graph: &Graph, node: &NodeProto, signed: bool) -> Result<Steps, String> {
    let zero = input(node, 2).map(|name| graph.constant(name)).transpose()?;
    let (zero, signed) = match zero.map(|zero| zero.elements) {
        None => (0, signed),
        Some(Elements::U8(zero)) if zero.len() == 1 => (i16::from(zero[0]), false),
        Some(Elements::I8(zero)) if zero.len() == 1 => (i16::from(zero[0]), true),
        Some(Elements::U8(_) | Elements::I8(_)) => {
            return Err(format!("{} has a zero point for each channel of an activation", describe(node)));
        }
        Some(_) => return Err(format!("{} has steps that are neither uint8 nor int8", describe(node))),
    };
    let scales = graph.floats(input(node, 1), 1)?;
    let scale = scales[0];
    if !(scale.is_finite() && scale > 0.0) {
        return Err(format!("{} has the scale {scale}", describe(node)));
    }
    if attribute_int(node, "block_size", 0) != 0 {
        return Err(format!("{} has a scale for each block", describe(node)));
    }
    // An int8 zero point is -128 to 127, so the sum is 0 to 255.
    let zero_point = (if signed { zero + SHIFT } else { zero }) as u8;
    Ok(Steps { quantization: Quantization { scale, zero_point }, signed })
}
