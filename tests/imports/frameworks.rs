//! Files that Keras and PyTorch wrote, and what they compute from them.
//!
//! Needs the folder that `tests/parity/import_keras.py` and `import_torch.py` filled in `VGGCAM_IMPORTS`; `.ci/run` makes it
//! and runs the ignored test here.

use std::{fs, path::Path};

use assert_cmd::Command;
use image::RgbImage;
use serde::Deserialize;
use vggcam::{
    engine::{layers::planner::Sums, plan::Plan},
    model::{file, network::Network},
};

#[derive(Deserialize)]
struct Answer {
    size: u32,
    picture: Vec<u8>,
    features: Vec<f32>,
    /// `None` without a top.
    probabilities: Option<Vec<f32>>,
    options: Vec<String>,
}

#[test]
#[ignore = "needs the files that Keras and PyTorch write"]
fn frameworks_and_their_imported_weights_agree() {
    let folder = std::env::var("VGGCAM_IMPORTS").expect("VGGCAM_IMPORTS names the folder of files to import");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty());
    for json in files {
        let answer: Answer = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
        let weights = json.with_extension("");
        let backbone = Path::new(&folder).join(format!("{}.backbone.onnx", weights.display()));
        let output = Command::cargo_bin("finetune")
            .unwrap()
            .arg("import")
            .arg(&weights)
            .arg("--out")
            .arg(&backbone)
            .args(&answer.options)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {}", weights.display(), String::from_utf8_lossy(&output.stderr));
        let (network, _) = file::read_network(&backbone).unwrap();
        let picture = RgbImage::from_raw(answer.size, answer.size, answer.picture).unwrap();
        let apart = apart(network.feature_extractor().unwrap(), &picture, &answer.features);
        let mut line = format!("{}: features {apart:.1e} apart", weights.file_name().unwrap().display());
        assert!(apart <= 1e-4, "{line}");
        if let Some(probabilities) = answer.probabilities {
            let apart = self::apart(logits_behind_softmax(network), &picture, &probabilities);
            line += &format!(", probabilities {apart:.1e}");
            assert!(apart <= 1e-4, "{line}");
        }
        println!("{line}");
    }
}

/// Graphs that PyTorch exports end with logits.
fn logits_behind_softmax(network: Network) -> Network {
    Network { softmax: true, ..network }
}

/// The widest difference, over the largest value or 1.
fn apart(network: Network, picture: &RgbImage, expected: &[f32]) -> f32 {
    let values = Plan::float(network, 1, Sums::Fastest).unwrap().run(picture).unwrap().remove(0);
    assert_eq!(values.len(), expected.len());
    let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    assert!(largest > 0.0);
    let widest = values.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    widest / largest.max(1.0)
}
