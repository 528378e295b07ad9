//! The new last layer: dense and softmax, trained on features.
//!
//! Shape letters: `N` pictures, `F` features, `C` classes. Training follows Keras' defaults: Glorot-uniform weights,
//! zero bias, Adam (Kingma & Ba, 2015) with β 0.9 and 0.999 and ε 1e-7, mean categorical cross-entropy of a batch,
//! inverted dropout.

use super::{
    random::Random,
    samples::{AT_A_TIME, Samples},
    store::StoreError,
};
use crate::{engine::classifier::likeliest, model::network::Dense};

/// Settings of a training run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Pictures per step.
    pub batch: usize,
    /// Adam's step size.
    pub learning_rate: f32,
    /// Share of features that are dropped in a training step, 0 to below 1.
    pub dropout: f32,
}

/// Mean loss and share of right answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Mean cross-entropy.
    pub loss: f64,
    /// From 0 to 1.
    pub accuracy: f64,
}

/// A head in training.
pub struct Trainer {
    settings: Settings,
    inputs: usize,
    outputs: usize,
    /// `C×F` weights, then `C` biases.
    parameters: Vec<f32>,
    first_moment: Vec<f32>,
    second_moment: Vec<f32>,
    step: i32,
    random: Random,
}

impl Trainer {
    /// Goes on from `head`; `random` decides order and dropout.
    pub fn new(head: &Dense, settings: Settings, random: Random) -> Self {
        let parameters = [head.weights.as_slice(), &head.bias].concat();
        let zeros = vec![0.0; parameters.len()];
        Trainer {
            settings,
            inputs: head.inputs,
            outputs: head.outputs,
            parameters,
            first_moment: zeros.clone(),
            second_moment: zeros,
            step: 0,
            random,
        }
    }

    /// Sees every sample once, in a new order; scores what the batches gave while they were trained on.
    pub fn epoch(&mut self, samples: &Samples) -> Result<Score, StoreError> {
        let mut order: Vec<usize> = (0..samples.classes.len()).collect();
        self.random.shuffle(&mut order);
        let (mut loss, mut right) = (0.0, 0);
        let mut rows = vec![];
        let mut gradient = vec![0.0; self.parameters.len()];
        for batch in order.chunks(self.settings.batch) {
            gradient.fill(0.0);
            // A batch may be larger than what fits into memory at once.
            for part in batch.chunks(AT_A_TIME) {
                rows.resize(part.len() * self.inputs, 0.0);
                samples.read(part, &mut rows)?;
                for (input, &index) in rows.chunks_exact_mut(self.inputs.max(1)).zip(part) {
                    self.drop_out(input);
                    let class = samples.classes[index];
                    let probabilities = self.probabilities(input);
                    loss += cross_entropy(&probabilities, class);
                    right += usize::from(likeliest(&probabilities).0 == class);
                    add_gradient(&mut gradient, input, &probabilities, class, 1.0 / batch.len() as f32);
                }
            }
            self.adam(&gradient);
        }
        Ok(score(loss, right, samples.classes.len()))
    }

    /// Scores samples without training on them.
    pub fn evaluate(&self, samples: &Samples) -> Result<Score, StoreError> {
        let (mut loss, mut right) = (0.0, 0);
        samples.for_each(|row, class| {
            let probabilities = self.probabilities(row);
            loss += cross_entropy(&probabilities, class);
            right += usize::from(likeliest(&probabilities).0 == class);
        })?;
        Ok(score(loss, right, samples.classes.len()))
    }

    /// The head as a layer of a network.
    pub fn dense(&self) -> Dense {
        let (weights, bias) = self.parameters.split_at(self.inputs * self.outputs);
        last_layer(self.inputs, weights.to_vec(), bias.to_vec())
    }

    fn probabilities(&self, input: &[f32]) -> Vec<f32> {
        let (weights, bias) = self.parameters.split_at(self.inputs * self.outputs);
        softmax(&logits(weights, bias, input))
    }

    fn drop_out(&mut self, input: &mut [f32]) {
        let dropout = self.settings.dropout;
        if dropout > 0.0 {
            for value in input {
                *value = if self.random.unit() < dropout { 0.0 } else { *value / (1.0 - dropout) };
            }
        }
    }

    fn adam(&mut self, gradient: &[f32]) {
        const BETA_1: f32 = 0.9;
        const BETA_2: f32 = 0.999;
        const EPSILON: f32 = 1e-7;
        self.step += 1;
        let rate = self.settings.learning_rate * (1.0 - BETA_2.powi(self.step)).sqrt() / (1.0 - BETA_1.powi(self.step));
        let moments = self.first_moment.iter_mut().zip(&mut self.second_moment);
        for ((parameter, &g), (m, v)) in self.parameters.iter_mut().zip(gradient).zip(moments) {
            *m += (g - *m) * (1.0 - BETA_1);
            *v += (g * g - *v) * (1.0 - BETA_2);
            *parameter -= rate * *m / (v.sqrt() + EPSILON);
        }
    }
}

/// An untrained head for `inputs` features and `outputs` classes.
pub fn glorot_uniform(inputs: usize, outputs: usize, random: &mut Random) -> Dense {
    let limit = (6.0 / (inputs + outputs) as f32).sqrt();
    let weights = (0..inputs * outputs).map(|_| (random.unit() * 2.0 - 1.0) * limit);
    last_layer(inputs, weights.collect(), vec![0.0; outputs])
}

fn last_layer(inputs: usize, weights: Vec<f32>, bias: Vec<f32>) -> Dense {
    Dense { name: "predictions".into(), inputs, outputs: bias.len(), weights, bias, relu: false }
}

/// Probabilities of each class from a head and one row of features.
pub fn answer(head: &Dense, features: &[f32]) -> Vec<f32> {
    softmax(&logits(&head.weights, &head.bias, features))
}

/// `exp(x) / Σ exp(x)`, shifted so that nothing overflows.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let total: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / total).collect()
}

fn logits(weights: &[f32], bias: &[f32], input: &[f32]) -> Vec<f32> {
    let rows = weights.chunks_exact(input.len().max(1));
    rows.zip(bias).map(|(row, bias)| row.iter().zip(input).map(|(w, x)| w * x).sum::<f32>() + bias).collect()
}

fn cross_entropy(probabilities: &[f32], class: usize) -> f64 {
    -f64::from(probabilities[class].max(1e-7)).ln()
}

/// Adds `share` times the gradient of one sample's cross-entropy.
fn add_gradient(gradient: &mut [f32], input: &[f32], probabilities: &[f32], class: usize, share: f32) {
    let (weights, bias) = gradient.split_at_mut(input.len() * probabilities.len());
    for (c, (row, bias)) in weights.chunks_exact_mut(input.len().max(1)).zip(bias).enumerate() {
        let error = share * (probabilities[c] - f32::from(u8::from(c == class)));
        *bias += error;
        for (g, x) in row.iter_mut().zip(input) {
            *g += error * x;
        }
    }
}

fn score(loss: f64, right: usize, count: usize) -> Score {
    let count = count.max(1) as f64;
    Score { loss: loss / count, accuracy: right as f64 / count }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { batch: 8, learning_rate: 0.001, dropout: 0.0 };

    fn trainer(inputs: usize, outputs: usize, settings: Settings, seed: u64) -> Trainer {
        let mut random = Random::new(seed);
        let head = glorot_uniform(inputs, outputs, &mut random);
        Trainer::new(&head, settings, random)
    }

    /// Two clouds of points that a straight line parts.
    fn clouds(count: usize) -> Samples<'static> {
        let mut random = Random::new(3);
        let (mut features, mut classes) = (vec![], vec![]);
        for index in 0..count {
            let class = index % 2;
            let centre = if class == 0 { -1.0 } else { 1.0 };
            features.extend((0..4).map(|_| centre + random.unit() - 0.5));
            classes.push(class);
        }
        Samples::in_memory(4, features, classes)
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let trainer = trainer(3, 4, SETTINGS, 1);
        let input = [0.5, -1.5, 2.0];
        let mut gradient = vec![0.0; trainer.parameters.len()];
        add_gradient(&mut gradient, &input, &trainer.probabilities(&input), 2, 1.0);
        for (index, &analytic) in gradient.iter().enumerate() {
            let loss = |shift: f32| {
                let mut moved = trainer.parameters.clone();
                moved[index] += shift;
                let (weights, bias) = moved.split_at(12);
                cross_entropy(&softmax(&logits(weights, bias, &input)), 2)
            };
            let slope = (loss(1e-2) - loss(-1e-2)) / 2e-2;
            assert!((slope - f64::from(analytic)).abs() < 2e-3, "{index}: {slope} and {analytic}");
        }
    }

    #[test]
    fn adam_takes_the_steps_of_its_definition() {
        let mut trainer = trainer(1, 1, SETTINGS, 1);
        trainer.parameters = vec![1.0, 0.0];
        trainer.adam(&[0.5, -2.0]);
        // The first step is the learning rate against the sign, whatever the gradient's size.
        assert!((trainer.parameters[0] - 0.999).abs() < 1e-6 && (trainer.parameters[1] - 0.001).abs() < 1e-6);
        trainer.adam(&[-0.5, -2.0]);
        // m = 0.9·0.05 − 0.05 = −0.005, corrected /0.19; v = 0.0004997…, corrected to 0.25: a step of 0.001·0.02632/0.5.
        assert!((trainer.parameters[0] - (0.999 + 0.001 * (0.005 / 0.19) / 0.5)).abs() < 1e-6);
    }

    #[test]
    fn separable_clouds_are_told_apart_and_dropout_still_learns() {
        let samples = clouds(200);
        for dropout in [0.0, 0.5] {
            let settings = Settings { learning_rate: 0.01, dropout, ..SETTINGS };
            let mut trainer = trainer(4, 2, settings, 5);
            for _ in 0..20 {
                trainer.epoch(&samples).unwrap();
            }
            assert_eq!(trainer.evaluate(&samples).unwrap().accuracy, 1.0);
        }
    }

    #[test]
    fn the_seed_decides_everything() {
        let trained = |seed| {
            let mut trainer = trainer(4, 2, Settings { dropout: 0.5, ..SETTINGS }, seed);
            trainer.epoch(&clouds(50)).unwrap();
            trainer.dense()
        };
        assert_eq!(trained(1), trained(1));
        assert_ne!(trained(1), trained(2));
    }
}
