//! The int8 form: the same answers, or none.

use std::fs;

use serde_json::Value;
use vggcam::model::{
    file,
    network::{Layer, Network},
};

use crate::{
    bench::{Bench, SIZE, bytes},
    common,
};

#[test]
fn a_float_model_is_quantized_to_the_same_answers() {
    let bench = Bench::new();
    bench.train("out");
    bench.finetune("quantize --model out/model-f32.onnx --calibration data --out int8.onnx").assert().success();
    let output = bench.finetune("evaluate --model int8.onnx data --json").assert().success();
    let found: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(found["accuracy"], 1.0);
    bench.fails("quantize --model int8.onnx --calibration data --out x.onnx", 1, "quantized already");
}

/// A small backbone whose int8 form knows nothing: beside two large weights that cancel each other, others in every row, the
/// small ones that matter have no steps.
fn unquantizable() -> Network {
    let mut network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 16, 3]);
    let mut dense = network.layers.iter_mut().filter_map(|layer| match layer {
        Layer::Dense(dense) => Some(dense),
        _ => None,
    });
    let (first, second) = (dense.next().unwrap(), dense.next().unwrap());
    for pair in 0..12 {
        first
            .weights
            .copy_within(2 * pair * first.inputs..(2 * pair + 1) * first.inputs, (2 * pair + 1) * first.inputs);
        first.bias[2 * pair + 1] = first.bias[2 * pair];
    }
    for (row, weights) in second.weights.chunks_exact_mut(24).enumerate() {
        weights[row % 12 * 2] += 1000.0;
        weights[row % 12 * 2 + 1] -= 1000.0;
    }
    network
}

#[test]
fn a_model_that_int8_spoils_is_not_written_unless_told_to() {
    let bench = Bench::new();
    file::write_network(&bench.path("hard.onnx"), &unquantizable(), &common::metadata(&["a", "b", "c"])).unwrap();
    let train = "train data --out out --backbone hard.onnx --cache cache --epochs 60 --batch 4 --learning-rate 0.01";
    bench.fails(train, 1, "the int8 model is not written: it loses");
    assert!(!bench.path("out/model.onnx").exists() && bench.path("out/model-f32.onnx").exists());
    let report: Value = serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap();
    let quantization = &report["quantization"];
    assert_eq!(report["files"], serde_json::json!(["out/model-f32.onnx"]));
    assert!(quantization["cost"]["points"].as_f64().unwrap() >= 37.5, "{quantization}");
    let [same, images] = ["same", "images"].map(|name| quantization[name].as_f64().unwrap());
    assert!(same / images < 0.7, "{quantization}");
    let last = &quantization["layers"].as_array().unwrap()[5];
    assert!(last["name"] == "fc2" && last["signal_to_noise_db"].as_f64().unwrap() < 10.0, "{quantization}");

    fs::write(bench.path("out/model.onnx"), "earlier").unwrap();
    bench.fails(train, 1, "out/model.onnx is that of an earlier run, left as it was");
    assert_eq!(bytes(&bench.path("out/model.onnx")), b"earlier");
    bench.finetune(&format!("{train} --max-drop 100")).assert().success();
    assert!(bytes(&bench.path("out/model.onnx")).len() > 1000);
    bench.fails(&format!("{train} --max-drop 101"), 2, "--max-drop");
}

#[test]
fn a_channel_of_another_size_is_repaired() {
    let bench = Bench::new();
    bench.train("easy");
    let mut network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 16, 3]);
    // One channel a thousand times larger, and the next layer's weights for it as much smaller: the same answers in float.
    let mut convs = network.layers.iter_mut().filter_map(|layer| match layer {
        Layer::Conv(conv) => Some(conv),
        _ => None,
    });
    let (first, second) = (convs.next().unwrap(), convs.next().unwrap());
    first.weights[27..54].iter_mut().for_each(|weight| *weight *= 1000.0);
    first.bias[1] *= 1000.0;
    second.weights.chunks_exact_mut(6 * 9).for_each(|row| row[9..18].iter_mut().for_each(|weight| *weight /= 1000.0));
    file::write_network(&bench.path("backbone.onnx"), &network, &common::metadata(&["a", "b", "c"])).unwrap();
    let report = bench.train("hard");
    assert_eq!(report["int8"]["accuracy"], 1.0);
    let layers = report["quantization"]["layers"].as_array().unwrap();
    assert!(layers.iter().take(5).all(|layer| layer["equalised"] == true), "{layers:?}");
    assert!(layers.iter().all(|layer| layer["signal_to_noise_db"].as_f64().unwrap() > 15.0), "{layers:?}");
}
