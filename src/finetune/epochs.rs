//! The epochs of a head's training, each kept on disk.

use std::{fs, path::Path};

use anyhow::{Context, ensure};

use super::{
    head::{Settings, Trainer, glorot_uniform},
    random::Random,
    samples::Samples,
    summary::Epoch,
};
use crate::model::{file::write_atomically, network::Dense};

/// How long to train, and how.
#[derive(Clone, Debug)]
pub struct Course {
    /// Epochs at most.
    pub epochs: usize,
    /// Epochs without a lower validation loss after which training stops.
    pub patience: usize,
    /// Decides initial weights, order and dropout.
    pub seed: u64,
    /// Settings of each step.
    pub head: Settings,
}

/// Trains until the validation loss no longer falls, keeping the head after every epoch in the folder `heads`; gives the
/// best head, all epochs and the best one's number.
pub fn train_head(
    train: &Samples,
    valid: &Samples,
    classes: usize,
    course: &Course,
    heads: &Path,
) -> anyhow::Result<(Dense, Vec<Epoch>, usize)> {
    let mut random = Random::new(course.seed);
    let untrained = glorot_uniform(train.length(), classes, &mut random);
    let mut trainer = Trainer::new(&untrained, course.head, random);
    let mut epochs: Vec<Epoch> = vec![];
    let mut best: Option<(f64, usize, Dense)> = None;
    for number in 1..=course.epochs {
        let on_train = trainer.epoch(train)?;
        let on_valid = trainer.evaluate(valid)?;
        ensure!(on_valid.loss.is_finite(), "training broke down in epoch {number}; try a smaller --learning-rate");
        let epoch = Epoch {
            epoch: number,
            loss: on_train.loss,
            accuracy: on_train.accuracy,
            val_loss: on_valid.loss,
            val_accuracy: on_valid.accuracy,
        };
        eprintln!(
            "epoch {number:3}: loss {:.4}, accuracy {:.2} %, val_loss {:.4}, val_accuracy {:.2} %",
            epoch.loss,
            epoch.accuracy * 100.0,
            epoch.val_loss,
            epoch.val_accuracy * 100.0
        );
        epochs.push(epoch);
        let head = trainer.dense();
        let path = heads.join(format!("epoch-{number:03}.json"));
        let saved = serde_json::json!({ "epoch": epoch, "weights": head.weights, "bias": head.bias });
        write_atomically(&path, saved.to_string().as_bytes())?;
        if best.as_ref().is_none_or(|(loss, ..)| on_valid.loss < *loss) {
            best = Some((on_valid.loss, number, head));
        } else if best.as_ref().is_some_and(|(_, at, _)| number - at >= course.patience) {
            eprintln!("the validation loss has not fallen for {} epochs", course.patience);
            break;
        }
    }
    let (_, number, head) = best.context("--epochs must be at least 1")?;
    Ok((head, epochs, number))
}

/// Makes the folder for the heads, without those of an earlier run: they would look like later epochs of this one.
pub fn clear_heads(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("epoch-") && name.ends_with(".json") {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
