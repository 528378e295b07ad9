//! The head: trained on the features, and what it answers to those of validation.

use std::path::Path;

use super::{Run, features::Features};
use crate::{
    engine::classifier::likeliest,
    finetune::{epochs::train_head, head::answer, summary::Epoch},
    model::network::Dense,
};

/// A trained head.
pub struct Trained {
    /// The head of the best epoch.
    pub head: Dense,
    /// One entry per epoch, from 1.
    pub epochs: Vec<Epoch>,
    /// Number of the best epoch.
    pub best_epoch: usize,
    /// Likeliest class of each validation picture.
    pub answers: Vec<usize>,
}

/// Trains the head, keeping it after every epoch in the folder `heads`.
pub fn train(run: &Run, features: &Features, heads: &Path) -> anyhow::Result<Trained> {
    let (train, valid) = (&features.train.samples, &features.valid.samples);
    let (head, epochs, best_epoch) = train_head(train, valid, run.classes(), &run.options.course, heads)?;
    let mut answers = vec![];
    valid.for_each(|row, _| answers.push(likeliest(&answer(&head, row)).0))?;
    Ok(Trained { head, epochs, best_epoch, answers })
}
