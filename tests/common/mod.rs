//! Small networks that the tests make themselves.
#![allow(dead_code)]

pub mod oracle;

use image::RgbImage;
use vggcam::model::{
    metadata::{Fit, Metadata},
    network::{Conv, Dense, Layer, Network, Preprocessing},
};

/// A reproducible stream of values from -1 to 1 (xorshift64).
pub struct Noise(pub u64);

impl Noise {
    pub fn value(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub fn values(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.value() * scale).collect()
    }
}

/// A VGG with a block for each of `widths` (two convolutions each), then dense layers of the sizes in `dense`, the
/// last one without ReLU and with a softmax.
pub fn random_vgg(seed: u64, input_size: usize, widths: &[usize], dense: &[usize]) -> Network {
    let mut noise = Noise(seed.wrapping_mul(2).wrapping_add(1));
    let mut layers = vec![];
    let (mut channels, mut side) = (3, input_size);
    for (block, &width) in widths.iter().enumerate() {
        for conv in 0..2 {
            layers.push(Layer::Conv(Conv {
                name: format!("block{}_conv{}", block + 1, conv + 1),
                weights: noise.values(width * channels * 9, (6.0 / (9 * channels) as f32).sqrt()),
                bias: noise.values(width, 5.0),
                inputs: channels,
                outputs: width,
            }));
            channels = width;
        }
        layers.push(Layer::MaxPool);
        side /= 2;
    }
    let mut inputs = channels * side * side;
    for (index, &outputs) in dense.iter().enumerate() {
        let last = index + 1 == dense.len();
        let scale = if last { 0.05 } else { 1.0 };
        layers.push(Layer::Dense(Dense {
            name: format!("fc{}", index + 1),
            weights: noise.values(outputs * inputs, scale * (6.0 / inputs as f32).sqrt()),
            bias: noise.values(outputs, scale),
            inputs,
            outputs,
            relu: !last,
        }));
        inputs = outputs;
    }
    let preprocessing = Preprocessing { mean_rgb: [123.68, 116.779, 103.939] };
    Network { input_size, preprocessing, layers, softmax: true }
}

/// A picture of coloured noise over a gradient.
pub fn random_picture(seed: u64, size: u32) -> RgbImage {
    let mut noise = Noise(seed.wrapping_mul(2).wrapping_add(77));
    RgbImage::from_fn(size, size, |x, y| {
        let mut channel = |slope: u32| (((x + slope * y) * 255 / (size * 3)) as f32 + noise.value() * 60.0) as u8;
        image::Rgb([channel(1), channel(0), channel(2)])
    })
}

/// Metadata for `labels`.
pub fn metadata(labels: &[&str]) -> Metadata {
    Metadata {
        name: "test".into(),
        labels: labels.iter().map(|label| label.to_string()).collect(),
        fit: Fit::Squash,
        unknown_threshold: 0.0,
        backbone: "random".into(),
        validation: None,
        familiarity: None,
    }
}

/// Writes a small int8 model that carries four reference pictures; it is called after its labels.
#[cfg(feature = "finetune")]
pub fn write_tested_model(path: &std::path::Path, seed: u64, labels: &[&str]) {
    use vggcam::{
        finetune::{
            int8::quantize::{calibrate, quantize},
            references,
        },
        model::file,
    };
    let network = random_vgg(seed, 32, &[6, 8], &[24, labels.len()]);
    let scales = calibrate(&network, &[random_picture(1, 32), random_picture(2, 32)], &|| ()).unwrap();
    let metadata = Metadata { name: labels.join("/"), ..metadata(labels) };
    file::write_quantized(path, &quantize(&network, &scales), &metadata).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pictures: Vec<_> = (0..4).map(|index| folder.path().join(format!("{index}.png"))).collect();
    for (picture, seed) in pictures.iter().zip(10..) {
        random_picture(seed, 40).save(picture).unwrap();
    }
    references::add(path, &pictures).unwrap();
}

/// Makes a model file promise answers that its network does not give.
#[cfg(feature = "finetune")]
pub fn change_expected_answers(path: &std::path::Path) {
    use vggcam::model::{file, reference};
    let mut references = file::open(path).unwrap().references.decode().unwrap();
    references.pictures[0].probabilities.rotate_left(1);
    reference::add(path, &references).unwrap();
}
