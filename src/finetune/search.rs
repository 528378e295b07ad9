//! The learning rate and the number of epochs with the lowest validation loss.

use rayon::prelude::*;
use serde::Serialize;

use super::epochs::{Lesson, Training};

/// Learning rates that are tried.
pub const RATES: [f32; 5] = [0.0001, 0.0003, 0.001, 0.003, 0.01];
/// Epochs that a rate is tried for at most.
const MOST_EPOCHS: usize = 100;

/// What was found out about a learning rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// Adam's step size.
    pub learning_rate: f32,
    /// Epochs that were trained to find the best.
    pub tried: usize,
    /// The epoch with the lowest validation loss, from 1; 0 if training broke down at once.
    pub epochs: usize,
    /// Validation loss after it; `None` if training broke down at once.
    pub val_loss: Option<f64>,
    /// Share of right answers on the validation pictures after it.
    pub val_accuracy: f64,
}

/// Tries `rates`, each for as many epochs as the validation loss has fallen within the last `patience`, or for `epochs` if
/// given; gives what was found out about each, and the best first.
pub fn search(
    lesson: &Lesson,
    rates: &[f32],
    epochs: Option<usize>,
    patience: usize,
) -> anyhow::Result<(Trial, Vec<Trial>)> {
    let trials: Vec<Trial> = rates.par_iter().map(|&rate| trial(lesson, rate, epochs, patience)).collect();
    let lower = |a: &&Trial, b: &&Trial| {
        let loss = |trial: &Trial| trial.val_loss.unwrap_or(f64::INFINITY);
        loss(a).total_cmp(&loss(b))
    };
    let best = trials.iter().min_by(lower).filter(|best| best.val_loss.is_some()).cloned();
    let best = best.ok_or_else(|| {
        anyhow::anyhow!("training broke down with every learning rate; the features may be no sensible numbers")
    })?;
    Ok((best, trials))
}

fn trial(lesson: &Lesson, learning_rate: f32, epochs: Option<usize>, patience: usize) -> Trial {
    let mut training = Training::begin(lesson, "trial", learning_rate);
    loop {
        let done = training.epochs();
        let best = done.iter().min_by(|a, b| a.val_loss.total_cmp(&b.val_loss)).map_or(0, |best| best.epoch);
        let enough = match epochs {
            Some(epochs) => done.len() >= epochs,
            None => done.len() >= MOST_EPOCHS || done.len() - best >= patience,
        };
        // A rate with which training breaks down is no error: the others remain.
        if (enough && !done.is_empty()) || training.epoch().is_err() {
            break;
        }
        training.keep();
    }
    let done = training.epochs();
    let kept = match epochs {
        Some(epochs) => done.get(epochs - 1),
        None => done.iter().min_by(|a, b| a.val_loss.total_cmp(&b.val_loss)),
    };
    Trial {
        learning_rate,
        tried: done.len(),
        epochs: kept.map_or(0, |epoch| epoch.epoch),
        val_loss: kept.map(|epoch| epoch.val_loss),
        val_accuracy: kept.map_or(0.0, |epoch| epoch.val_accuracy),
    }
}
