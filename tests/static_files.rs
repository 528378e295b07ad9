//! Files that ONNX Runtime's own `quantize_static` wrote: which are recognised, and that they mean here what they mean there.
//!
//! Needs the folder that `tests/parity/quantize_static.py` filled in `VGGCAM_STATIC_FILES`.

mod common;

use std::{fs, path::PathBuf};

use common::oracle;
use serde::Deserialize;
use vggcam::model::{
    file,
    quantized::{QuantizedInput, QuantizedLayer, QuantizedNetwork},
    recognise::Recognised,
};

#[derive(Deserialize)]
struct Case {
    name: String,
    refused: Option<String>,
    softmax: bool,
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
}

/// What the network gives for a whole input of the file, as probabilities.
fn probabilities(network: &QuantizedNetwork, input: &[f32]) -> Vec<f32> {
    let values = match network.input {
        QuantizedInput::Real { .. } => oracle::of_values(network, input),
        QuantizedInput::Picture { .. } => {
            let size = network.input_size as u32;
            let bytes = input.iter().map(|&byte| byte as u8).collect();
            oracle::of_picture(network, &image::RgbImage::from_raw(size, size, bytes).unwrap())
        }
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
        let file = file::open(&folder.join(format!("{}.onnx", case.name))).unwrap();
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
                }
                println!("{}: at most {widest:.5} apart", case.name);
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
