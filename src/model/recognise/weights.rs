//! Weights of a layer: float constants, or integer constants behind `DequantizeLinear`.
//!
//! Finding weights reads what is small: scales and zero points. The elements stay in the file's message until the whole
//! graph is recognised, and are then taken out of it ([`super::store`]).

use tract_onnx::pb::{NodeProto, tensor_proto::DataType};

use super::store::Store;
use crate::model::onnx::{
    graph::{Graph, attribute_int, describe, input},
    tensor::{self, Constant, Elements, Outline},
};

/// A layer's weights, found but not yet taken.
#[derive(Debug)]
pub enum Weights {
    /// Float.
    Real { tensor: String, layout: Layout },
    /// int8, with one scale for each output channel.
    Steps { source: Source, scales: Vec<f32>, layout: Layout },
}

/// Where int8 weights come from.
#[derive(Debug)]
pub enum Source {
    /// An int8 or uint8 tensor, with a zero point for each output channel.
    Tensor { name: String, zeros: Vec<i16> },
    /// Float weights that the graph rounds, rounded.
    Rounded(Vec<i8>),
}

/// How a tensor of weights lies in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The axis of the output channels.
    pub output_axis: usize,
}

impl Layout {
    /// Number of values that lie together for one output channel.
    fn run(&self) -> usize {
        self.shape.iter().skip(self.output_axis + 1).fold(1, |run, &length| run.saturating_mul(length))
    }

    /// The values with output channels first.
    fn outputs_first<T: Copy>(&self, values: Vec<T>) -> Vec<T> {
        match self.shape[..] {
            [rows, columns] if self.output_axis == 1 => (0..columns)
                .flat_map(|column| (0..rows).map(move |row| row * columns + column))
                .map(|i| values[i])
                .collect(),
            _ => values,
        }
    }
}

impl Weights {
    /// How the tensor lies.
    pub fn layout(&self) -> &Layout {
        match self {
            Weights::Real { layout, .. } | Weights::Steps { layout, .. } => layout,
        }
    }

    /// The tensor that [`Weights::take_real`] or [`Weights::take_steps`] takes.
    pub fn tensor(&self) -> Option<&str> {
        match self {
            Weights::Real { tensor, .. } | Weights::Steps { source: Source::Tensor { name: tensor, .. }, .. } => {
                Some(tensor)
            }
            Weights::Steps { source: Source::Rounded(_), .. } => None,
        }
    }

    /// The float values, output channels first.
    pub fn take_real(self, store: &mut Store) -> Result<Vec<f32>, String> {
        let Weights::Real { tensor, layout } = self else { return Err("int8 weights among float ones".into()) };
        match store.take(&tensor)?.elements {
            Elements::F32(values) => Ok(layout.outputs_first(values)),
            _ => Err(format!("the weights {tensor:?} are not float")),
        }
    }

    /// The int8 values, output channels first, and their scales.
    pub fn take_steps(self, store: &mut Store) -> Result<(Vec<i8>, Vec<f32>), String> {
        let Weights::Steps { source, scales, layout } = self else {
            return Err("float weights among int8 ones".into());
        };
        let steps = match source {
            Source::Rounded(steps) => steps,
            Source::Tensor { name, zeros } => match store.take(&name)?.elements {
                Elements::I8(steps) if zeros.iter().all(|&zero| zero == 0) => steps,
                Elements::I8(steps) => {
                    // The differences fit: that was checked when the weights were found.
                    centred(steps, &zeros, layout.run(), |step, zero| (i16::from(step) - zero) as i8)
                }
                Elements::U8(steps) => {
                    let bytes = centred(steps, &zeros, layout.run(), |step, zero| (i16::from(step) - zero) as u8);
                    bytes.into_iter().map(|byte| byte as i8).collect()
                }
                _ => return Err(format!("the weights {name:?} are neither int8 nor uint8")),
            },
        };
        Ok((layout.outputs_first(steps), scales))
    }
}

/// Takes from each value its channel's zero point; channels take turns every `run` values.
fn centred<T: Copy>(mut values: Vec<T>, zeros: &[i16], run: usize, difference: impl Fn(T, i16) -> T) -> Vec<T> {
    for (values, &zero) in values.chunks_mut(run.max(1)).zip(zeros.iter().cycle()) {
        for value in values {
            *value = difference(*value, zero);
        }
    }
    values
}

/// Shape and type of a tensor of weights, which is not empty.
fn outline(graph: &Graph, name: &str) -> Result<Outline, String> {
    let outline = tensor::outline(graph.tensor(name)?)?;
    // A count of 0 says nothing about the other axes, by whose lengths memory is asked for.
    if outline.shape.contains(&0) { Err(format!("the weights {name:?} are empty")) } else { Ok(outline) }
}

/// Finds the weights called `name`; `output_axis` is the axis of the output channels.
pub fn find(graph: &Graph, name: &str, output_axis: usize) -> Result<Weights, String> {
    if graph.is_constant(name) {
        let outline = outline(graph, name)?;
        return match outline.data_type {
            DataType::Float => {
                Ok(Weights::Real { tensor: name.into(), layout: Layout { shape: outline.shape, output_axis } })
            }
            _ => Err(format!("the weights {name:?} are not float")),
        };
    }
    let node = dequantized(graph, name)?;
    let steps = input(node, 0).unwrap_or_default();
    let rounding = graph.producer(steps).filter(|node| node.op_type == "QuantizeLinear");
    let tensor = match rounding {
        Some(rounding) => input(rounding, 0).unwrap_or_default(),
        None => steps,
    };
    let outline = outline(graph, tensor)?;
    let layout = Layout { shape: outline.shape, output_axis };
    let Scales { scales, zeros } = Scales::read(graph, node, &layout.shape, output_axis)?;
    let source = match rounding {
        Some(rounding) => {
            let same = Scales::read(graph, rounding, &layout.shape, output_axis)?;
            if same.scales != scales || same.zeros != zeros {
                return Err(format!("{} steps otherwise than {}", describe(node), describe(rounding)));
            }
            let unsigned =
                matches!(zero_point(graph, rounding)?, None | Some(Constant { elements: Elements::U8(_), .. }));
            let Elements::F32(real) = graph.constant(tensor)?.elements else {
                return Err(format!("{} rounds weights that are not float", describe(rounding)));
            };
            Source::Rounded(rounded(&real, &scales, &zeros, &layout, unsigned).ok_or_else(|| too_far(node))?)
        }
        None => {
            match outline.data_type {
                DataType::Int8 | DataType::Uint8 => check_range(graph, tensor, &zeros, &layout, node)?,
                _ => return Err(format!("{} dequantizes weights that are neither int8 nor uint8", describe(node))),
            }
            Source::Tensor { name: tensor.into(), zeros }
        }
    };
    Ok(Weights::Steps { source, scales, layout })
}

fn too_far(node: &NodeProto) -> String {
    format!(
        "{} dequantizes weights more than an int8 away from their zero point; quantize with symmetric weights",
        describe(node)
    )
}

/// Whether every weight less its zero point fits an int8.
fn check_range(graph: &Graph, name: &str, zeros: &[i16], layout: &Layout, node: &NodeProto) -> Result<(), String> {
    let tensor = graph.tensor(name)?;
    let signed = tensor.data_type == DataType::Int8 as i32;
    // All of int8 around 0, and all of uint8 around 128, fit.
    let middle = if signed { 0 } else { 128 };
    if zeros.iter().all(|&zero| zero == middle) {
        return Ok(());
    }
    let fits = |(values, &zero): (&[u8], &i16)| {
        values.iter().all(|&byte| {
            let value = if signed { i16::from(byte as i8) } else { i16::from(byte) };
            i8::try_from(value - zero).is_ok()
        })
    };
    let read;
    let bytes = if tensor.raw_data.is_empty() {
        read = tensor.int32_data.iter().map(|&value| value as u8).collect::<Vec<_>>();
        &read
    } else {
        &tensor.raw_data
    };
    let all = bytes.chunks(layout.run().max(1)).zip(zeros.iter().cycle()).all(fits);
    if all { Ok(()) } else { Err(too_far(node)) }
}

/// What `QuantizeLinear` makes of float weights, less the zero points; `None` if that leaves the range of int8.
fn rounded(real: &[f32], scales: &[f32], zeros: &[i16], layout: &Layout, unsigned: bool) -> Option<Vec<i8>> {
    let (lowest, highest) = if unsigned { (0.0, 255.0) } else { (-128.0, 127.0) };
    let channels = scales.iter().zip(zeros).cycle();
    let runs = real.chunks(layout.run().max(1)).zip(channels);
    let step = |value: f32, scale: f32, zero: i16| {
        let step = ((value / scale).round_ties_even() + f32::from(zero)).clamp(lowest, highest);
        i8::try_from(step as i16 - zero).ok()
    };
    runs.flat_map(|(values, (&scale, &zero))| values.iter().map(move |&value| step(value, scale, zero))).collect()
}

/// Where the zero points of 8-bit steps lie, and those of a bias too, which are 0.
const ZERO_POINTS: std::ops::RangeInclusive<i64> = -128..=255;

/// The scales and zero points of a `QuantizeLinear` or `DequantizeLinear` over a constant, one of each for an output.
#[derive(Debug)]
pub struct Scales {
    /// Finite and above 0.
    pub scales: Vec<f32>,
    /// In [`ZERO_POINTS`].
    pub zeros: Vec<i16>,
}

impl Scales {
    /// Reads them for a constant of the given shape.
    pub fn read(graph: &Graph, node: &NodeProto, shape: &[usize], output_axis: usize) -> Result<Scales, String> {
        let outputs = *shape
            .get(output_axis)
            .ok_or_else(|| format!("{} dequantizes a tensor with too few axes", describe(node)))?;
        let rank = shape.len() as i64;
        let axis = attribute_int(node, "axis", 1);
        let axis = if axis < 0 { axis + rank } else { axis };
        let scale_shape = tensor::outline(graph.tensor(input(node, 1).unwrap_or_default())?)?.shape;
        if attribute_int(node, "block_size", 0) != 0 {
            return Err(format!("{} has a scale for each block", describe(node)));
        }
        let per_channel = !scale_shape.is_empty() && scale_shape != [1];
        if per_channel && axis != output_axis as i64 {
            return Err(format!("{} scales axis {axis}, not the output channels", describe(node)));
        }
        let scales = graph.floats(input(node, 1), outputs)?;
        if let Some(scale) = scales.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
            return Err(format!("{} has the scale {scale}", describe(node)));
        }
        let zeros = match zero_point(graph, node)? {
            None => vec![0],
            Some(zero) => zero
                .elements
                .integers()
                .and_then(|zeros| {
                    zeros
                        .into_iter()
                        .map(|zero| ZERO_POINTS.contains(&zero).then_some(zero as i16))
                        .collect::<Option<Vec<_>>>()
                })
                .ok_or_else(|| format!("{} has zero points that are not small integers", describe(node)))?,
        };
        let zeros = match zeros.len() {
            1 => vec![zeros[0]; outputs],
            count if count == outputs => zeros,
            count => return Err(format!("{} has {count} zero points for {outputs} outputs", describe(node))),
        };
        Ok(Scales { scales, zeros })
    }
}

fn zero_point(graph: &Graph, node: &NodeProto) -> Result<Option<Constant>, String> {
    input(node, 2).map(|name| graph.constant(name)).transpose()
}

/// The `DequantizeLinear` that makes `name`.
pub fn dequantized<'g>(graph: &Graph<'g>, name: &str) -> Result<&'g NodeProto, String> {
    match graph.producer(name) {
        Some(node) if node.op_type == "DequantizeLinear" => Ok(node),
        Some(node) => Err(format!("{} computes weights, where constants belong", describe(node))),
        None => Err(format!("the weights {name:?} are no constant")),
    }
}
