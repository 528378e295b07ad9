//! The new last layer: dense and softmax, trained on features.
//!
//! Shape letters: `N` pictures, `F` features, `C` classes. Training follows Keras' defaults: Glorot-uniform weights,
//! zero bias, Adam, mean categorical cross-entropy of a batch, each picture's times the weight of its class, inverted
//! dropout. A head is the same to the bit wherever the features are: on every processor and with every number of threads.

mod adam;
mod product;
mod softmax;

use super::{
    random::Random,
    samples::{AT_A_TIME, Samples},
    store::StoreError,
};
use crate::{engine::classifier::likeliest, model::network::Dense};
use adam::Adam;
use product::{add_gradient, logits};
use softmax::cross_entropy;
pub use softmax::softmax;

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
    /// Mean cross-entropy, each picture's times the weight of its class.
    pub loss: f64,
    /// From 0 to 1.
    pub accuracy: f64,
}

/// A head in training.
pub struct Trainer {
    settings: Settings,
    inputs: usize,
    outputs: usize,
    /// How much the pictures of each class count.
    weights: Vec<f32>,
    /// `C×F` weights, then `C` biases.
    parameters: Vec<f32>,
    adam: Adam,
    random: Random,
}

/// What changes in a trainer from step to step.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Weights and biases.
    pub parameters: Vec<f32>,
    /// Adam's first moment of each.
    pub first_moment: Vec<f32>,
    /// Adam's second moment of each.
    pub second_moment: Vec<f32>,
    /// Adam's powers of β.
    pub powers: [f64; 2],
    /// Where the stream of random numbers is.
    pub random: u64,
}

impl Trainer {
    /// Goes on from `head`; `random` decides order, variants and dropout.
    pub fn new(head: &Dense, settings: Settings, random: Random) -> Self {
        let parameters = [head.weights.as_slice(), &head.bias].concat();
        Trainer {
            settings,
            inputs: head.inputs,
            outputs: head.outputs,
            weights: vec![1.0; head.outputs],
            adam: Adam::new(parameters.len()),
            parameters,
            random,
        }
    }

    /// Lets the pictures of each class count as much as `weights` says; without it, all count 1.
    pub fn weighted(self, weights: &[f32]) -> Self {
        Trainer { weights: weights.to_vec(), ..self }
    }

    /// What training has changed so far.
    pub fn state(&self) -> State {
        State {
            parameters: self.parameters.clone(),
            first_moment: self.adam.first_moment.clone(),
            second_moment: self.adam.second_moment.clone(),
            powers: self.adam.powers,
            random: self.random.state(),
        }
    }

    /// Goes on from `state`, which must be of a head of the same size.
    pub fn resume(&mut self, state: State) {
        let State { parameters, first_moment, second_moment, powers, random } = state;
        self.parameters = parameters;
        self.adam = Adam { first_moment, second_moment, powers };
        self.random = Random::new(random);
    }

    /// Sees every sample once, in a new order; scores what the batches gave while they were trained on.
    pub fn epoch(&mut self, samples: &Samples) -> Result<Score, StoreError> {
        let mut order: Vec<usize> = (0..samples.classes.len()).collect();
        self.random.shuffle(&mut order);
        let mut tally = Tally::default();
        let mut rows = vec![];
        let mut gradient = vec![0.0; self.parameters.len()];
        for batch in order.chunks(self.settings.batch) {
            gradient.fill(0.0);
            // A batch may be larger than what fits into memory at once.
            for part in batch.chunks(AT_A_TIME) {
                rows.resize(part.len() * self.inputs, 0.0);
                let variants = samples.variants();
                let numbers: Vec<_> =
                    part.iter().map(|&sample| sample * variants + self.random.below(variants)).collect();
                samples.read(&numbers, &mut rows)?;
                self.drop_out(&mut rows);
                let classes: Vec<_> = part.iter().map(|&sample| samples.classes[sample]).collect();
                let errors = self.errors(&rows, &classes, 1.0 / batch.len() as f32, &mut tally);
                let (weights, bias) = gradient.split_at_mut(self.inputs * self.outputs);
                add_gradient(weights, bias, &errors, &rows);
            }
            self.adam.step(self.settings.learning_rate, &mut self.parameters, &gradient);
        }
        Ok(tally.score())
    }

    /// Scores samples without training on them; each class counts as `weights` says.
    pub fn evaluate(&self, samples: &Samples, weights: &[f32]) -> Result<Score, StoreError> {
        let mut tally = Tally::default();
        samples.for_each_part(|rows, classes| {
            for (probabilities, &class) in self.probabilities(rows, classes.len()).iter().zip(classes) {
                tally.add(probabilities, class, weights[class]);
            }
        })?;
        Ok(tally.score())
    }

    /// The head as a layer of a network.
    pub fn dense(&self) -> Dense {
        let (weights, bias) = self.parameters.split_at(self.inputs * self.outputs);
        last_layer(self.inputs, weights.to_vec(), bias.to_vec())
    }

    /// Probabilities of each class for each of `count` rows.
    fn probabilities(&self, rows: &[f32], count: usize) -> Vec<Vec<f32>> {
        let (weights, bias) = self.parameters.split_at(self.inputs * self.outputs);
        probabilities(weights, bias, rows, count)
    }

    /// The slope of the loss of every row by every logit, `C×N`, times `share`.
    fn errors(&self, rows: &[f32], classes: &[usize], share: f32, tally: &mut Tally) -> Vec<f32> {
        let count = classes.len();
        let mut errors = vec![0.0; self.outputs * count];
        for (n, (probabilities, &class)) in self.probabilities(rows, count).iter().zip(classes).enumerate() {
            let weight = self.weights[class];
            tally.add(probabilities, class, weight);
            for (c, probability) in probabilities.iter().enumerate() {
                errors[c * count + n] = share * weight * (probability - f32::from(u8::from(c == class)));
            }
        }
        errors
    }

    fn drop_out(&mut self, rows: &mut [f32]) {
        let dropout = self.settings.dropout;
        if dropout > 0.0 {
            for value in rows {
                *value = if self.random.unit() < dropout { 0.0 } else { *value / (1.0 - dropout) };
            }
        }
    }
}

/// Losses and right answers, summed up.
#[derive(Default)]
struct Tally {
    loss: f64,
    right: usize,
    count: usize,
}

impl Tally {
    fn add(&mut self, probabilities: &[f32], class: usize, weight: f32) {
        self.loss += f64::from(weight) * cross_entropy(probabilities, class);
        self.right += usize::from(likeliest(probabilities).0 == class);
        self.count += 1;
    }

    fn score(&self) -> Score {
        let count = self.count.max(1) as f64;
        Score { loss: self.loss / count, accuracy: self.right as f64 / count }
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
    softmax(&logits_of(head, features))
}

/// What the softmax takes: a value of each class from a head and one row of features.
pub fn logits_of(head: &Dense, features: &[f32]) -> Vec<f32> {
    let mut by_class = vec![0.0; head.bias.len()];
    logits(&head.weights, &head.bias, features, &mut by_class);
    by_class
}

fn probabilities(weights: &[f32], bias: &[f32], rows: &[f32], count: usize) -> Vec<Vec<f32>> {
    let mut by_class = vec![0.0; bias.len() * count];
    logits(weights, bias, rows, &mut by_class);
    (0..count).map(|n| softmax(&by_class[n..].iter().step_by(count).copied().collect::<Vec<_>>())).collect()
}

#[cfg(test)]
mod tests;
