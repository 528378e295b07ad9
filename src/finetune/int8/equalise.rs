//! Making the channels of a layer alike in size, so that one range serves them all.
//!
//! ReLU and max pools keep proportions, so a channel may be divided by any number above 0 if the next layer's weights for it
//! are multiplied by the same: the network's answers stay the same. The int8 form has one scale for a layer's whole output;
//! a channel a thousand times larger than the others would leave them no steps. Other than in the article (Nagel et al.,
//! "Data-Free Quantization…", 2019, section 4.1), what a channel is measured by is its largest output on calibration
//! pictures, not its weights: those have a scale for each channel here.

use super::noise::LayerStatistics;
use crate::model::network::{Layer, Network};

/// Divisors further apart than this are cut: the channel is as good as silent.
const WIDEST: f32 = 1e6;

/// For every layer with weights what its output channels are to be divided by: the square root of the channel's largest
/// output over the next layer's largest weight for it, so that both become alike. Nothing for the last layer.
pub fn factors(network: &Network, heard: &[LayerStatistics]) -> Vec<Vec<f32>> {
    let layers: Vec<&Layer> = weighty(network).collect();
    let mut factors: Vec<Vec<f32>> = layers
        .windows(2)
        .zip(heard)
        .map(|(pair, heard)| {
            let weights = largest_weights(pair[1], heard.largest.len());
            let ratios =
                heard.largest.iter().zip(weights).map(|(&output, weight)| match output > 0.0 && weight > 0.0 {
                    true => (output / weight).sqrt(),
                    false => 0.0,
                });
            let ratios: Vec<f32> = ratios.collect();
            // Relative to the middle of them, so that the layer as a whole keeps its size; a silent channel is left alone.
            let live: Vec<f32> = ratios.iter().copied().filter(|&ratio| ratio > 0.0).map(libm::logf).collect();
            let middle = libm::expf(live.iter().sum::<f32>() / live.len().max(1) as f32);
            let divisor = |ratio: f32| if ratio > 0.0 { (ratio / middle).clamp(1.0 / WIDEST, WIDEST) } else { 1.0 };
            ratios.into_iter().map(divisor).collect()
        })
        .collect();
    factors.push(vec![]);
    factors
}

/// The network with every layer's channels divided and the next layer's weights multiplied; empty lists change nothing.
pub fn equalised(network: &Network, divisors: &[Vec<f32>]) -> Network {
    let mut changed = network.clone();
    let mut before: &[f32] = &[];
    let layers = changed.layers.iter_mut().filter(|layer| !matches!(layer, Layer::MaxPool));
    for (index, layer) in layers.enumerate() {
        let own = divisors.get(index).map_or(&[][..], Vec::as_slice);
        let (weights, bias) = match layer {
            Layer::Conv(conv) => (&mut conv.weights, &mut conv.bias),
            Layer::Dense(dense) => (&mut dense.weights, &mut dense.bias),
            Layer::MaxPool => continue,
        };
        let row = (weights.len() / bias.len().max(1)).max(1);
        if !before.is_empty() {
            // Kernel taps, or the pixels of a flattened map, of one input channel lie together.
            let each = (row / before.len()).max(1);
            for row in weights.chunks_exact_mut(row) {
                for (weights, factor) in row.chunks_mut(each).zip(before) {
                    weights.iter_mut().for_each(|weight| *weight *= factor);
                }
            }
        }
        for ((row, bias), divisor) in weights.chunks_exact_mut(row).zip(bias.iter_mut()).zip(own) {
            row.iter_mut().for_each(|weight| *weight /= divisor);
            *bias /= divisor;
        }
        before = own;
    }
    changed
}

fn weighty(network: &Network) -> impl Iterator<Item = &Layer> {
    network.layers.iter().filter(|layer| !matches!(layer, Layer::MaxPool))
}

/// The largest weight of a layer for each of its `channels` input channels.
fn largest_weights(layer: &Layer, channels: usize) -> Vec<f32> {
    let (weights, outputs) = match layer {
        Layer::Conv(conv) => (&conv.weights, conv.outputs),
        Layer::Dense(dense) => (&dense.weights, dense.outputs),
        Layer::MaxPool => return vec![],
    };
    let row = (weights.len() / outputs.max(1)).max(1);
    let each = (row / channels.max(1)).max(1);
    let mut largest = vec![0.0f32; channels];
    for row in weights.chunks_exact(row) {
        for (weights, largest) in row.chunks(each).zip(&mut largest) {
            *largest = weights.iter().fold(*largest, |largest, weight| largest.max(weight.abs()));
        }
    }
    largest
}
