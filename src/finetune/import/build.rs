//! From weights that were found to a network.

use super::{
    head::{self, Head},
    norm::{Affine, behind_relu, read_norm},
    outline::{BLOCKS, Outline, Weighted, called, convolution_name, side},
    preparation::Preparation,
    read,
    weights::Found,
};
use crate::model::network::{Dense, Layer, Network};

/// What the user chose.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// How pixels are prepared.
    pub preparation: Preparation,
    /// What stands behind the convolutions; the file's own dense layers if `None`.
    pub head: Option<Head>,
    /// Rows and columns of the picture; what the file says, or VGG16's, if `None`.
    pub input_size: Option<usize>,
}

/// VGG16's own size.
const INPUT_SIZE: usize = 224;
/// Each block halves the picture's sides.
const SHRINKING: usize = 1 << BLOCKS.len();
/// Larger pictures than this no network here takes.
const MAX_INPUT_SIZE: usize = 4096;

/// Reads the weights of the layers in `outline` into a network; tells in `assumed` what the file does not say.
pub fn network(found: &Found, outline: &Outline, choice: Choice, assumed: &mut Vec<String>) -> Result<Network, String> {
    let channels = outline.channels();
    let kept = if choice.head.is_some() { &[][..] } else { &outline.dense[..] };
    let first = outline.dense.first();
    let input_size = input_size(found, first, channels, choice.input_size)?;
    let side_left = input_size / SHRINKING;
    let pixels = side_left * side_left;
    let mut network = trunk(found, outline, choice.preparation, input_size, assumed)?;
    if let Some(head) = choice.head {
        head::attach(&mut network, head, channels, side_left);
        return Ok(network);
    }
    if let Some(first) = kept.first() {
        if first.inputs == channels && pixels > 1 {
            network.layers.push(Layer::Dense(Dense::mean_of_planes(head::POOL.into(), channels, side_left)));
        } else if first.inputs != channels * pixels {
            return Err(format!(
                "{}: expected {} inputs for pictures of {input_size} pixels, found {}",
                called("fc1", first.group),
                channels * pixels,
                first.inputs
            ));
        }
    }
    let mut behind: Option<Affine> = None;
    for (index, layer) in kept.iter().enumerate() {
        let last = index + 1 == kept.len();
        let name = if last { "predictions".into() } else { format!("fc{}", index + 1) };
        let pixels = if index == 0 && layer.inputs != channels { pixels } else { 1 };
        let mut dense = read::dense(found, layer, name, !last, pixels)?;
        if let Some(norm) = behind.take() {
            norm.into_inputs(&mut dense);
        }
        if let Some(group) = layer.norm {
            let norm = read_norm(found, group)?;
            match behind_relu(found, layer) && !last {
                true => behind = Some(norm),
                false => norm.into_outputs(&mut dense.weights, &mut dense.bias),
            }
        }
        network.layers.push(Layer::Dense(dense));
    }
    network.softmax = !kept.is_empty();
    Ok(network)
}

/// Rows and columns of the picture.
fn input_size(
    found: &Found,
    first: Option<&Weighted>,
    channels: usize,
    chosen: Option<usize>,
) -> Result<usize, String> {
    let flattened = first.and_then(|first| side(first.inputs / channels.max(1))).filter(|&side| side > 1);
    let size = match (chosen.or(found.input_size), flattened) {
        (Some(size), _) => size,
        (None, Some(side)) => side.saturating_mul(SHRINKING),
        (None, None) => INPUT_SIZE,
    };
    match (SHRINKING..=MAX_INPUT_SIZE).contains(&size) {
        true => Ok(size),
        false => {
            Err(format!("pictures of {size} pixels are too small or too large: {SHRINKING} to {MAX_INPUT_SIZE} go"))
        }
    }
}

/// The convolutions and max pools.
fn trunk(
    found: &Found,
    outline: &Outline,
    preparation: Preparation,
    input_size: usize,
    assumed: &mut Vec<String>,
) -> Result<Network, String> {
    let mut layers = vec![];
    let mut preprocessing = None;
    let mut convolutions = outline.convolutions.iter().enumerate();
    for count in BLOCKS {
        for (index, layer) in convolutions.by_ref().take(count) {
            let mut conv = read::convolution(found, layer, convolution_name(index))?;
            if let Some(group) = layer.norm {
                if found.norms.relus.as_ref().is_some_and(|relus| relus.contains(&layer.group.name)) {
                    return Err(format!(
                        "{}: a batch norm behind its ReLU cannot go into the next convolution, whose padding is zeros",
                        called(&conv.name, layer.group)
                    ));
                }
                read_norm(found, group)?.into_outputs(&mut conv.weights, &mut conv.bias);
            }
            if preprocessing.is_none() {
                preprocessing = Some(preparation.fold(&mut conv));
            }
            layers.push(Layer::Conv(conv));
        }
        layers.push(Layer::MaxPool);
    }
    let norms = outline.convolutions.iter().chain(&outline.dense).filter_map(|layer| layer.norm);
    if norms.clone().next().is_some() && norms.clone().any(|norm| found.norms.of(&norm.name).is_none()) {
        assumed.push(format!("batch norms add {} to variances", found.norms.epsilon));
    }
    let preprocessing = preprocessing.ok_or("it holds no convolution")?;
    Ok(Network { input_size, preprocessing, layers, softmax: false })
}
