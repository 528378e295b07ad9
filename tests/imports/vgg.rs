//! A small VGG16 of known numbers, and what it computes by definition.

use crate::common::Noise;

/// Channels of the convolutions: no two alike, so that no axis is taken for another.
const WIDTHS: [usize; 13] = [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 14];
/// Behind which convolutions a max pool stands.
const POOLS: [usize; 5] = [1, 3, 6, 9, 12];

/// A convolution with `O×I×3×3` kernels, or a dense layer with `O×I` weights over channel-first inputs.
#[derive(Clone)]
pub struct Layer {
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    pub inputs: usize,
    /// γ, β, mean, variance.
    pub norm: Option<[Vec<f32>; 4]>,
}

/// Where batch norms stand.
#[derive(Clone, Copy, PartialEq)]
pub enum NormPlace {
    /// Behind the convolutions, before their ReLU.
    Convolutions,
    /// Behind the dense layers but the last, too, before their ReLU.
    All,
    /// Behind the ReLU of the dense layers but the last.
    BehindDenseRelu,
}

#[derive(Clone)]
pub struct Vgg {
    pub size: usize,
    pub convolutions: Vec<Layer>,
    /// Empty for one without a top.
    pub dense: Vec<Layer>,
    pub epsilon: f64,
    pub dense_norms_behind_relu: bool,
}

impl Layer {
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }
}

impl Vgg {
    /// Random numbers, for pictures of `size` pixels.
    pub fn random(seed: u64, size: usize, dense: &[usize]) -> Vgg {
        let mut noise = Noise(seed.wrapping_mul(2).wrapping_add(1));
        let mut inputs = 3;
        let mut convolutions = vec![];
        for outputs in WIDTHS {
            let scale = (6.0 / (9 * inputs) as f32).sqrt();
            let weights = noise.values(outputs * inputs * 9, scale);
            convolutions.push(Layer { weights, bias: noise.values(outputs, 0.5), inputs, norm: None });
            inputs = outputs;
        }
        let side = size / 32;
        let dense = Vgg::dense_layers(seed, inputs * side * side, dense);
        Vgg { size, convolutions, dense, epsilon: 0.0, dense_norms_behind_relu: false }
    }

    pub fn dense_layers(seed: u64, mut inputs: usize, outputs: &[usize]) -> Vec<Layer> {
        let mut noise = Noise(seed.wrapping_mul(2).wrapping_add(99));
        let mut layers = vec![];
        for (index, &outputs_of) in outputs.iter().enumerate() {
            // Small logits, so that no probability is 1.
            let scale = if index + 1 == outputs.len() { 0.01 } else { 1.0 };
            let weights = noise.values(outputs_of * inputs, scale * (6.0 / inputs as f32).sqrt());
            layers.push(Layer { weights, bias: noise.values(outputs_of, scale), inputs, norm: None });
            inputs = outputs_of;
        }
        layers
    }

    pub fn with_norms(mut self, place: NormPlace, epsilon: f64) -> Vgg {
        let mut noise = Noise(12345);
        let mut norm = |layer: &mut Layer| {
            let mut above =
                |low: f32| noise.values(layer.bias.len(), 0.5).into_iter().map(|v| v + low).collect::<Vec<_>>();
            let [gamma, variance] = [above(1.0), above(0.7)];
            let [beta, mean] = [above(0.0), above(0.0)];
            layer.norm = Some([gamma, beta, mean, variance]);
        };
        if place != NormPlace::BehindDenseRelu {
            self.convolutions.iter_mut().for_each(&mut norm);
        }
        if place != NormPlace::Convolutions {
            let hidden = self.dense.len() - 1;
            self.dense[..hidden].iter_mut().for_each(&mut norm);
        }
        self.dense_norms_behind_relu = place == NormPlace::BehindDenseRelu;
        self.epsilon = epsilon;
        self
    }

    pub fn rounded_to_halves(&self) -> Vgg {
        let mut vgg = self.clone();
        for layer in vgg.convolutions.iter_mut().chain(&mut vgg.dense) {
            for value in layer.weights.iter_mut().chain(&mut layer.bias) {
                *value = half::f16::from_f32(*value).to_f32();
            }
        }
        vgg
    }

    pub fn channels(&self) -> usize {
        self.convolutions.last().map_or(0, Layer::outputs)
    }

    /// Whether the first dense layer reads means of planes.
    pub fn pooled(&self) -> bool {
        self.dense.first().is_none_or(|first| first.inputs == self.channels())
    }

    /// Probabilities; or the mean of each plane, where there is no top.
    pub fn forward(&self, planes: Vec<f64>) -> Vec<f64> {
        let (mut value, mut side) = (planes, self.size);
        for (index, layer) in self.convolutions.iter().enumerate() {
            value = convolution(layer, &value, side);
            self.normalize(layer, &mut value);
            relu(&mut value);
            if POOLS.contains(&index) {
                value = max_pool(&value, side);
                side /= 2;
            }
        }
        if self.pooled() {
            let pixels = side * side;
            value = value.chunks_exact(pixels).map(|plane| plane.iter().sum::<f64>() / pixels as f64).collect();
        }
        for (index, layer) in self.dense.iter().enumerate() {
            let row = |(weights, &bias): (&[f32], &f32)| {
                weights.iter().zip(&value).map(|(&w, x)| f64::from(w) * x).sum::<f64>() + f64::from(bias)
            };
            value = layer.weights.chunks_exact(layer.inputs).zip(&layer.bias).map(row).collect();
            if index + 1 == self.dense.len() {
                let highest = value.iter().copied().fold(f64::MIN, f64::max);
                let powers: Vec<f64> = value.iter().map(|logit| (logit - highest).exp()).collect();
                return powers.iter().map(|power| power / powers.iter().sum::<f64>()).collect();
            }
            if self.dense_norms_behind_relu {
                relu(&mut value);
                self.normalize(layer, &mut value);
            } else {
                self.normalize(layer, &mut value);
                relu(&mut value);
            }
        }
        value
    }

    fn normalize(&self, layer: &Layer, value: &mut [f64]) {
        let Some([gamma, beta, mean, variance]) = &layer.norm else { return };
        let run = value.len() / gamma.len();
        for (channel, values) in value.chunks_exact_mut(run).enumerate() {
            let [g, b, m, v] = [gamma, beta, mean, variance].map(|part| f64::from(part[channel]));
            values.iter_mut().for_each(|x| *x = g * (*x - m) / (v + self.epsilon).sqrt() + b);
        }
    }
}

fn relu(value: &mut [f64]) {
    value.iter_mut().for_each(|x| *x = x.max(0.0));
}

fn convolution(layer: &Layer, value: &[f64], side: usize) -> Vec<f64> {
    let mut out = vec![];
    for (kernels, &bias) in layer.weights.chunks_exact(layer.inputs * 9).zip(&layer.bias) {
        for (y, x) in (0..side * side).map(|i| (i / side, i % side)) {
            let mut sum = f64::from(bias);
            for (kernel, plane) in kernels.chunks_exact(9).zip(value.chunks_exact(side * side)) {
                for (tap, &weight) in kernel.iter().enumerate() {
                    let (row, column) = (y + tap / 3, x + tap % 3);
                    if (1..=side).contains(&row) && (1..=side).contains(&column) {
                        sum += f64::from(weight) * plane[(row - 1) * side + column - 1];
                    }
                }
            }
            out.push(sum);
        }
    }
    out
}

fn max_pool(value: &[f64], side: usize) -> Vec<f64> {
    let half = side / 2;
    let pooled = |plane: &[f64]| {
        let at = |y: usize, x: usize| plane[y * side + x];
        let cell = |i: usize| (2 * (i / half), 2 * (i % half));
        let cells = (0..half * half).map(cell);
        cells.map(|(y, x)| at(y, x).max(at(y, x + 1)).max(at(y + 1, x)).max(at(y + 1, x + 1))).collect::<Vec<_>>()
    };
    value.chunks_exact(side * side).flat_map(pooled).collect()
}
