//! Where a network looked: Grad-CAM (Selvaraju et al., 2017) over the map of its last convolution.
//!
//! Shape letters: `C` channels, `H` rows and `W` columns of that map. The gradient of the answered class's logit with
//! respect to the map, averaged over space, says how much each channel speaks for the class; the channels, summed with these
//! weights and cut at 0, are the heat map. All is computed on floats.

use image::RgbImage;

use crate::{
    engine::{error::EngineError, last_map::LastMap},
    model::network::{Dense, Layer, Network},
};

/// How much each part of a picture spoke for a class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// Rows and columns.
    pub side: usize,
    /// Row by row, 0 to 1, the strongest place 1; all 0 where nothing spoke for the class.
    pub values: Vec<f32>,
}

/// A network ready to say where it looks.
pub struct GradCam<'a> {
    map: LastMap,
    /// Whether a 2×2 max pool lies between the map and the dense layers.
    pool: bool,
    dense: Vec<&'a Dense>,
}

impl<'a> GradCam<'a> {
    /// Prepares a float network that ends with dense layers; errs where the float engine does not take it.
    pub fn new(network: &'a Network) -> Result<Self, EngineError> {
        let map = LastMap::new(network)?;
        let last = network.layers.iter().rposition(|layer| matches!(layer, Layer::Conv(_)));
        let behind = network.layers.iter().skip(last.map_or(0, |last| last + 1));
        let pool = behind.clone().any(|layer| matches!(layer, Layer::MaxPool));
        let dense = behind.filter_map(|layer| match layer {
            Layer::Dense(dense) => Some(dense),
            Layer::Conv(_) | Layer::MaxPool => None,
        });
        Ok(GradCam { map, pool, dense: dense.collect() })
    }

    /// Where the network looked in a picture, fitted to its input size, for the output `class`.
    pub fn heat(&self, fitted: &RgbImage, class: usize) -> Result<Heat, EngineError> {
        let side = self.map.side();
        let map = self.map.of(fitted)?;
        let plane = (side * side).max(1);
        let mut values = vec![0.0; side * side];
        for (channel, weight) in map.chunks_exact(plane).zip(self.channel_weights(&map, class)) {
            values.iter_mut().zip(channel).for_each(|(value, x)| *value += weight * x);
        }
        let most = values.iter().copied().fold(0.0, f32::max);
        let scale = if most > 0.0 { most.recip() } else { 0.0 };
        values.iter_mut().for_each(|value| *value = (*value * scale).clamp(0.0, 1.0));
        Ok(Heat { side, values })
    }

    /// The gradient of the class's logit with respect to the map (`C×H×W`), averaged over space, for each channel.
    fn channel_weights(&self, map: &[f32], class: usize) -> Vec<f32> {
        let side = self.map.side();
        let mut inputs = vec![if self.pool { max_pool(map, side) } else { map.to_vec() }];
        for dense in &self.dense {
            let outputs = forward(dense, &inputs[inputs.len() - 1]);
            inputs.push(outputs);
        }
        let outputs = self.dense.last().map_or(0, |dense| dense.outputs);
        let mut gradient: Vec<f32> = (0..outputs).map(|output| f32::from(u8::from(output == class))).collect();
        for (index, dense) in self.dense.iter().enumerate().rev() {
            if index + 1 < self.dense.len() && dense.relu {
                let passed = gradient.iter_mut().zip(&inputs[index + 1]);
                passed.for_each(|(g, &output)| *g = if output > 0.0 { *g } else { 0.0 });
            }
            gradient = backward(dense, &gradient);
        }
        // A max pool hands each gradient on to one place of its square, so that their sum over space is the same.
        let places = (gradient.len() / self.map.channels().max(1)).max(1);
        let mean = |gradients: &[f32]| gradients.iter().sum::<f32>() / (side * side).max(1) as f32;
        gradient.chunks_exact(places).map(mean).collect()
    }
}

/// 2×2 max pool with stride 2 of `C×H×W` values, `H = W = side`.
fn max_pool(map: &[f32], side: usize) -> Vec<f32> {
    let half = side / 2;
    let pooled = |channel: &[f32], i: usize| {
        let (y, x) = (i / half * 2, i % half * 2);
        let row = |y: usize| channel[y * side + x].max(channel[y * side + x + 1]);
        row(y).max(row(y + 1))
    };
    map.chunks_exact((side * side).max(1))
        .flat_map(|channel| (0..half * half).map(move |i| pooled(channel, i)))
        .collect()
}

/// A dense layer's outputs.
fn forward(dense: &Dense, inputs: &[f32]) -> Vec<f32> {
    let sum = |(row, bias): (&[f32], &f32)| {
        let sum = row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f32>() + bias;
        if dense.relu { sum.max(0.0) } else { sum }
    };
    dense.weights.chunks_exact(dense.inputs.max(1)).zip(&dense.bias).map(sum).collect()
}

/// The gradient with respect to a dense layer's inputs, from that with respect to its sums.
fn backward(dense: &Dense, gradient: &[f32]) -> Vec<f32> {
    let mut back = vec![0.0; dense.inputs];
    let rows = dense.weights.chunks_exact(dense.inputs.max(1)).zip(gradient);
    for (row, &g) in rows.filter(|(_, g)| **g != 0.0) {
        back.iter_mut().zip(row).for_each(|(back, w)| *back += g * w);
    }
    back
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::{
        finetune::random::Random,
        model::network::{Conv, Preprocessing},
    };

    fn values(random: &mut Random, count: usize) -> Vec<f32> {
        (0..count).map(|_| random.unit() * 2.0 - 1.0).collect()
    }

    /// One convolution, a max pool where `pool`, and three dense layers.
    fn network(seed: u64, pool: bool) -> Network {
        let mut random = Random::new(seed);
        let (channels, side) = (5, 6);
        let (weights, bias) = (values(&mut random, channels * 27), values(&mut random, channels));
        let mut layers = vec![Layer::Conv(Conv { name: "conv".into(), weights, bias, inputs: 3, outputs: channels })];
        layers.extend(pool.then_some(Layer::MaxPool));
        let mut inputs = channels * if pool { side * side / 4 } else { side * side };
        for (outputs, relu) in [(12, true), (9, true), (3, false)] {
            let (weights, bias) = (values(&mut random, inputs * outputs), values(&mut random, outputs));
            layers.push(Layer::Dense(Dense { name: "fc".into(), weights, bias, inputs, outputs, relu }));
            inputs = outputs;
        }
        Network { input_size: side, preprocessing: Preprocessing { mean_rgb: [0.0; 3] }, layers, softmax: true }
    }

    /// The logit of `class` from the last map, in double precision and in the plainest way.
    fn logit(network: &Network, map: &[f64], class: usize) -> f64 {
        let mut values = map.to_vec();
        let mut side = network.input_size;
        for layer in &network.layers {
            match layer {
                Layer::Conv(_) => {}
                Layer::MaxPool => {
                    let at = |c: usize, y: usize, x: usize| values[(c * side + y) * side + x];
                    let mut pooled = vec![];
                    for c in 0..values.len() / side / side {
                        for (y, x) in (0..side / 2).flat_map(|y| (0..side / 2).map(move |x| (2 * y, 2 * x))) {
                            pooled.push(at(c, y, x).max(at(c, y, x + 1)).max(at(c, y + 1, x)).max(at(c, y + 1, x + 1)));
                        }
                    }
                    values = pooled;
                    side /= 2;
                }
                Layer::Dense(dense) => {
                    let sum = |o: usize| {
                        let products =
                            (0..dense.inputs).map(|i| f64::from(dense.weights[o * dense.inputs + i]) * values[i]);
                        products.sum::<f64>() + f64::from(dense.bias[o])
                    };
                    let sums = (0..dense.outputs).map(sum);
                    values = sums.map(|sum| if dense.relu { sum.max(0.0) } else { sum }).collect();
                }
            }
        }
        values[class]
    }

    #[test]
    fn a_channels_weight_is_the_slope_of_the_logit() {
        for (seed, pool) in [(1, true), (2, false), (3, true), (4, false)] {
            let network = network(seed, pool);
            let cam = GradCam::new(&network).unwrap();
            let map: Vec<f32> = values(&mut Random::new(seed + 70), 5 * 36).iter().map(|x| x.max(0.0)).collect();
            for class in 0..3 {
                let weights = cam.channel_weights(&map, class);
                for (channel, weight) in weights.iter().enumerate() {
                    // Raising all places of a channel by the same amount raises the logit by the sum of its gradients.
                    let moved = |by: f64| {
                        let raised = map.iter().enumerate();
                        let raised = raised.map(|(i, &x)| f64::from(x) + if i / 36 == channel { by } else { 0.0 });
                        logit(&network, &raised.collect::<Vec<_>>(), class)
                    };
                    let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6 / 36.0;
                    assert!((slope - f64::from(*weight)).abs() < 1e-4, "{class}, {channel}: {slope} and {weight}");
                }
            }
        }
    }

    #[test]
    fn the_heat_is_where_the_evidence_is() {
        // The convolution passes red and green on; class 0 counts red, class 1 green.
        let mut weights = vec![0.0; 54];
        (weights[2 * 9 + 4], weights[27 + 9 + 4]) = (1.0, 1.0);
        let conv = Conv { name: "conv".into(), weights, bias: vec![0.0; 2], inputs: 3, outputs: 2 };
        let rows = [[vec![1.0; 16], vec![0.0; 16]].concat(), [vec![0.0; 16], vec![1.0; 16]].concat()].concat();
        let dense = Dense { name: "fc".into(), weights: rows, bias: vec![0.0; 2], inputs: 32, outputs: 2, relu: false };
        let layers = vec![Layer::Conv(conv), Layer::MaxPool, Layer::Dense(dense)];
        let preprocessing = Preprocessing { mean_rgb: [0.0; 3] };
        let network = Network { input_size: 8, preprocessing, layers, softmax: true };
        let cam = GradCam::new(&network).unwrap();
        let picture = RgbImage::from_fn(8, 8, |x, y| match (x, y) {
            (1, 2) => Rgb([200, 0, 0]),
            (6, 5) => Rgb([0, 100, 0]),
            _ => Rgb([0, 0, 255]),
        });
        for (class, place) in [(0, 2 * 8 + 1), (1, 5 * 8 + 6)] {
            let heat = cam.heat(&picture, class).unwrap();
            let want: Vec<f32> = (0..64).map(|i| f32::from(u8::from(i == place))).collect();
            assert_eq!((heat.side, heat.values), (8, want));
        }
        let black = cam.heat(&RgbImage::new(8, 8), 0).unwrap();
        assert!(black.values.iter().all(|&value| value == 0.0));
    }
}
