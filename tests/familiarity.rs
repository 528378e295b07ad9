//! Familiarity from a model file on every engine that runs here, and what becomes of files that contradict themselves.
#![cfg(feature = "finetune")]

mod common;

use std::path::{Path, PathBuf};

use common::{Noise, metadata, random_picture, random_vgg};
use vggcam::{
    engine::{choice::EngineChoice, classifier::Classifier, open::Settings},
    finetune::int8::quantize::{calibrate, quantize},
    model::{
        familiarity::Familiarity,
        file::{self, Contents},
        metadata::Metadata,
        network::Network,
    },
};

const SIZE: usize = 48;
const WIDTHS: [usize; 3] = [6, 8, 20];

/// A network of three blocks whose last two max pools tell familiarity.
fn model() -> (Network, Metadata) {
    let mut noise = Noise(11);
    let familiarity = Familiarity {
        threshold: 0.25,
        layers: vec!["block2_conv2".into(), "block3_conv2".into()],
        bias: noise.values(3, 1.0),
        weights: noise.values(3 * 2 * (8 + 20), 0.1),
    };
    let metadata = Metadata { familiarity: Some(familiarity), ..metadata(&["a", "b", "c"]) };
    (random_vgg(3, SIZE, &WIDTHS, &[32, 3]), metadata)
}

/// The same model as int8 and as float file.
fn files(folder: &Path) -> [PathBuf; 2] {
    let (network, metadata) = model();
    let pictures: Vec<_> = (0..4).map(|seed| random_picture(seed, SIZE as u32)).collect();
    let scales = calibrate(&network, &pictures, &|| ()).unwrap();
    let [int8, float] = ["int8.onnx", "f32.onnx"].map(|name| folder.join(name));
    file::write_quantized(&int8, &quantize(&network, &scales), &metadata).unwrap();
    file::write_network(&float, &network, &metadata).unwrap();
    [int8, float]
}

fn familiarities(model: &Path, engine: EngineChoice, threads: usize) -> Vec<f32> {
    let classifier = Classifier::open(model, Settings { engine, ..Settings::plain(threads) }).unwrap();
    let of = |seed| classifier.classify(&random_picture(seed, SIZE as u32)).unwrap().familiarity.unwrap();
    (10..16).map(of).collect()
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_engine_gives_what_the_graph_says() {
    let folder = tempfile::tempdir().unwrap();
    let [int8, float] = files(folder.path());
    let integer = familiarities(&int8, EngineChoice::Integer, 1);
    assert_eq!(integer, familiarities(&int8, EngineChoice::Integer, 3));
    let graph = familiarities(&int8, EngineChoice::Tract, 1);
    // A value next to a half is rounded up by one processor and down by another, and moves a feature by a whole step.
    assert!(apart(&integer, &graph) < 0.02, "{integer:?} {graph:?}");
    let same = integer.iter().zip(&graph).filter(|(integer, graph)| (*integer - *graph).abs() < 1e-3).count();
    assert!(same >= integer.len() / 2, "{integer:?} {graph:?}");
    let floats = familiarities(&float, EngineChoice::Float, 2);
    let graph = familiarities(&float, EngineChoice::Tract, 1);
    assert!(apart(&floats, &graph) < 1e-3, "{floats:?} {graph:?}");
    assert!(apart(&floats, &integer) < 0.2, "{floats:?} {integer:?}");
    assert!(apart(&floats, &familiarities(&int8, EngineChoice::Float, 1)) < 0.2);
    // Pictures differ, or this would show nothing.
    assert!(floats.iter().any(|value| (value - floats[0]).abs() > 0.05), "{floats:?}");
}

#[test]
fn the_second_output_does_not_hide_the_network() {
    let folder = tempfile::tempdir().unwrap();
    for model in files(folder.path()) {
        let file = file::open(&model).unwrap();
        assert!(matches!(file.contents, Contents::Network(_)), "{:?}", file.foreign_reason());
        assert_eq!(file.metadata, Some(self::model().1));
    }
}

#[test]
fn a_file_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (network, metadata) = model();
    let refused = |change: fn(&mut Familiarity), says: &str| {
        let mut metadata = metadata.clone();
        metadata.familiarity.as_mut().map(change);
        let error = file::write_network(&folder.path().join("x.onnx"), &network, &metadata).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    refused(|familiarity| familiarity.layers[0] = "block9_conv1".into(), "no max pool follows \"block9_conv1\"");
    // Written behind the back of the graph: the layers of the file are others than those of its metadata.
    let model = folder.path().join("model.onnx");
    let mut fewer = metadata.clone();
    if let Some(familiarity) = &mut fewer.familiarity {
        familiarity.layers.truncate(1);
    }
    file::write_network(&model, &network, &fewer).unwrap();
    let error = Classifier::open(&model, Settings::plain(1)).err().unwrap().to_string();
    assert!(error.contains("16 features and familiarity takes 56"), "{error}");
}
