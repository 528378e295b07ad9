//! A head's training, epoch by epoch: kept on disk after each, so that it goes on where it was stopped.

use anyhow::ensure;

use super::{
    epoch::Epoch,
    head::{Settings, Trainer, glorot_uniform},
    random::Random,
    samples::Samples,
    unfinished::Unfinished,
};
use crate::model::network::Dense;

/// What a head is trained on, and all that decides how but the learning rate.
pub struct Lesson<'a> {
    /// Pictures to train on.
    pub train: &'a Samples<'a>,
    /// Pictures to measure with.
    pub valid: &'a Samples<'a>,
    /// How much the pictures of each class count in training.
    pub train_weights: Vec<f32>,
    /// How much they count in the validation loss.
    pub valid_weights: Vec<f32>,
    /// Pictures of a step.
    pub batch: usize,
    /// Share of features that are dropped in a training step.
    pub dropout: f32,
    /// Decides initial weights, order, variants and dropout.
    pub seed: u64,
    /// Where trainings are kept until the whole run is done.
    pub unfinished: Unfinished,
}

/// A head in training on a lesson.
pub struct Training<'a> {
    lesson: &'a Lesson<'a>,
    name: String,
    learning_rate: f32,
    trainer: Trainer,
    epochs: Vec<Epoch>,
}

impl<'a> Training<'a> {
    /// Begins, or goes on where a training of this `name` was stopped.
    pub fn begin(lesson: &'a Lesson<'a>, name: &str, learning_rate: f32) -> Self {
        let mut random = Random::new(lesson.seed);
        let untrained = glorot_uniform(lesson.train.length(), lesson.train_weights.len(), &mut random);
        let settings = Settings { batch: lesson.batch, learning_rate, dropout: lesson.dropout };
        let trainer = Trainer::new(&untrained, settings, random).weighted(&lesson.train_weights);
        let name = format!("{name}-{learning_rate}");
        let mut training = Training { lesson, name, learning_rate, trainer, epochs: vec![] };
        let parameters = untrained.weights.len() + untrained.bias.len();
        if let Some((state, epochs)) = lesson.unfinished.load(&training.name, parameters) {
            training.trainer.resume(state);
            training.epochs = epochs;
        }
        training
    }

    /// Trains one epoch more. Errs if the losses are no numbers any more.
    pub fn epoch(&mut self) -> anyhow::Result<Epoch> {
        let number = self.epochs.len() + 1;
        let on_train = self.trainer.epoch(self.lesson.train)?;
        let on_valid = self.trainer.evaluate(self.lesson.valid, &self.lesson.valid_weights)?;
        ensure!(
            on_valid.loss.is_finite(),
            "training broke down in epoch {number} with a learning rate of {}; try a smaller --learning-rate",
            self.learning_rate
        );
        let epoch = Epoch {
            epoch: number,
            loss: on_train.loss,
            accuracy: on_train.accuracy,
            val_loss: on_valid.loss,
            val_accuracy: on_valid.accuracy,
        };
        self.epochs.push(epoch);
        Ok(epoch)
    }

    /// Keeps what was trained so far, so that it need not be trained again if the program is stopped now.
    pub fn keep(&self) {
        self.lesson.unfinished.save(&self.name, &self.trainer.state(), &self.epochs);
    }

    /// The epochs so far, those before an interruption among them.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The head after the last of them.
    pub fn head(&self) -> Dense {
        self.trainer.dense()
    }
}
