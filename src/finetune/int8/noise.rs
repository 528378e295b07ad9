//! How much noise the int8 form adds to every layer's output, and what of it is a mean error that a bias can take back.

use image::RgbImage;
use rayon::prelude::*;

use crate::{
    engine::{error::EngineError, traces::Traces},
    model::{
        network::{Network, Weighted},
        quantized::{QuantizedLayer, QuantizedNetwork},
    },
};

/// What both forms of a layer with weights give, over some pictures; all in the units of the float network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerStatistics {
    /// Sum of the squares of the float outputs.
    pub signal: f64,
    /// Sum of the squares of the differences.
    pub noise: f64,
    /// Mean output of each channel of the float form.
    pub mean: Vec<f64>,
    /// Mean output of each channel of the int8 form.
    pub int8_mean: Vec<f64>,
    /// Largest output of each channel of the float form.
    pub largest: Vec<f32>,
}

impl LayerStatistics {
    /// Signal to noise ratio in decibels; 100 where there is no noise, and for a layer that is silent or was not heard.
    pub fn signal_to_noise_db(&self) -> f64 {
        const NOISELESS: f64 = 100.0;
        if self.noise > 0.0 && self.signal > 0.0 {
            (10.0 * libm::log10(self.signal / self.noise)).min(NOISELESS)
        } else {
            NOISELESS
        }
    }

    fn merged(mut self, other: Self) -> Self {
        self.signal += other.signal;
        self.noise += other.noise;
        for (a, b) in [(&mut self.mean, &other.mean), (&mut self.int8_mean, &other.int8_mean)] {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        }
        self.largest.iter_mut().zip(&other.largest).for_each(|(a, b)| *a = a.max(*b));
        self
    }
}

/// Takes pictures through both forms of a network. Means are those of every other picture, noise is that of the pictures
/// between, so that a repair is not judged by what it was worked out on; of a single picture both. The int8 form's channels
/// are those of the float form divided by `divisors`.
pub fn compare(
    float: &Traces,
    int8: &Traces,
    divisors: &[Vec<f32>],
    network: &Network,
    fitted: &[RgbImage],
) -> Result<Vec<LayerStatistics>, EngineError> {
    let channels: Vec<usize> = network.weighted_layers().map(|layer| layer.outputs).collect();
    let alone = fitted.len() == 1;
    let one = |(index, picture): (usize, &RgbImage)| {
        let (float, int8) = (float.of(picture)?, int8.of(picture)?);
        let layers = float.iter().zip(&int8).zip(&channels).enumerate().map(|(layer, ((float, int8), &channels))| {
            let divisors = divisors.get(layer).filter(|divisors| !divisors.is_empty());
            let divisors = divisors.cloned().unwrap_or_else(|| vec![1.0; channels]);
            statistics(float, int8, &divisors, alone || index % 2 == 0, alone || index % 2 == 1)
        });
        Ok(layers.collect::<Vec<_>>())
    };
    let sums = fitted
        .par_iter()
        .enumerate()
        .map(one)
        // In the order of the pictures, so that sums come out the same each time.
        .collect::<Result<Vec<_>, EngineError>>()?
        .into_iter()
        .reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| a.merged(b)).collect());
    let mut layers = sums.unwrap_or_default();
    let pictures = fitted.len().div_ceil(2) as f64;
    for layer in &mut layers {
        layer.mean.iter_mut().chain(&mut layer.int8_mean).for_each(|mean| *mean /= pictures);
    }
    Ok(layers)
}

fn statistics(float: &[f32], int8: &[f32], divisors: &[f32], means: bool, noise: bool) -> LayerStatistics {
    let channels = divisors.len();
    let mut found = LayerStatistics {
        mean: vec![0.0; channels],
        int8_mean: vec![0.0; channels],
        largest: vec![0.0; channels],
        ..LayerStatistics::default()
    };
    let pixels = (float.len() / channels.max(1)).max(1) as f64;
    for (float, int8) in float.chunks_exact(channels.max(1)).zip(int8.chunks_exact(channels.max(1))) {
        for (channel, ((&float, &int8), &divisor)) in float.iter().zip(int8).zip(divisors).enumerate() {
            let int8 = int8 * divisor;
            if means {
                found.mean[channel] += f64::from(float) / pixels;
                found.int8_mean[channel] += f64::from(int8) / pixels;
                found.largest[channel] = found.largest[channel].max(float);
            }
            if noise {
                // Each channel in the int8 form's own units, where all are rounded by the same step.
                found.signal += f64::from(float / divisor).powi(2);
                found.noise += f64::from((float - int8) / divisor).powi(2);
            }
        }
    }
    found
}

/// What a layer's int8 form lacks on average before ReLU, channel by channel, in the int8 form's units: the difference
/// between the mean of the float sums and that of the int8 sums (Nagel et al., 2019, section 4.2, with means measured on
/// pictures). The edge of a map is taken to be like its inside. Nothing for the first layer, whose
/// input is exact, and for a layer without ReLU.
pub fn mean_error(
    network: &Network,
    int8: &QuantizedNetwork,
    divisors: &[Vec<f32>],
    heard: &[LayerStatistics],
    layer: usize,
) -> Vec<f32> {
    let float = network.weighted_layers().nth(layer);
    let int8 = int8.layers.iter().filter(|layer| !matches!(layer, QuantizedLayer::MaxPool)).nth(layer);
    let (Some(float), Some(int8)) = (float, int8) else { return vec![] };
    if !float.relu || layer == 0 {
        return vec![];
    }
    let Weighted { weights, outputs, .. } = float;
    let (steps, scales) = match int8 {
        QuantizedLayer::Conv(conv) => (&conv.weights, &conv.weight_scales),
        QuantizedLayer::Dense(dense) => (&dense.weights, &dense.weight_scales),
        QuantizedLayer::MaxPool => return vec![],
    };
    let list = |layer: usize| divisors.get(layer).map_or(&[][..], Vec::as_slice);
    let (before, own) = (list(layer - 1), list(layer));
    let LayerStatistics { mean, int8_mean, .. } = &heard[layer - 1];
    let row = (weights.len() / outputs.max(1)).max(1);
    let each = (row / mean.len().max(1)).max(1);
    let rows = weights.chunks_exact(row).zip(steps.chunks_exact(row)).zip(scales).enumerate();
    rows.map(|(output, ((weights, steps), &scale))| {
        let divisor = own.get(output).copied().unwrap_or(1.0);
        let channels = weights.chunks(each).zip(steps.chunks(each)).zip(mean.iter().zip(int8_mean)).enumerate();
        let lacking = channels.map(|(input, ((weights, steps), (mean, int8_mean)))| {
            let float: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
            let int8: f64 = steps.iter().map(|&step| f64::from(step)).sum();
            let input_divisor = f64::from(before.get(input).copied().unwrap_or(1.0));
            float * mean / f64::from(divisor) - int8 * f64::from(scale) * int8_mean / input_divisor
        });
        lacking.sum::<f64>() as f32
    })
    .collect()
}
