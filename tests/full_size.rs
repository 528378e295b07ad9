//! VGG16 at its full width, with random weights: 138 million of them.
//!
//! Takes a minute or two and some gigabytes of memory, so `.ci/run` asks for it by name.
#![cfg(feature = "finetune")]

mod common;

use common::{metadata, random_picture, random_vgg};
use vggcam::{
    engine::{classifier::Classifier, open::Settings, plan::Form},
    finetune::int8::quantize::{calibrate, quantize},
    model::{
        file,
        network::{Conv, Layer},
    },
};

#[test]
#[ignore = "takes a minute and some gigabytes"]
fn a_full_width_network_is_written_quantized_and_run() {
    let mut network = random_vgg(1, 224, &[64, 128, 256, 512, 512], &[4096, 4096, 10]);
    // The three deeper blocks have a third convolution.
    for pool in [14, 11, 8] {
        let Layer::Conv(second) = &network.layers[pool - 1] else { panic!("a convolution before the pool") };
        let third = Conv { name: second.name.replace("conv2", "conv3"), ..second.clone() };
        network.layers.insert(pool, Layer::Conv(third));
    }
    assert_eq!(network.layers.len(), 13 + 5 + 3);
    let pictures = [random_picture(1, 224), random_picture(2, 224)];
    let scales = calibrate(&network, &pictures, &|| ()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [float, int8] = ["float.onnx", "int8.onnx"].map(|name| folder.path().join(name));
    let labels: Vec<String> = (0..10).map(|class| format!("class {class}")).collect();
    let metadata = metadata(&labels.iter().map(String::as_str).collect::<Vec<_>>());
    file::write_network(&float, &network, &metadata).unwrap();
    file::write_quantized(&int8, &quantize(&network, &scales), &metadata).unwrap();
    drop(network);
    let [float, int8] = [float, int8].map(|path| Classifier::open(&path, Settings::plain(2)).unwrap());
    assert_eq!([float.form(), int8.form()], [Form::Float, Form::Integer]);
    for picture in &pictures {
        let [float, int8] = [&float, &int8].map(|model| logits(&model.classify(picture).unwrap().probabilities));
        let similarity = dot(&float, &int8) / (dot(&float, &float) * dot(&int8, &int8)).sqrt();
        assert!(similarity > 0.95, "{similarity}: {float:?} as float, {int8:?} as int8");
    }
}

/// What the softmax was given, but for a common summand: around a mean of 0.
fn logits(probabilities: &[f32]) -> Vec<f64> {
    let logs: Vec<f64> = probabilities.iter().map(|&p| f64::from(p).ln()).collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    logs.iter().map(|log| log - mean).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
