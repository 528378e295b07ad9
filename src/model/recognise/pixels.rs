//! The first nodes of a VGG graph: layout, mean, channel order.

use tract_onnx::pb::tensor_proto::DataType;

use super::path::next;
use crate::model::onnx::{
    graph::{Graph, attribute_int, attribute_ints, describe, input, output},
    tensor::Elements,
};

/// Larger pictures than this are not a classifier's input.
const MAX_SIZE: usize = 4096;

/// What happens to the picture before the first convolution.
#[derive(Debug)]
pub struct Pixels {
    /// Rows and columns of the square picture.
    pub size: usize,
    /// Subtracted from red, green and blue.
    pub mean_rgb: [f32; 3],
    /// The same as whole numbers, where the subtraction is a dequantization in steps of 1.
    pub zero_points: Option<[u8; 3]>,
    /// Whether the channels reach the first convolution as blue, green, red.
    pub reversed: bool,
}

/// Reads the preprocessing; gives also the name of the value that the first convolution reads.
pub fn read(graph: &Graph) -> Result<(Pixels, String), String> {
    let declared = graph.input()?;
    let shape = &declared.shape;
    let shown = || {
        let axes: Vec<_> = shape.iter().map(|axis| axis.map_or("?".into(), |n| n.to_string())).collect();
        format!("its input {:?} has the shape {}", declared.name, axes.join("×"))
    };
    let (size, mut channels_last) = match shape[..] {
        [_, Some(3), Some(h), Some(w)] if h == w && h <= MAX_SIZE => (h, false),
        [_, Some(h), Some(w), Some(3)] if h == w && h <= MAX_SIZE => (h, true),
        _ => return Err(format!("{}; a square RGB picture belongs there, such as 1×224×224×3", shown())),
    };
    if ![DataType::Uint8 as i32, DataType::Float as i32].contains(&declared.data_type) {
        return Err(format!("its input {:?} is neither uint8 nor float", declared.name));
    }
    if matches!(shape[0], Some(n) if n != 1) {
        return Err(format!("{}; one picture at a time belongs there", shown()));
    }
    let mut pixels = Pixels { size, mean_rgb: [0.0; 3], zero_points: None, reversed: false };
    let mut value = declared.name.clone();
    while let Some(node) = next(graph, &mut value)? {
        let refuse = |why: &str| Err(format!("{} {why}", describe(node)));
        match node.op_type.as_str() {
            "Transpose" if channels_last && attribute_ints(node, "perm") == Some(&[0, 3, 1, 2]) => {
                channels_last = false;
            }
            "Cast" if attribute_int(node, "to", 0) == DataType::Float as i64 => {}
            "Sub" if input(node, 0) == Some(&value) => {
                let mean = three(graph, input(node, 1))?;
                if pixels.mean_rgb != [0.0; 3] {
                    return refuse("subtracts a second time");
                }
                pixels.mean_rgb = in_rgb_order(mean, pixels.reversed);
            }
            "Gather" if attribute_int(node, "axis", 0) == i64::from(channels_last) * 2 + 1 => {
                let order = graph.constant(input(node, 1).unwrap_or_default())?.elements;
                match order {
                    Elements::I64(order) if order == [2, 1, 0] => pixels.reversed = !pixels.reversed,
                    Elements::I64(order) if order == [0, 1, 2] => {}
                    _ => return refuse("picks other channels than red, green and blue"),
                }
            }
            "DequantizeLinear" => {
                if graph.floats(input(node, 1), 3)? != [1.0; 3] || attribute_int(node, "axis", 1) != 1 {
                    return refuse("has another scale than 1 for each channel of the picture");
                }
                let zero = match input(node, 2).map(|name| graph.constant(name)).transpose()? {
                    None => [0; 3],
                    Some(constant) => match constant.elements {
                        Elements::U8(zero) if zero.len() == 3 => [zero[0], zero[1], zero[2]],
                        Elements::U8(zero) if zero.len() == 1 => [zero[0]; 3],
                        _ => return refuse("has zero points of another type than uint8"),
                    },
                };
                let zero = in_rgb_order(zero, pixels.reversed);
                pixels.zero_points = Some(zero);
                pixels.mean_rgb = zero.map(f32::from);
            }
            "Conv" if channels_last => return refuse("reads a picture whose channels come last"),
            "Conv" => return Ok((pixels, value)),
            _ => return refuse("is not part of VGG preprocessing (subtract the mean, reverse the channels)"),
        }
        value = output(node)?.into();
    }
    Err("it holds no convolution".into())
}

fn in_rgb_order<T>([a, b, c]: [T; 3], reversed: bool) -> [T; 3] {
    if reversed { [c, b, a] } else { [a, b, c] }
}

fn three(graph: &Graph, name: Option<&str>) -> Result<[f32; 3], String> {
    let values = graph.floats(name, 3)?;
    // `Graph::floats` gives exactly as many as asked for.
    Ok([values[0], values[1], values[2]])
}
