//! The file of packed weights beside a model: it saves work, and never changes an answer.
#![cfg(feature = "finetune")]

mod common;

use std::{fs, path::Path, process::Command};

use common::{Noise, metadata, random_picture};
use vggcam::{
    engine::{classifier::Classifier, integer::cache, layers::weights::Memory, open::Settings},
    model::{
        file,
        quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
    },
};

/// A network whose packed weights are large enough to be kept.
fn network(seed: u64) -> QuantizedNetwork {
    let mut noise = Noise(seed * 2 + 1);
    let mut weights = |count: usize| (0..count).map(|_| (noise.value() * 127.0) as i8).collect::<Vec<_>>();
    let conv = |name: &str, weights, inputs, outputs| {
        let output = Quantization { scale: 2e4, zero_point: 0 };
        let (weight_scales, bias) = (vec![1.0; outputs], vec![0; outputs]);
        let name = name.into();
        QuantizedLayer::Conv(QuantizedConv { name, weights, weight_scales, bias, inputs, outputs, relu: true, output })
    };
    let dense = |name: &str, weights, inputs, outputs: usize, output: Option<Quantization>, scale| {
        let (weight_scales, bias, name) = (vec![scale; outputs], vec![0; outputs], name.into());
        let relu = output.is_some();
        QuantizedLayer::Dense(QuantizedDense { name, weights, weight_scales, bias, inputs, outputs, relu, output })
    };
    let output = Some(Quantization { scale: 2e9, zero_point: 0 });
    let layers = vec![
        conv("block1_conv1", weights(16 * 27), 3, 16),
        conv("block1_conv2", weights(32 * 16 * 9), 16, 32),
        QuantizedLayer::MaxPool,
        dense("fc1", weights(32 * 64 * 4096), 32 * 64, 4096, output, 1.0),
        dense("fc2", weights(4096 * 3), 4096, 3, None, 1e-14),
    ];
    let input = QuantizedInput::Picture { mean_rgb: [124, 117, 104] };
    QuantizedNetwork { input_size: 16, input, layers, softmax: true }
}

fn write(path: &Path, seed: u64) {
    file::write_quantized(path, &network(seed), &metadata(&["cat", "dog", "fox"])).unwrap();
}

fn settings(keep: bool, memory: Memory) -> Settings {
    Settings { keep, memory: Some(memory), ..Settings::plain(1) }
}

fn answers(path: &Path, settings: Settings) -> Vec<Vec<f32>> {
    let classifier = Classifier::open(path, settings).unwrap();
    assert_eq!(classifier.metadata(), &metadata(&["cat", "dog", "fox"]));
    (0..3).map(|seed| classifier.classify(&random_picture(seed, 16)).unwrap().probabilities).collect()
}

#[test]
fn it_is_made_once_and_gives_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    write(&model, 1);
    let expected = answers(&model, settings(false, Memory::Lean));
    assert!(!cache::path_for(&model).exists());
    assert!(expected.iter().all(|p| p.iter().all(|p| (0.001..0.999).contains(p))), "{expected:?} tells too little");
    for memory in [Memory::Lean, Memory::Fast] {
        assert_eq!(answers(&model, settings(true, memory)), expected);
        let made = fs::metadata(cache::path_for(&model)).unwrap().modified().unwrap();
        for memory in [Memory::Lean, Memory::Fast] {
            assert_eq!(answers(&model, settings(true, memory)), expected);
        }
        assert_eq!(fs::metadata(cache::path_for(&model)).unwrap().modified().unwrap(), made);
        fs::remove_file(cache::path_for(&model)).unwrap();
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["model.onnx"], "nothing half made stays");
}

#[test]
fn it_follows_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    for seed in [1, 2, 1] {
        write(&model, seed);
        assert_eq!(answers(&model, settings(true, Memory::Lean)), answers(&model, settings(false, Memory::Lean)));
    }
    // Another model's file under this model's name.
    let other = folder.path().join("other.onnx");
    write(&other, 3);
    answers(&other, settings(true, Memory::Lean));
    fs::copy(cache::path_for(&other), cache::path_for(&model)).unwrap();
    assert_eq!(answers(&model, settings(true, Memory::Lean)), answers(&model, settings(false, Memory::Lean)));
}

#[test]
fn a_damaged_one_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    write(&model, 1);
    let expected = answers(&model, settings(true, Memory::Lean));
    let packed = cache::path_for(&model);
    let whole = fs::read(&packed).unwrap();
    let mut damaged: Vec<Vec<u8>> =
        [0, 1, 31, 32, 5000, whole.len() - 1].iter().map(|&n| whole[..n].to_vec()).collect();
    for place in [0, 7, 8, 15, 16, 40, 4000, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x40;
        damaged.push(bytes);
    }
    damaged.push([&whole[..], &[0]].concat());
    for (memory, bytes) in [Memory::Lean, Memory::Fast].into_iter().cycle().zip(damaged) {
        fs::write(&packed, &bytes).unwrap();
        assert_eq!(answers(&model, settings(true, memory)), expected, "{} bytes", bytes.len());
        assert!(fs::read(&packed).unwrap() == whole, "made again from {} bytes", bytes.len());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    write(&model, 1);
    // Even an administrator cannot write a file where a folder is.
    let name = format!("model.onnx.packed.{}.tmp", std::process::id());
    fs::create_dir(folder.path().join(name)).unwrap();
    assert_eq!(answers(&model, settings(true, Memory::Lean)), answers(&model, settings(false, Memory::Lean)));
    assert!(!cache::path_for(&model).exists());
}

#[test]
fn another_instruction_set_gets_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    write(&model, 1);
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/models/demo");
    let run = |isa: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vggcam"));
        let output =
            command.args(["classify", "--model", model.to_str().unwrap(), demo]).env("VGGCAM_ISA", isa).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.stdout, fs::read(cache::path_for(&model)).unwrap())
    };
    let (expected, packed) = run("scalar");
    let (answer, packed_again) = run("");
    assert_eq!(answer, expected);
    assert_eq!(run("scalar"), (expected, packed.clone()));
    // On a processor without kernels of its own, both are the same.
    if vggcam::engine::isa::Isa::strongest() != vggcam::engine::isa::Isa::Scalar {
        assert!(packed != packed_again);
    }
}
