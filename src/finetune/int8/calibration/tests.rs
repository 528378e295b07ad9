//! Repairs of networks that are hard to quantize, and what is kept on disk.

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
    let mut divisors: Vec<Vec<f32>> =
        sizes.iter().map(|&channels| (0..channels).map(|c| if c % 4 == 1 { 1e-3 } else { 1.0 }).collect()).collect();
    divisors.push(vec![]);
    equalised(network, &divisors)
}

fn ratios(calibration: &Calibration) -> Vec<f64> {
    calibration.layers.iter().map(|layer| layer.signal_to_noise_db).collect()
}

#[test]
fn equalising_changes_no_answer() {
    let (network, pictures) = (network(), pictures());
    let (plain, scaled) = (Traces::float(&network).unwrap().unwrap(), Traces::float(&hard(&network)).unwrap().unwrap());
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
