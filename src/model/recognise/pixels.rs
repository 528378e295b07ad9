//! The first nodes of a VGG graph: layout, mean, channel order, rounding.

use tract_onnx::pb::{NodeProto, tensor_proto::DataType};

use super::{
    activation::{self, Steps},
    path::{at, next},
};
use crate::model::{
    onnx::{
        graph::{Declared, Graph, attribute_int, attribute_ints, describe, input, output},
        tensor::Elements,
    },
    quantized::{Quantization, QuantizedInput},
};

/// Larger pictures than this are not a classifier's input.
const MAX_SIZE: usize = 4096;
/// More channels than this are not a picture's.
const MAX_CHANNELS: usize = 4096;

/// What happens to the picture before the first convolution.
#[derive(Debug)]
pub struct Pixels {
    /// Rows and columns of the square picture.
    pub size: usize,
    /// Its channels.
    pub channels: usize,
    /// Subtracted from red, green and blue.
    pub mean_rgb: [f32; 3],
    /// What the differences are multiplied by.
    pub factor_rgb: [f32; 3],
    /// Whether anything but the layout of the picture changes.
    pub prepared: bool,
    /// What an integer network reads, where the picture is in steps or rounded to some.
    pub rounded: Option<QuantizedInput>,
    /// The steps of what the first convolution reads, where there are any.
    pub steps: Option<Steps>,
    /// Whether the channels reach the first convolution as blue, green, red.
    pub reversed: bool,
}

/// A walk from the graph's input to its first convolution.
struct Walk<'g> {
    graph: &'g Graph<'g>,
    pixels: Pixels,
    /// Whether the graph's input is whole numbers.
    bytes: bool,
    channels_last: bool,
    subtracted: bool,
    /// Whether the current value is rounded steps.
    in_steps: bool,
}

/// Reads the preprocessing; gives also the name of the value that the first convolution reads.
pub fn read(graph: &Graph) -> Result<(Pixels, String), String> {
    let declared = graph.input()?;
    let mut walk = start(graph, &declared)?;
    let mut value = declared.name;
    while let Some(node) = next(graph, &mut value)? {
        if node.op_type == "Conv" {
            walk.end(node)?;
            return Ok((walk.pixels, value));
        }
        walk.step(node, &value).map_err(|error| at(node, error))?;
        value = output(node)?.into();
    }
    Err("it holds no convolution".into())
}

fn start<'g>(graph: &'g Graph<'g>, declared: &Declared) -> Result<Walk<'g>, String> {
    let Declared { name, data_type, shape } = declared;
    let shown = || {
        let axes: Vec<_> = shape.iter().map(|axis| axis.map_or("?".into(), |n| n.to_string())).collect();
        format!("its input {name:?} has the shape {}", axes.join("×"))
    };
    let (size, channels, channels_last) = match shape[..] {
        [_, Some(c), Some(h), Some(w)] if h == w && h <= MAX_SIZE && (c == 3 || w != 3) => (h, c, false),
        [_, Some(h), Some(w), Some(c)] if h == w && h <= MAX_SIZE => (h, c, true),
        _ => return Err(format!("{}; a square picture belongs there, such as 1×224×224×3", shown())),
    };
    let bytes = *data_type == DataType::Uint8 as i32;
    if !bytes && *data_type != DataType::Float as i32 {
        return Err(format!("its input {name:?} is neither uint8 nor float"));
    }
    if (bytes && channels != 3) || channels > MAX_CHANNELS {
        return Err(format!("{}; a square RGB picture belongs there, such as 1×224×224×3", shown()));
    }
    if matches!(shape[0], Some(n) if n != 1) {
        return Err(format!("{}; one picture at a time belongs there", shown()));
    }
    let pixels = Pixels {
        size,
        channels,
        mean_rgb: [0.0; 3],
        factor_rgb: [1.0; 3],
        prepared: false,
        rounded: None,
        steps: None,
        reversed: false,
    };
    Ok(Walk { graph, pixels, bytes, channels_last, subtracted: false, in_steps: false })
}

impl Walk<'_> {
    fn step(&mut self, node: &NodeProto, value: &str) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("{} {why}", describe(node)));
        match node.op_type.as_str() {
            "Transpose" if self.channels_last && attribute_ints(node, "perm") == Some(&[0, 3, 1, 2]) => {
                self.channels_last = false;
            }
            "Cast" if attribute_int(node, "to", 0) == DataType::Float as i64 && !self.in_steps => {}
            "Sub" | "Add" if self.takes_real(node, value) => {
                let shift = self.constant(node, value)?;
                if self.subtracted {
                    return refuse("subtracts a second time");
                }
                let sign = if node.op_type == "Sub" { 1.0 } else { -1.0 };
                let factor = self.pixels.factor_rgb;
                self.pixels.mean_rgb = std::array::from_fn(|c| sign * shift[c] / factor[c]);
                self.subtracted = true;
                self.pixels.prepared = true;
            }
            "Mul" | "Div" if self.takes_real(node, value) => {
                let constant = self.constant(node, value)?;
                let factor = if node.op_type == "Mul" { constant } else { constant.map(|divisor| 1.0 / divisor) };
                if factor.iter().any(|factor| !factor.is_normal()) {
                    return refuse("scales pixels by zero, or by no number");
                }
                self.pixels.factor_rgb = std::array::from_fn(|c| self.pixels.factor_rgb[c] * factor[c]);
                self.pixels.prepared = true;
            }
            "Gather" if self.pixels.channels == 3 => {
                if attribute_int(node, "axis", 0) != i64::from(self.channels_last) * 2 + 1 {
                    return refuse("picks from another axis than the channels");
                }
                match self.graph.constant(input(node, 1).unwrap_or_default())?.elements {
                    Elements::I64(order) if order == [2, 1, 0] => {
                        self.pixels.reversed = !self.pixels.reversed;
                        self.pixels.prepared = true;
                    }
                    Elements::I64(order) if order == [0, 1, 2] => {}
                    _ => return refuse("picks other channels than red, green and blue"),
                }
            }
            "QuantizeLinear" => return self.quantize(node),
            "DequantizeLinear" if self.in_steps => {
                let signed = self.pixels.steps.is_some_and(|steps| steps.signed);
                if Some(activation::dequantizer(self.graph, node, signed)?) != self.pixels.steps {
                    return refuse("has other steps than the QuantizeLinear before it");
                }
                self.in_steps = false;
            }
            "DequantizeLinear"
                if self.bytes && self.pixels.rounded.is_none() && !self.subtracted && self.unscaled() =>
            {
                return self.dequantize_picture(node);
            }
            _ => return refuse("is not part of VGG preprocessing (subtract the mean, scale, reverse the channels)"),
        }
        Ok(())
    }

    /// Whether `node` may compute with the pixels in `value`, which are real numbers of a colour picture.
    fn takes_real(&self, node: &NodeProto, value: &str) -> bool {
        let either = ["Add", "Mul"].contains(&node.op_type.as_str());
        let place = if either && input(node, 1) == Some(value) { 1 } else { 0 };
        input(node, place) == Some(value) && self.pixels.rounded.is_none() && self.pixels.channels == 3
    }

    /// The other input of `node`, for red, green and blue.
    fn constant(&self, node: &NodeProto, value: &str) -> Result<[f32; 3], String> {
        let place = if input(node, 0) == Some(value) { 1 } else { 0 };
        let values = self.graph.floats(input(node, place), 3)?;
        // `Graph::floats` gives exactly as many as asked for.
        Ok(in_rgb_order([values[0], values[1], values[2]], self.pixels.reversed))
    }

    /// Whether pixels are still in steps of 1.
    fn unscaled(&self) -> bool {
        self.pixels.factor_rgb == [1.0; 3]
    }

    /// The picture's own bytes become real numbers: their zero points are the means.
    fn dequantize_picture(&mut self, node: &NodeProto) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("{} {why}", describe(node)));
        let channels = i64::from(self.channels_last) * 2 + 1;
        if self.graph.floats(input(node, 1), 3)? != [1.0; 3] {
            return refuse("has another scale than 1 for each channel of the picture");
        }
        let zero = match input(node, 2).map(|name| self.graph.constant(name)).transpose()? {
            None => [0; 3],
            Some(constant) => match constant.elements {
                Elements::U8(zero) if zero.len() == 3 => [zero[0], zero[1], zero[2]],
                Elements::U8(zero) if zero.len() == 1 => [zero[0]; 3],
                _ => return refuse("has zero points of another type than uint8"),
            },
        };
        let axis = attribute_int(node, "axis", 1);
        if zero != [zero[0]; 3] && ![channels, channels - 4].contains(&axis) {
            return refuse("has zero points for another axis than the channels");
        }
        self.read_bytes(in_rgb_order(zero, self.pixels.reversed));
        Ok(())
    }

    fn read_bytes(&mut self, mean_rgb: [u8; 3]) {
        self.pixels.rounded = Some(QuantizedInput::Picture { mean_rgb });
        self.pixels.mean_rgb = mean_rgb.map(f32::from);
        let quantization = Quantization { scale: 1.0, zero_point: 0 };
        // The zero points differ by channel, and nothing reads them from here.
        self.pixels.steps = Some(Steps { quantization, signed: false });
    }

    fn quantize(&mut self, node: &NodeProto) -> Result<(), String> {
        let steps = activation::quantizer(self.graph, node)?;
        let Quantization { scale, zero_point } = steps.quantization;
        if self.in_steps {
            return Err(format!("{} rounds steps once more", describe(node)));
        }
        match (&self.pixels.rounded, self.bytes) {
            // The same rounding again changes nothing.
            (Some(_), false) if self.pixels.steps.map(|steps| steps.quantization) == Some(steps.quantization) => {}
            (None, false) if !self.subtracted && self.unscaled() => {
                self.pixels.rounded =
                    Some(QuantizedInput::Real { channels: self.pixels.channels, quantization: steps.quantization });
            }
            // Bytes less the zero point, in steps of 1: the very bytes.
            (None, true) if scale == 1.0 && self.unscaled() && self.pixels.mean_rgb == [f32::from(zero_point); 3] => {
                self.read_bytes([zero_point; 3]);
            }
            _ => {
                return Err(format!(
                    "{} rounds the prepared picture to steps of {scale} around {zero_point}, not of 1 around the mean; \
                     quantize the float file with `finetune quantize` instead",
                    describe(node)
                ));
            }
        }
        self.pixels.steps = Some(steps);
        self.in_steps = true;
        Ok(())
    }

    /// Whether `convolution` can read what the walk came to.
    fn end(&self, convolution: &NodeProto) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("{} {why}", describe(convolution)));
        if self.channels_last {
            return refuse("reads a picture whose channels come last");
        }
        if self.in_steps {
            return refuse("reads steps, not real numbers");
        }
        Ok(())
    }
}

fn in_rgb_order<T>([a, b, c]: [T; 3], reversed: bool) -> [T; 3] {
    if reversed { [c, b, a] } else { [a, b, c] }
}
