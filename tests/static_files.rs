//! Files that ONNX Runtime's own `quantize_static` wrote: which are recognised, and that they mean here what they mean there.
//!
//! Needs the folder that `tests/parity/quantize_static.py` filled in `VGGCAM_STATIC_FILES`.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use common::oracle;
use serde::Deserialize;
use vggcam::{
    engine::{
        choice::EngineChoice,
        fused::Fused,
        layers::{engine::Pixels, program::Input},
        open::{self, Settings},
    },
    model::{
        file,
        quantized::{QuantizedInput, QuantizedLayer, QuantizedNetwork},
        recognise::Recognised,
    },
};

#[derive(Deserialize)]
struct Case {
    name: String,
    refused: Option<String>,
    softmax: bool,
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    layers: Vec<LayerSteps>,
}

/// ONNX Runtime's uint8 steps in front of and behind one layer.
#[derive(Deserialize)]
struct LayerSteps {
    inputs: Vec<i64>,
    outputs: Vec<i64>,
}

/// How many of the layers' outputs differ from ONNX Runtime's, when each layer reads what it read there; none by more than
/// one step.
fn differing_steps(network: &QuantizedNetwork, layers: &[LayerSteps]) -> (usize, usize) {
    let mut layers = layers.iter();
    let mut side = network.input_size;
    let mut scale = network.input.scale();
    let mut zero = match network.input {
        QuantizedInput::Real { quantization, .. } => i64::from(quantization.zero_point),
        // Zero points differ by channel; the files have 0.
        QuantizedInput::Picture { mean_rgb } => i64::from(mean_rgb[0]),
    };
    let (mut differing, mut count) = (0, 0);
    for layer in &network.layers {
        let (ours, output) = match layer {
            QuantizedLayer::MaxPool => {
                side /= 2;
                continue;
            }
            QuantizedLayer::Dense(dense) if dense.output.is_none() => continue,
            layer => {
                let theirs = layers.clone().next().expect("steps of every layer");
                let values: Vec<i64> = theirs.inputs.iter().map(|step| step - zero).collect();
                match layer {
                    QuantizedLayer::Conv(conv) => (oracle::convolved(conv, side, scale, &values), conv.output),
                    QuantizedLayer::Dense(dense) => {
                        let output = dense.output.unwrap();
                        (oracle::dense_steps(dense, output, scale, &values), output)
                    }
                    QuantizedLayer::MaxPool => unreachable!(),
                }
            }
        };
        let theirs = layers.next().unwrap();
        assert_eq!(ours.len(), theirs.outputs.len());
        (scale, zero) = (output.scale, i64::from(output.zero_point));
        for (ours, theirs) in ours.iter().zip(&theirs.outputs) {
            let apart = (ours + zero - theirs).abs();
            assert!(apart <= 1, "{apart} steps apart");
            differing += apart as usize;
            count += 1;
        }
    }
    (differing, count)
}

/// What the network gives for a whole input of the file, as probabilities.
fn probabilities(network: &QuantizedNetwork, input: &[f32]) -> Vec<f32> {
    let values = match network.input {
        QuantizedInput::Real { .. } => oracle::of_values(network, input),
        QuantizedInput::Picture { .. } => oracle::of_picture(network, &picture(network, input)),
    };
    match network.layers.last() {
        _ if network.softmax => values,
        Some(QuantizedLayer::Dense(dense)) => match dense.output {
            None => oracle::softmax(&values),
            Some(output) => {
                let real = |step: &f32| (step - f32::from(output.zero_point)) * output.scale;
                oracle::softmax(&values.iter().map(real).collect::<Vec<_>>())
            }
        },
        _ => panic!("it does not end with a dense layer"),
    }
}

/// The oracle's values before any softmax: steps or real values of the last layer.
fn oracle_values(network: &QuantizedNetwork, input: &[f32]) -> Vec<f32> {
    let network = QuantizedNetwork { softmax: false, ..network.clone() };
    match network.input {
        QuantizedInput::Real { .. } => oracle::of_values(&network, input),
        QuantizedInput::Picture { .. } => oracle::of_picture(&network, &picture(&network, input)),
    }
}

/// The same by the engine that opening the file gives.
fn engine_values(path: &Path, input: &[f32]) -> Vec<f32> {
    let settings = Settings { engine: EngineChoice::Integer, ..Settings::plain(2) };
    let opened = open::open(path, settings).unwrap();
    let Some(Fused::Integer(engine)) = opened.plan.engine() else { panic!("not the integer engine") };
    let mut values = vec![0.0; engine.program().output.count];
    let bytes: Vec<u8> = input.iter().map(|&byte| byte as u8).collect();
    let pixels = match engine.program().input {
        Input::Real { .. } => Pixels::Real(input),
        _ => Pixels::Bytes(&bytes),
    };
    engine.run(&[pixels], &mut values, None).unwrap();
    values
}

fn picture(network: &QuantizedNetwork, input: &[f32]) -> image::RgbImage {
    let size = network.input_size as u32;
    image::RgbImage::from_raw(size, size, input.iter().map(|&byte| byte as u8).collect()).unwrap()
}

#[test]
#[ignore = "needs files that tests/parity/quantize_static.py writes"]
fn static_files_mean_here_what_they_mean_in_onnx_runtime() {
    let folder = PathBuf::from(
        std::env::var("VGGCAM_STATIC_FILES")
            .expect("VGGCAM_STATIC_FILES names the folder that tests/parity/quantize_static.py filled"),
    );
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let mut wrong = vec![];
    for case in &cases {
        let path = folder.join(format!("{}.onnx", case.name));
        let file = file::open(&path).unwrap();
        match (file.network(), file.foreign_reason(), &case.refused) {
            (None, Some(reason), Some(node)) if reason.contains(&format!("{node:?}")) && !reason.contains('\n') => {
                println!("{}: refused, {reason}", case.name);
            }
            (Some(Recognised::Quantized(network)), None, None) => {
                let mut widest = 0.0f32;
                for (input, output) in case.inputs.iter().zip(&case.outputs) {
                    let theirs = if case.softmax { output.clone() } else { oracle::softmax(output) };
                    let ours = probabilities(network, input);
                    assert_eq!(ours.len(), theirs.len(), "{}", case.name);
                    widest = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(widest, f32::max);
                    assert_eq!(engine_values(&path, input), oracle_values(network, input), "{}", case.name);
                }
                let (differing, count) = differing_steps(network, &case.layers);
                println!("{}: at most {widest:.5} apart; {differing} of {count} steps differ, by one", case.name);
                if widest > 1e-2 {
                    wrong.push(format!("{} is {widest} apart", case.name));
                }
            }
            (network, reason, expected) => {
                let found = if network.is_some() { "recognised" } else { "not recognised" };
                wrong.push(format!("{} is {found} ({reason:?}); expected a refusal at {expected:?}", case.name));
            }
        }
    }
    assert!(cases.len() > 20 && wrong.is_empty(), "of {} cases:\n{}", cases.len(), wrong.join("\n"));
}
