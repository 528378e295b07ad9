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
    cache::{hash, hex},
    dataset::Labelled,
    equalise::{equalised, factors},
    features::{Backbone, Source, fitted_picture, picture_key},
    noise::{LayerStatistics, compare, mean_error},
    progress::Progress,
    quantize::{calibrate, quantize},
};
use crate::{
    engine::{error::EngineError, traces::Traces},
    model::{
        file::write_atomically,
        network::{Layer, Network},
        quantized::QuantizedNetwork,
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
        let layers = network.layers.iter().filter(|layer| !matches!(layer, Layer::MaxPool)).zip(heard).enumerate();
        let named = layers.filter(|(_, (layer, _))| layer.has_relu()).map(|(index, (layer, heard))| LayerNoise {
            name: match layer {
                Layer::Conv(conv) => conv.name.clone(),
                Layer::Dense(dense) => dense.name.clone(),
                Layer::MaxPool => String::new(),
            },
            signal_to_noise_db: (heard.signal_to_noise_db() * 10.0).round() / 10.0,
            equalised: given(&self.divisors, index),
            bias_corrected: given(&self.corrections, index),
        });
        named.collect()
    }

    fn fits(&self, network: &Network, relus: usize) -> bool {
        let sizes: Vec<usize> = network
            .layers
            .iter()
            .filter_map(|layer| match layer {
                Layer::Conv(conv) => Some(conv.outputs),
                Layer::Dense(dense) => Some(dense.outputs),
                Layer::MaxPool => None,
            })
            .collect();
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
mod tests {
    use super::*;
    use crate::{
        model::network::{Conv, Dense, Preprocessing},
        vision::samples,
    };

    const SIDE: usize = 16;

    /// A small network with weights from a fixed stream.
    fn network() -> Network {
        let mut state = 7u64;
        let mut values = |count: usize, scale: f32| -> Vec<f32> {
            let mut value = || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                ((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0) * scale
            };
            (0..count).map(|_| value()).collect()
        };
        let mut conv = |name: &str, inputs: usize, outputs: usize| {
            let weights = values(outputs * inputs * 9, (6.0 / (9 * inputs) as f32).sqrt());
            Layer::Conv(Conv { name: name.into(), weights, bias: values(outputs, 3.0), inputs, outputs })
        };
        let mut layers = vec![conv("conv1", 3, 8), conv("conv2", 8, 12), Layer::MaxPool, conv("conv3", 12, 12)];
        for (name, inputs, outputs) in [("fc1", 12 * 64, 24), ("fc2", 24, 16)] {
            let (weights, bias) = (values(outputs * inputs, (6.0 / inputs as f32).sqrt()), values(outputs, 1.0));
            layers.push(Layer::Dense(Dense { name: name.into(), weights, bias, inputs, outputs, relu: true }));
        }
        let preprocessing = Preprocessing { mean_rgb: [123.68, 116.779, 103.939] };
        Network { input_size: SIDE, preprocessing, layers, softmax: false }
    }

    fn pictures() -> Vec<RgbImage> {
        let picture = |i: u32| {
            let large = samples::noise(40 + 3 * i, 40 + i);
            image::imageops::resize(&large, SIDE as u32, SIDE as u32, image::imageops::FilterType::Triangle)
        };
        (0..8).map(picture).collect()
    }

    /// The same answers from a network that is hard to quantize: some channels of every layer but the last are much larger
    /// than the others.
    fn hard(network: &Network) -> Network {
        let sizes = [8, 12, 12, 24];
        let mut divisors: Vec<Vec<f32>> = sizes
            .iter()
            .map(|&channels| (0..channels).map(|c| if c % 4 == 1 { 1e-3 } else { 1.0 }).collect())
            .collect();
        divisors.push(vec![]);
        equalised(network, &divisors)
    }

    fn ratios(calibration: &Calibration) -> Vec<f64> {
        calibration.layers.iter().map(|layer| layer.signal_to_noise_db).collect()
    }

    #[test]
    fn equalising_changes_no_answer() {
        let (network, pictures) = (network(), pictures());
        let (plain, scaled) =
            (Traces::float(&network).unwrap().unwrap(), Traces::float(&hard(&network)).unwrap().unwrap());
        for picture in &pictures {
            let (plain, scaled) = (plain.of(picture).unwrap(), scaled.of(picture).unwrap());
            let largest = plain[4].iter().fold(0.0f32, |m, v| m.max(*v));
            assert!(largest > 0.0);
            for (a, b) in plain[4].iter().zip(&scaled[4]) {
                assert!((a - b).abs() < 1e-3 * largest, "{a} and {b}");
            }
        }
    }

    #[test]
    fn a_network_that_is_easy_to_quantize_is_left_alone() {
        let calibration = Calibration::measured(&network(), &pictures()).unwrap();
        assert_eq!(calibration.layers.len(), 5);
        assert!(ratios(&calibration).iter().all(|&db| (LOUD_DB..60.0).contains(&db)), "{:?}", ratios(&calibration));
        assert!(calibration.divisors.is_empty() && calibration.corrections.is_empty());
    }

    #[test]
    fn channels_of_other_sizes_are_repaired() {
        let (easy, pictures) = (network(), pictures());
        let hard = hard(&easy);
        let unrepaired = Calibration { scales: ranges(&hard, &pictures).unwrap(), ..Calibration::default() };
        let float = Traces::float(&hard).unwrap().unwrap();
        let before = unrepaired.compared(&hard, &float, &pictures).unwrap();
        assert!(before[4].signal_to_noise_db() < 10.0, "{}", before[4].signal_to_noise_db());
        let calibration = Calibration::measured(&hard, &pictures).unwrap();
        let (repaired, as_easy) = (ratios(&calibration), ratios(&Calibration::measured(&easy, &pictures).unwrap()));
        assert!(calibration.layers[..4].iter().all(|layer| layer.equalised) && !calibration.layers[4].equalised);
        assert!(repaired[4] > before[4].signal_to_noise_db() + 15.0, "{repaired:?} and {as_easy:?}");
    }

    #[test]
    fn a_mean_error_is_taken_out_of_the_bias() {
        let (mut network, pictures) = (network(), pictures());
        // Beside one large weight, another one in each row, the small ones are all rounded to nothing.
        if let Some(Layer::Dense(dense)) = network.layers.last_mut() {
            for (row, weights) in dense.weights.chunks_exact_mut(dense.inputs).enumerate() {
                weights.fill(0.0049);
                weights[row] = 1.27;
            }
            dense.bias.fill(0.0);
        }
        let calibration = Calibration { scales: ranges(&network, &pictures).unwrap(), ..Calibration::default() };
        let float = Traces::float(&network).unwrap().unwrap();
        let heard = calibration.compared(&network, &float, &pictures).unwrap();
        let (corrected, after) = calibration.with_corrections(&network, &float, &pictures, &heard).unwrap();
        let ratio = |heard: &[LayerStatistics]| heard[4].signal_to_noise_db();
        assert!(ratio(&after) > ratio(&heard) + 3.0, "{} and {}", ratio(&heard), ratio(&after));
        assert!(corrected.corrections[4].iter().all(|&more| more > 0.0));
        assert_ne!(corrected.quantized(&network), calibration.quantized(&network));
    }

    #[test]
    fn a_calibration_is_kept_and_one_of_another_form_is_not_taken() {
        let network = network();
        let calibration = Calibration::measured(&network, &pictures()).unwrap();
        let kept = serde_json::to_vec(&calibration).unwrap();
        assert_eq!(serde_json::from_slice::<Calibration>(&kept).unwrap(), calibration);
        assert!(calibration.fits(&network, 5));
        assert!(!Calibration { scales: vec![1.0; 4], ..calibration.clone() }.fits(&network, 5));
        assert!(!Calibration { divisors: vec![vec![1.0; 7]], ..calibration }.fits(&network, 5));
    }
}
