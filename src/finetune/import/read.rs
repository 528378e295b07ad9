//! Reading a layer's tensors in the order in which networks here have them.

use rayon::prelude::*;

use super::{
    outline::{Weighted, called},
    weights::{Dense as DenseOrder, Flattening, Found, Group, Kernels, Tensor},
};
use crate::model::network::{Conv, Dense};

/// Values that are read at once where a tensor is put into another order.
const VALUES_AT_ONCE: usize = 4 << 20;
/// More values than this has no tensor of a VGG16.
const MAX_VALUES: usize = 1 << 29;

/// Reads a convolution, which gets the name `name`.
pub fn convolution(found: &Found, layer: &Weighted, name: String) -> Result<Conv, String> {
    let wrong = |reason: String| format!("{}: {reason}", called(&name, layer.group));
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    let values = whole(found, layer.kernel).map_err(wrong)?;
    let mut weights = match found.order.kernels {
        Kernels::OutputsFirst => values,
        Kernels::OutputsLast => {
            let mut weights = vec![0.0; values.len()];
            for (tap, rows) in values.chunks_exact(inputs * outputs).enumerate() {
                for (input, row) in rows.chunks_exact(outputs).enumerate() {
                    for (output, &value) in row.iter().enumerate() {
                        weights[(output * inputs + input) * 9 + tap] = value;
                    }
                }
            }
            weights
        }
    };
    if found.order.turned {
        weights.chunks_exact_mut(9).for_each(|kernel| kernel.reverse());
    }
    let bias = bias(found, layer).map_err(wrong)?;
    Ok(Conv { name, weights, bias, inputs, outputs })
}

/// Reads a dense layer, which gets the name `name`; the first one reads planes of `pixels` pixels.
pub fn dense(found: &Found, layer: &Weighted, name: String, relu: bool, pixels: usize) -> Result<Dense, String> {
    let wrong = |reason: String| format!("{}: {reason}", called(&name, layer.group));
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    let channels = inputs / pixels.max(1);
    let flattening = found.order.flattening;
    // Where the file's inputs go.
    let place = |input: usize| match flattening {
        Flattening::ChannelsLast if pixels > 1 => input % channels * pixels + input / channels,
        _ => input,
    };
    let weights = match found.order.dense {
        DenseOrder::OutputsFirst if flattening == Flattening::ChannelsFirst => whole(found, layer.kernel),
        order => reordered(found, layer.kernel, order, (inputs, outputs), &place),
    };
    let weights = weights.map_err(wrong)?;
    let bias = bias(found, layer).map_err(wrong)?;
    Ok(Dense { name, weights, bias, inputs, outputs, relu })
}

/// A matrix with a row for each output, whose inputs stand where `place` says; read part by part.
fn reordered(
    found: &Found,
    tensor: &Tensor,
    order: DenseOrder,
    (inputs, outputs): (usize, usize),
    place: &(dyn Fn(usize) -> usize + Sync),
) -> Result<Vec<f32>, String> {
    let mut weights = vec![0.0; count(tensor)?];
    let (rows, length) = match order {
        DenseOrder::OutputsFirst => (outputs, inputs),
        DenseOrder::InputsFirst => (inputs, outputs),
    };
    let at_once = (VALUES_AT_ONCE / length.max(1)).max(1);
    for start in (0..rows).step_by(at_once) {
        let part = start..rows.min(start + at_once);
        let values = rows_of(found, tensor, part.clone())?;
        match order {
            DenseOrder::OutputsFirst => {
                let to = weights[part.start * inputs..].chunks_exact_mut(inputs).zip(values.chunks_exact(inputs));
                to.for_each(|(to, from)| from.iter().enumerate().for_each(|(input, &value)| to[place(input)] = value));
            }
            DenseOrder::InputsFirst => weights.par_chunks_exact_mut(inputs).enumerate().for_each(|(output, to)| {
                let column = values.iter().skip(output).step_by(outputs);
                part.clone().zip(column).for_each(|(input, &value)| to[place(input)] = value);
            }),
        }
    }
    Ok(weights)
}

/// γ, β, mean and variance of a batch norm.
pub fn norm(found: &Found, group: &Group) -> Result<[Vec<f32>; 4], String> {
    let read = |tensor: &Tensor| whole(found, tensor).map_err(|reason| format!("layer {:?}: {reason}", group.name));
    let parts = group.tensors.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    parts.try_into().map_err(|_| format!("layer {:?} is no batch norm", group.name))
}

fn bias(found: &Found, layer: &Weighted) -> Result<Vec<f32>, String> {
    layer.bias.map_or_else(|| Ok(vec![0.0; layer.outputs]), |bias| whole(found, bias))
}

fn whole(found: &Found, tensor: &Tensor) -> Result<Vec<f32>, String> {
    count(tensor)?;
    rows_of(found, tensor, 0..tensor.shape.first().copied().unwrap_or(1))
}

/// Number of a tensor's values, which is not absurd.
fn count(tensor: &Tensor) -> Result<usize, String> {
    let count = tensor.shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length));
    count.filter(|&count| count <= MAX_VALUES).ok_or_else(|| format!("{:?} has an absurd size", tensor.name))
}

/// Rows of a tensor, which are numbers and as many as its shape says.
fn rows_of(found: &Found, tensor: &Tensor, rows: std::ops::Range<usize>) -> Result<Vec<f32>, String> {
    let expected = rows.len() * tensor.shape.iter().skip(1).product::<usize>();
    let values = found.source.rows(&tensor.name, rows)?;
    if values.len() != expected {
        return Err(format!("{:?} holds {} values where {expected} belong", tensor.name, values.len()));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => {
            Err(format!("{:?} holds the value {value}; the file is damaged, or training went astray", tensor.name))
        }
        None => Ok(values),
    }
}
