//! What decides the int8 form of a network: the range of every layer's output, and what is done where a layer loses too much.
//!
//! Measured on a few pictures of every class, kept on disk. First every range is the one with the smallest squared error. If a
//! layer's noise is then too loud, two repairs are tried in turn (Nagel, van Baalen, Blankevoort & Welling, "Data-Free
//! Quantization Through Weight Equalization and Bias Correction", 2019), and kept only if they make the noise less on pictures
//! on which they were not worked out:
//!
//! 1. channels of one layer whose outputs differ much in size are made alike ([`equalise`](super::equalise));
//! 2. the mean error of a channel is taken out of its bias.

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::RgbImage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    equalise::{equalised, factors},
    noise::{LayerStatistics, compare, mean_error},
    quantize::{calibrate, quantize},
};
use crate::{
    engine::{error::EngineError, traces::Traces},
    finetune::{
        cache::{hash, hex},
        features::{Backbone, Source, fitted_picture, picture_key},
        labelled::Labelled,
        progress::Progress,
    },
    model::{
        network::{Layer, Network},
        quantized::QuantizedNetwork,
        replace::write_atomically,
    },
};

/// Raised whenever another calibration would come of the same pictures.
const VERSION: &[u8] = b"vggcam calibration 1";
/// Signal to noise ratio, in decibels, below which a layer's noise is too loud.
pub const LOUD_DB: f64 = 15.0;
/// By how much a repair must improve the last layer's ratio to be kept, in decibels.
const WORTH_DB: f64 = 0.5;

/// How a network becomes int8.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Output scale of every layer with ReLU, in order.
    pub scales: Vec<f32>,
    /// For every layer with weights what its output channels are divided by; empty where they stay as they are.
    pub divisors: Vec<Vec<f32>>,
    /// For every layer with weights what is added to its bias; empty where it stays as it is.
    pub corrections: Vec<Vec<f32>>,
    /// How much noise the int8 form adds, for every layer with ReLU; empty if it was not measured.
    pub layers: Vec<LayerNoise>,
}

/// The noise that the int8 form adds to a layer's output, all layers before it included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerNoise {
    /// The layer.
    pub name: String,
    /// Signal to quantization noise ratio against the float network, in decibels.
    pub signal_to_noise_db: f64,
    /// Whether the sizes of its channels were made alike.
    pub equalised: bool,
    /// Whether its bias was corrected.
    pub bias_corrected: bool,
}

impl Calibration {
    /// From the cache, or measured on `files`.
    pub fn of(network: &Network, files: &[PathBuf], source: Source) -> anyhow::Result<Self> {
        // Nothing is hashed where nothing is kept: a full-size network takes a second.
        let path = source.cache.map(|folder| path(network, files, source, folder));
        let relus = network.layers.iter().filter(|layer| layer.has_relu()).count();
        let known = path.as_ref().and_then(|path| serde_json::from_slice::<Calibration>(&fs::read(path).ok()?).ok());
        if let Some(known) = known.filter(|known| known.fits(network, relus)) {
            return Ok(known);
        }
        let size = network.input_size as u32;
        let fitted: Vec<RgbImage> =
            files.par_iter().filter_map(|file| fitted_picture(file, size, source.fit).ok()).collect();
        anyhow::ensure!(!fitted.is_empty(), "none of the {} pictures for measuring ranges can be read", files.len());
        let calibration = Calibration::measured(network, &fitted)?;
        if let Some(path) = path {
            if let Some(folder) = source.cache {
                // What is wrong with it is said when the file cannot be written.
                let _ = fs::create_dir_all(folder);
            }
            let kept = write_atomically(&path, &serde_json::to_vec(&calibration)?);
            if let Err(error) = kept {
                log::warn!("the calibration is not kept: {error}");
            }
        }
        Ok(calibration)
    }

    /// Measured on pictures already fitted to the input size.
    pub fn measured(network: &Network, fitted: &[RgbImage]) -> Result<Self, EngineError> {
        let mut best = Calibration { scales: ranges(network, fitted)?, ..Calibration::default() };
        let Some(float) = Traces::float(network)? else { return Ok(best) };
        let mut heard = best.compared(network, &float, fitted)?;
        if too_loud(&heard) {
            let divisors = factors(network, &heard);
            let scales = ranges(&equalised(network, &divisors), fitted)?;
            let equalised = Calibration { scales, divisors, ..Calibration::default() };
            let after = equalised.compared(network, &float, fitted)?;
            if better(&after, &heard) {
                (best, heard) = (equalised, after);
            }
        }
        if too_loud(&heard) {
            let (corrected, after) = best.with_corrections(network, &float, fitted, &heard)?;
            if better(&after, &heard) {
                (best, heard) = (corrected, after);
            }
        }
        best.layers = best.noise(network, &heard);
        Ok(best)
    }

    /// The int8 form of the network.
    pub fn quantized(&self, network: &Network) -> QuantizedNetwork {
        let mut adjusted = equalised(network, &self.divisors);
        let weighty = adjusted.layers.iter_mut().filter_map(|layer| match layer {
            Layer::Conv(conv) => Some(&mut conv.bias),
            Layer::Dense(dense) => Some(&mut dense.bias),
            Layer::MaxPool => None,
        });
        for (bias, correction) in weighty.zip(&self.corrections) {
            bias.iter_mut().zip(correction).for_each(|(bias, more)| *bias += more);
        }
        quantize(&adjusted, &self.scales)
    }

    fn compared(
        &self,
        network: &Network,
        float: &Traces,
        fitted: &[RgbImage],
    ) -> Result<Vec<LayerStatistics>, EngineError> {
        let quantized = Traces::quantized(&self.quantized(network))?;
        compare(float, &quantized, &self.divisors, network, fitted)
    }

    /// This with the mean error taken out of the bias of one layer after the other, where that makes the layer's noise less.
    fn with_corrections(
        &self,
        network: &Network,
        float: &Traces,
        fitted: &[RgbImage],
        heard: &[LayerStatistics],
    ) -> Result<(Self, Vec<LayerStatistics>), EngineError> {
        let (mut best, mut heard) = (self.clone(), heard.to_vec());
        best.corrections = vec![vec![]; heard.len()];
        for layer in 0..heard.len() {
            let mut tried = best.clone();
            tried.corrections[layer] = mean_error(network, &best.quantized(network), &best.divisors, &heard, layer);
            if tried.corrections[layer].is_empty() {
                continue;
            }
            let after = tried.compared(network, float, fitted)?;
            if after[layer].signal_to_noise_db() > heard[layer].signal_to_noise_db() {
                (best, heard) = (tried, after);
            }
        }
        Ok((best, heard))
    }

    fn noise(&self, network: &Network, heard: &[LayerStatistics]) -> Vec<LayerNoise> {
        let given = |lists: &[Vec<f32>], layer: usize| lists.get(layer).is_some_and(|list| !list.is_empty());
        let layers = network.weighted_layers().zip(heard).enumerate();
        let named = layers.filter(|(_, (layer, _))| layer.relu).map(|(index, (layer, heard))| LayerNoise {
            name: layer.name.to_string(),
            signal_to_noise_db: (heard.signal_to_noise_db() * 10.0).round() / 10.0,
            equalised: given(&self.divisors, index),
            bias_corrected: given(&self.corrections, index),
        });
        named.collect()
    }

    fn fits(&self, network: &Network, relus: usize) -> bool {
        let sizes: Vec<usize> = network.weighted_layers().map(|layer| layer.outputs).collect();
        let fit = |lists: &[Vec<f32>]| {
            lists.len() <= sizes.len() && lists.iter().zip(&sizes).all(|(list, &n)| list.is_empty() || list.len() == n)
        };
        self.scales.len() == relus
            && self.scales.iter().all(|scale| *scale > 0.0)
            && fit(&self.divisors)
            && fit(&self.corrections)
    }
}

fn ranges(network: &Network, fitted: &[RgbImage]) -> Result<Vec<f32>, EngineError> {
    let progress = Progress::start("measuring ranges", fitted.len());
    calibrate(network, fitted, &|| progress.one())
}

fn too_loud(heard: &[LayerStatistics]) -> bool {
    heard.iter().any(|layer| layer.signal_to_noise_db() < LOUD_DB)
}

/// Whether the last layer that was heard has less noise.
fn better(after: &[LayerStatistics], before: &[LayerStatistics]) -> bool {
    let last = |heard: &[LayerStatistics]| {
        heard.iter().rev().find(|layer| layer.signal > 0.0).map_or(0.0, LayerStatistics::signal_to_noise_db)
    };
    last(after) >= last(before) + WORTH_DB
}

fn path(network: &Network, files: &[PathBuf], source: Source, folder: &Path) -> PathBuf {
    let pictures: Vec<_> = files.iter().filter_map(|file| picture_key(file).ok()).collect();
    let backbone = Backbone::Float(network).key();
    let parts = [VERSION, &backbone, source.fit.name().as_bytes()];
    let key = hash(parts.into_iter().chain(pictures.iter().map(|picture| &picture[..])));
    folder.join(format!("{}.calibration.json", hex(&key)))
}

/// Up to `count` pictures, as many of each class, spread evenly over each class.
pub fn representative(pictures: &[Labelled], classes: usize, count: usize) -> Vec<PathBuf> {
    let share = (count / classes.max(1)).max(1);
    (0..classes)
        .flat_map(|class| {
            let files: Vec<_> = pictures.iter().filter(|p| p.class == class).map(|p| &p.file).collect();
            let taken = share.min(files.len());
            (0..taken).map(|i| files[i * files.len() / taken].clone()).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests;
