//! The head: trained on the features, and what it answers to those of validation.

use std::{fs, path::Path};

use anyhow::Context;

use super::{Run, features::Features};
use crate::{
    finetune::{
        cache::{Hash, hash},
        course::Course,
        epoch::Epoch,
        epochs::{Lesson, Training},
        head::{logits_of, softmax},
        search::{RATES, Trial, search},
        summary,
        unfinished::Unfinished,
    },
    model::{network::Dense, replace::write_atomically},
};

/// Raised whenever the same data and settings give another head.
const VERSION: &[u8] = b"vggcam head 1";

/// A trained head.
pub struct Trained {
    /// The head after the last epoch.
    pub head: Dense,
    /// One entry per epoch, from 1.
    pub epochs: Vec<Epoch>,
    /// How it was trained.
    pub training: summary::Training,
    /// What the softmax takes for each validation picture, a value of each class.
    pub logits: Vec<Vec<f32>>,
    /// The trainings that are kept until the run is done.
    pub unfinished: Unfinished,
}

impl Trained {
    /// Probabilities of each class for each validation picture, at a temperature.
    pub fn answers(&self, temperature: f32) -> Vec<Vec<f32>> {
        let tempered = |logits: &Vec<f32>| softmax(&logits.iter().map(|logit| logit / temperature).collect::<Vec<_>>());
        self.logits.iter().map(tempered).collect()
    }
}

/// Chooses what the user left open, and trains the head, keeping it after every epoch in the folder `heads`.
pub fn train(run: &Run, features: &Features, heads: &Path) -> anyhow::Result<Trained> {
    let course = &run.options.course;
    let lesson = lesson(run, features)?;
    let (learning_rate, epochs, trials) = match (course.learning_rate, course.epochs) {
        (Some(learning_rate), Some(epochs)) => (learning_rate, epochs, vec![]),
        (given, epochs) => {
            let rates = given.map_or(RATES.to_vec(), |rate| vec![rate]);
            eprintln!("choosing {} on the validation pictures", what_is_open(course));
            let (best, trials) = search(&lesson, &rates, epochs, course.patience)?;
            trials.iter().for_each(|trial| eprintln!("  {}", trial_words(trial)));
            (best.learning_rate, best.epochs, trials)
        }
    };

    let mut training = Training::begin(&lesson, "head", learning_rate);
    let known = training.epochs().len();
    if keep_heads(heads, known)? < known {
        // A head of theirs is gone: all are trained again.
        lesson.unfinished.remove().context("cannot remove the training of an earlier run")?;
        training = Training::begin(&lesson, "head", learning_rate);
    }
    let resumed_after = training.epochs().len();
    if resumed_after > 0 {
        eprintln!("going on after epoch {resumed_after}, where a run with the same data and settings was stopped");
    }
    for number in resumed_after + 1..=epochs {
        let epoch = training.epoch()?;
        eprintln!(
            "epoch {number:3} of {epochs}: loss {:.4}, accuracy {:.2} %, val_loss {:.4}, val_accuracy {:.2} %",
            epoch.loss,
            epoch.accuracy * 100.0,
            epoch.val_loss,
            epoch.val_accuracy * 100.0
        );
        let head = training.head();
        let saved = serde_json::json!({ "epoch": epoch, "weights": head.weights, "bias": head.bias });
        write_atomically(&heads.join(head_name(number)), saved.to_string().as_bytes())?;
        training.keep();
    }

    let (head, epochs) = (training.head(), training.epochs().to_vec());
    let mut logits = vec![];
    lesson.valid.for_each(|row, _| logits.push(logits_of(&head, row)))?;
    let training = summary::Training {
        learning_rate,
        trials,
        class_weights: lesson.train_weights,
        variants: lesson.train.variants(),
        feature_seconds: features.seconds,
        resumed_after,
    };
    Ok(Trained { head, epochs, training, logits, unfinished: lesson.unfinished })
}

/// What the head is trained on, and how.
fn lesson<'a>(run: &'a Run, features: &'a Features) -> anyhow::Result<Lesson<'a>> {
    let (course, classes) = (&run.options.course, &run.dataset.classes);
    let (train, valid) = (&features.train.samples, &features.valid.samples);
    let counts = run.per_class(train);
    if let Some(words) = course.class_weights.about_imbalance(classes, &counts) {
        eprintln!("{words}");
    }
    let train_weights = course.class_weights.of(classes, &counts)?;
    let valid_weights = course.class_weights.of(classes, &run.per_class(valid))?;
    let Course { batch, dropout, seed, .. } = *course;
    let unfinished = Unfinished::new(&run.options.out.join("unfinished"), identity(run, features));
    Ok(Lesson { train, valid, train_weights, valid_weights, batch, dropout, seed, unfinished })
}

/// Hash of all that decides what a run's trainings give.
fn identity(run: &Run, features: &Features) -> Hash {
    let settings = format!("{:?} {:?}", run.options.course, run.dataset.classes);
    let classes =
        |samples: &[usize]| samples.iter().flat_map(|&class| (class as u64).to_le_bytes()).collect::<Vec<_>>();
    let [train, valid] = [&features.train, &features.valid]
        .map(|split| hash([split.keys.as_flattened(), &classes(&split.samples.classes)]));
    hash([VERSION, features.kind.as_bytes(), settings.as_bytes(), &train, &valid])
}

/// Makes the folder for the heads, with those of the first `known` epochs and none else, which would look like later epochs of
/// this run; gives how many of them are there.
fn keep_heads(folder: &Path, known: usize) -> anyhow::Result<usize> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let kept: Vec<String> = (1..=known).map(head_name).collect();
    let mut there = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if kept.contains(&name) {
            there += 1;
        } else if name.starts_with("epoch-") && name.contains(".json") {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(there)
}

fn head_name(epoch: usize) -> String {
    format!("epoch-{epoch:03}.json")
}

fn what_is_open(course: &Course) -> &'static str {
    match (course.learning_rate, course.epochs) {
        (None, None) => "learning rate and epochs",
        (None, _) => "the learning rate",
        (_, _) => "the number of epochs",
    }
}

/// What was found out about a learning rate, in a line.
pub fn trial_words(trial: &Trial) -> String {
    let Trial { learning_rate, tried, epochs, val_loss, val_accuracy } = trial;
    match val_loss {
        None => format!("learning rate {learning_rate}: training broke down"),
        Some(loss) => format!(
            "learning rate {learning_rate}: validation loss {loss:.4}, accuracy {:.2} % after {epochs} of {tried} epochs",
            val_accuracy * 100.0
        ),
    }
}
