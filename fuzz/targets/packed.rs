//! Files of packed weights beside a model: a damaged one never changes an answer, and a forged one never leads astray.

use std::{fs, path::Path, sync::OnceLock};

use image::RgbImage;
use vggcam::{
    engine::{
        classifier::Classifier,
        integer::{
            cache::{self, Draft, Header, Key},
            facts::{self, Facts},
            program,
        },
        kernels::{Integer, Kernels},
        layers::weights::Memory,
        open::Settings,
    },
    model::{
        file,
        metadata::{self, Fit, Metadata},
        quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
    },
};
use xxhash_rust::xxh3::xxh3_128;

/// Stands in an input for the key of the model on this processor.
pub const KEY: &str = "@KEY@";
/// Weights behind a forged header.
const WEIGHTS: usize = 64 << 10;

/// A model, what it answers, and the file of its packed weights.
struct Whole {
    model: Vec<u8>,
    answers: Vec<Vec<f32>>,
    packed: Vec<u8>,
    key: String,
}

/// A choice; then either changes to a right file, each of a place (two bytes) and what is changed there (one), or a header.
pub fn run(data: &[u8]) {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    let whole = WHOLE.get_or_init(make);
    let ([choice], rest) = super::choices(data);
    let memory = if choice & 1 == 0 { Memory::Lean } else { Memory::Fast };
    let folder = tempfile::tempdir().expect("there is room for a file");
    let path = folder.path().join("model.onnx");
    let packed = cache::path_for(&path);
    fs::write(&path, &whole.model).expect("there is room for a file");
    if choice & 2 == 0 {
        fs::write(&packed, damaged(&whole.packed, rest)).expect("there is room for a file");
        assert_eq!(answers(&path, memory).expect("a damaged file is no obstacle"), whole.answers);
    } else {
        fs::write(&packed, forged(&whole.key, rest)).expect("there is room for a file");
        // Its hash is right, so it may answer anything.
        if let Err(error) = answers(&path, memory) {
            super::assert_told(error);
        }
    }
}

fn damaged(packed: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = packed.to_vec();
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
        match change[2] {
            // Cut off there.
            0 => bytes.truncate(place),
            // Something behind the end.
            1 => bytes.push(change[0]),
            value => {
                let length = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(place % length) {
                    *byte ^= value;
                }
            }
        }
    }
    bytes
}

/// A file with the header that `rest` is, and a hash that fits.
fn forged(key: &str, rest: &[u8]) -> Vec<u8> {
    let place = rest.windows(KEY.len()).position(|window| window == KEY.as_bytes());
    let header = match place {
        Some(place) => [&rest[..place], key.as_bytes(), &rest[place + KEY.len()..]].concat(),
        None => rest.to_vec(),
    };
    // The prefix is 32 bytes long, and weights start at a multiple of 4096.
    let start = (32 + header.len()).next_multiple_of(4096);
    let mut bytes = vec![0; start + WEIGHTS];
    bytes[..8].copy_from_slice(b"vggpack\x02");
    bytes[8..16].copy_from_slice(&(header.len() as u64).to_le_bytes());
    bytes[32..32 + header.len()].copy_from_slice(&header);
    for (index, weight) in bytes[start..].iter_mut().enumerate() {
        *weight = (index * 7) as u8;
    }
    let hash = xxh3_128(&bytes[32..]);
    bytes[16..32].copy_from_slice(&hash.to_le_bytes());
    bytes
}

fn answers(model: &Path, memory: Memory) -> Result<Vec<Vec<f32>>, String> {
    let settings = Settings { keep: true, memory: Some(memory), ..Settings::plain(1) };
    let classifier = Classifier::open(model, settings).map_err(|error| error.to_string())?;
    let side = classifier.input_size().min(64);
    let picture =
        |slope: u32| RgbImage::from_fn(side, side, |x, y| image::Rgb([x * slope, y * slope, x ^ y].map(|v| v as u8)));
    let answer = |slope| classifier.classify(&picture(slope)).map(|answer| answer.probabilities);
    [1, 40].into_iter().map(|slope| answer(slope).map_err(|error| error.to_string())).collect()
}

fn make() -> Whole {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let path = folder.path().join("model.onnx");
    file::write_quantized(&path, &network(), &metadata()).expect("the model can be written");
    let kernels = Kernels::<Integer>::chosen().expect("there are kernels");
    let key = Key::of(&path, kernels.isa.name()).expect("the model can be read");
    let answers = answers(&path, Memory::Lean).expect("the model runs");
    let header = header(key.clone());
    let program = program::lay_out(&header.network, &header.facts, kernels).expect("the network fits together");
    let packed = cache::path_for(&path);
    let draft = Draft::create(packed.clone(), &header, &program).expect("there is room for a file");
    draft.fill(network(), &program, Memory::Lean).expect("there is room for a file");
    let read = |path: &Path| fs::read(path).expect("it was written");
    let key = serde_json::to_string(&key).expect("a key can be written");
    Whole { model: read(&path), answers, packed: read(&packed), key }
}

/// The header of the model's right file.
pub fn header(key: Key) -> Header {
    let network = network();
    let facts = Facts::of(&network);
    Header { key, network: facts::skeleton(&network), facts, properties: metadata::to_properties(&metadata()) }
}

fn metadata() -> Metadata {
    Metadata {
        name: "small".into(),
        labels: ["ant", "bee", "fly"].map(String::from).to_vec(),
        fit: Fit::Squash,
        unknown_threshold: 0.0,
        backbone: String::new(),
        validation: None,
        familiarity: None,
    }
}

/// Two convolutions and two dense layers.
fn network() -> QuantizedNetwork {
    let mut state = 1u32;
    let mut weights = |count: usize| -> Vec<i8> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as i8
        };
        (0..count).map(|_| next().max(-127)).collect()
    };
    let mut conv = |name: &str, inputs, outputs| {
        QuantizedLayer::Conv(QuantizedConv {
            name: name.into(),
            weights: weights(outputs * inputs * 9),
            weight_scales: vec![1.0; outputs],
            bias: vec![0; outputs],
            inputs,
            outputs,
            relu: true,
            output: Quantization { scale: 1e3, zero_point: 0 },
        })
    };
    let mut layers = vec![conv("block1_conv1", 3, 5), conv("block1_conv2", 5, 6), QuantizedLayer::MaxPool];
    let mut dense = |name: &str, inputs, outputs, scale, output: Option<Quantization>| {
        QuantizedLayer::Dense(QuantizedDense {
            name: name.into(),
            weights: weights(outputs * inputs),
            weight_scales: vec![scale; outputs],
            bias: vec![0; outputs],
            inputs,
            outputs,
            relu: output.is_some(),
            output,
        })
    };
    layers.push(dense("fc1", 6 * 16, 7, 1.0, Some(Quantization { scale: 1e7, zero_point: 0 })));
    layers.push(dense("fc2", 7, 3, 1e-12, None));
    let input = QuantizedInput::Picture { mean_rgb: [124, 117, 104] };
    QuantizedNetwork { input_size: 8, input, layers, softmax: true }
}
