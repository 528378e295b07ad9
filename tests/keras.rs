//! Preprocessing, features and the head's training against Keras, from the numbers that `tests/parity/keras_reference.py` writes.
//!
//! Needs that file's path in `VGGCAM_KERAS_REFERENCE`; `.ci/run` makes the file and runs the ignored tests here.

use std::fs;

use image::RgbImage;
use serde::Deserialize;
use vggcam::{
    engine::{layers::planner::Sums, plan::Plan},
    model::network::{Conv, Dense, Layer, Network, Preprocessing},
};

/// What VGG16 subtracts, by its definition.
const MEAN_RGB: [f32; 3] = [123.68, 116.779, 103.939];

#[derive(Deserialize)]
struct Reference {
    size: usize,
    pictures: Vec<Vec<u8>>,
    preprocessed_bgr_planes: Vec<Vec<f32>>,
    layers: Vec<ReferenceLayer>,
    features: Vec<Vec<f32>>,
    #[cfg(feature = "finetune")]
    head: Training,
    #[cfg(feature = "finetune")]
    gradcam: Reasons,
}

/// Logits behind the features, and for each picture and class the heat map, row by row.
#[cfg(feature = "finetune")]
#[derive(Deserialize)]
struct Reasons {
    logits: Head,
    heats: Vec<Vec<f32>>,
}

#[cfg(feature = "finetune")]
#[derive(Deserialize)]
struct Training {
    features: Vec<f32>,
    classes: Vec<usize>,
    untrained: Head,
    losses: Vec<f64>,
    accuracies: Vec<f64>,
    trained: Head,
}

#[cfg(feature = "finetune")]
#[derive(Deserialize)]
struct Head {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Deserialize)]
struct ReferenceLayer {
    kind: String,
    #[serde(default)]
    weights: Vec<f32>,
    #[serde(default)]
    bias: Vec<f32>,
    #[serde(default)]
    inputs: usize,
    #[serde(default)]
    outputs: usize,
}

fn reference() -> Reference {
    let path = std::env::var("VGGCAM_KERAS_REFERENCE")
        .expect("VGGCAM_KERAS_REFERENCE names the file that tests/parity/keras_reference.py wrote");
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
}

fn network(size: usize, layers: Vec<Layer>) -> Network {
    Network { input_size: size, preprocessing: Preprocessing { mean_rgb: MEAN_RGB }, layers, softmax: false }
}

fn layers(reference: &Reference) -> Vec<Layer> {
    let layer = |(index, layer): (usize, &ReferenceLayer)| {
        let (name, weights, bias) = (format!("layer{index}"), layer.weights.clone(), layer.bias.clone());
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        match layer.kind.as_str() {
            "conv" => Layer::Conv(Conv { name, weights, bias, inputs, outputs }),
            "pool" => Layer::MaxPool,
            _ => Layer::Dense(Dense { name, weights, bias, inputs, outputs, relu: true }),
        }
    };
    reference.layers.iter().enumerate().map(layer).collect()
}

fn picture(reference: &Reference, index: usize) -> RgbImage {
    let size = reference.size as u32;
    RgbImage::from_raw(size, size, reference.pictures[index].clone()).unwrap()
}

#[test]
#[ignore = "needs the numbers that Keras writes"]
fn preprocessing_equals_keras() {
    let reference = reference();
    // Kernels that copy each plane and its negative past the ReLU, so that the difference is the plane itself.
    let mut weights = vec![0.0; 6 * 27];
    for plane in 0..3 {
        weights[plane * 27 + plane * 9 + 4] = 1.0;
        weights[(plane + 3) * 27 + plane * 9 + 4] = -1.0;
    }
    let copy = Conv { name: "copy".into(), weights, bias: vec![0.0; 6], inputs: 3, outputs: 6 };
    let plan = Plan::float_activations(&network(reference.size, vec![Layer::Conv(copy)]), 1).unwrap();
    for (index, expected) in reference.preprocessed_bgr_planes.iter().enumerate() {
        let halves = plan.run(&picture(&reference, index)).unwrap().remove(0);
        let (above, below) = halves.split_at(halves.len() / 2);
        assert_eq!(above.len(), expected.len());
        for ((a, b), expected) in above.iter().zip(below).zip(expected) {
            assert!((a - b - expected).abs() <= 1e-5, "{} where Keras has {expected}", a - b);
        }
    }
}

#[test]
#[ignore = "needs the numbers that Keras writes"]
fn features_equal_keras() {
    let reference = reference();
    let plan = Plan::float(network(reference.size, layers(&reference)), 1, Sums::Fastest).unwrap();
    for (index, expected) in reference.features.iter().enumerate() {
        let features = plan.run(&picture(&reference, index)).unwrap().remove(0);
        let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        assert!(largest > 0.0);
        assert_eq!(features.len(), expected.len());
        for (value, expected) in features.iter().zip(expected) {
            assert!((value - expected).abs() <= 1e-4 * largest, "{value} where Keras has {expected}");
        }
    }
}

#[test]
#[cfg(feature = "finetune")]
#[ignore = "needs the numbers that Keras writes"]
fn heat_maps_equal_keras() {
    use vggcam::finetune::gradcam::GradCam;
    let reference = reference();
    let mut layers = layers(&reference);
    let Head { weights, bias } = &reference.gradcam.logits;
    let (outputs, inputs) = (bias.len(), weights.len() / bias.len());
    let (weights, bias) = (weights.clone(), bias.clone());
    layers.push(Layer::Dense(Dense { name: "logits".into(), weights, bias, inputs, outputs, relu: false }));
    let network = network(reference.size, layers);
    let cam = GradCam::new(&network).unwrap();
    let mut warm = 0;
    for (index, expected) in reference.gradcam.heats.iter().enumerate() {
        let heat = cam.heat(&picture(&reference, index / outputs), index % outputs).unwrap();
        let most = expected.iter().copied().fold(0.0, f32::max);
        assert_eq!(heat.values.len(), expected.len());
        warm += usize::from(most > 0.0);
        for (value, expected) in heat.values.iter().zip(expected) {
            let expected = if most > 0.0 { expected / most } else { 0.0 };
            assert!((value - expected).abs() < 1e-3, "map {index}: {value} where Keras has {expected}");
        }
    }
    assert!(warm > 0, "every heat map is empty");
}

#[test]
#[cfg(feature = "finetune")]
#[ignore = "needs the numbers that Keras writes"]
fn the_head_trains_as_in_keras() {
    use vggcam::finetune::{
        head::{Settings, Trainer},
        random::Random,
        samples::Samples,
    };
    let Training { features, classes, untrained, losses, accuracies, trained } = reference().head;
    let settings = Settings { batch: classes.len(), learning_rate: 0.01, dropout: 0.0 };
    let (outputs, inputs) = (untrained.bias.len(), features.len() / classes.len());
    let Head { weights, bias } = untrained;
    let untrained = Dense { name: "head".into(), weights, bias, inputs, outputs, relu: false };
    let samples = Samples::in_memory(inputs, features, classes);
    let mut trainer = Trainer::new(&untrained, settings, Random::new(1));
    for (epoch, (loss, accuracy)) in losses.iter().zip(&accuracies).enumerate() {
        let score = trainer.epoch(&samples).unwrap();
        assert!((score.loss - loss).abs() < 1e-5, "epoch {epoch}: {} where Keras has {loss}", score.loss);
        assert!((score.accuracy - accuracy).abs() < 1e-6, "epoch {epoch}: {} not {accuracy}", score.accuracy);
    }
    let head = trainer.dense();
    for (value, expected) in head.weights.iter().chain(&head.bias).zip(trained.weights.iter().chain(&trained.bias)) {
        assert!((value - expected).abs() < 1e-5, "{value} where Keras has {expected}");
    }
}
