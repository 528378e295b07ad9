//! `finetune train`: from a folder of photographs to a model file and a report.
//!
//! One step a file, in this order: the features of all pictures, the head that is trained on them, the int8 form of
//! both, the files, and what is said about them.

mod features;
mod files;
mod head;
mod quantized;
mod words;

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context, anyhow};

use super::{
    backbone,
    course::Course,
    dataset::{self, Dataset},
    findings::{
        Findings, Measured, answer::Answer, clock::Clock, mistakes::mistakes, origin::Origin, pictures::Pictures,
    },
    int8::agreement::Quantization,
    pipeline::Limits,
    references::Choice,
    report,
    summary::{Calibrations, Outcome, Summary},
    temperature::{self, TemperatureScaling, fold},
    variant::Augmentation,
};
use crate::model::{metadata::Fit, network::Network, replace::write_atomically};
pub use words::closing_words;

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data set, in one of the layouts of [`dataset::open`].
    pub data: PathBuf,
    /// Folder for the results.
    pub out: PathBuf,
    /// Backbone file; the bundled one if `None`.
    pub backbone: Option<PathBuf>,
    /// Class names, in folder order; the folders' names if `None`.
    pub labels: Option<Vec<String>>,
    /// Name of the model; made of the backbone's and the classes' if `None`.
    pub name: Option<String>,
    /// How long the head is trained, and how.
    pub course: Course,
    /// How pictures are fitted to the input.
    pub fit: Fit,
    /// How variants of the training pictures are made.
    pub augment: Vec<Augmentation>,
    /// Confidence below which the model says `unknown`; `None` judges by familiarity instead.
    pub unknown_threshold: Option<f32>,
    /// Folder of pictures of none of the classes, to tell unknown ones by.
    pub negatives: Option<PathBuf>,
    /// Whether a temperature makes confidences mean what they say; without it they are the head's own.
    pub calibrate: bool,
    /// Share of validation pictures that must not become unknown, 0 to 1; by default
    /// [`super::unknown::ACCEPT_AGAINST_NEGATIVES`] or [`super::unknown::ACCEPT_ALONE`].
    pub accept: Option<f64>,
    /// Folder of the feature cache; `None` keeps nothing.
    pub cache: Option<PathBuf>,
    /// Feature file of the float backbone, instead of the one in the cache.
    pub features: Option<PathBuf>,
    /// Points of validation accuracy that the int8 model may lose against the float model.
    pub max_drop: f64,
    /// Pictures that the models carry to be tested with.
    pub references: Choice,
    /// Memory and threads.
    pub limits: Limits,
}

/// What every step of a run starts from.
struct Run<'a> {
    options: &'a Options,
    dataset: &'a Dataset,
    /// The frozen part of the pretrained network.
    backbone: &'a Network,
    /// How messages and metadata call the backbone.
    backbone_name: &'a str,
}

/// Trains, quantizes, measures, writes; gives what was found out.
pub fn train(options: &Options) -> anyhow::Result<Summary> {
    let (start, mut clock) = (Instant::now(), Clock::start());
    let dataset = dataset::open(&options.data, options.labels.clone(), options.cache.as_deref())?;
    if let Some(division) = dataset.division() {
        eprintln!("{division}");
    }
    fs::create_dir_all(&options.out).with_context(|| format!("cannot make the folder {}", options.out.display()))?;
    let (backbone, backbone_name) = backbone::read(options.backbone.as_deref())?;
    let run = Run { options, dataset: &dataset, backbone: &backbone, backbone_name: &backbone_name };

    let store = features::store(&run)?;
    let features = features::gather(&run, &store)?;
    clock.done("features");
    let trained = head::train(&run, &features, &options.out.join("heads"))?;
    let truths = &features.valid.samples.classes;
    let float_calibration = run.calibration(&trained.logits, truths);
    let float = trained.answers(float_calibration.temperature);
    let float_answers = run.answers(truths, &float);
    let float_outcome = run.outcome(&float_answers);
    clock.done("training the head");
    let quantized = quantized::quantize(&run, &trained.head, &features.valid)?;
    let int8_answers = run.answers(truths, &quantized.answers);
    let int8_outcome = run.outcome(&int8_answers);
    let quantization = Quantization::of(&float, &quantized.answers, Some(truths), quantized.noise);
    let refused = quantization.cost.filter(|cost| cost.exceeds(options.max_drop));
    clock.done("rounding to int8 and measuring it");

    let name = options.name.clone().unwrap_or_else(|| format!("{backbone_name} {}", dataset.classes.join("/")));
    let accuracies = [float_outcome.accuracy, int8_outcome.accuracy];
    let (familiarity, unknown) = quantized.unknown.map(|unknown| (unknown.familiarity, unknown.found)).unzip();
    let metadata = files::metadata(&run, &name, features.valid.files.len(), accuracies, familiarity);
    let network = backbone.with_head(fold(trained.head, float_calibration.temperature));
    let allowed = refused.is_none().then_some(&quantized.network);
    let files = files::write(&run, &network, allowed, &metadata)?;
    if refused.is_none() {
        files::check(&files[0], &features.valid.files, &quantized.answers)?;
    }
    files::add_references(&run, &files)?;
    clock.done("writing the models");

    let mistakes = mistakes(&features.valid.files, &int8_answers);
    let findings = Findings::of_answers(&Measured {
        network: Some(&network),
        metadata: &metadata,
        files: &features.valid.files,
        answers: &int8_answers,
        negatives: &[],
        mistakes: &mistakes,
    });
    let size = network.input_size as u32;
    let pictures = vec![
        Pictures::of("training", &dataset.train, run.classes(), size, true),
        Pictures::of("validation", &dataset.valid, run.classes(), size, false),
    ];
    clock.done("looking at pictures");

    let summary = Summary {
        name,
        backbone: backbone_name.clone(),
        settings: words::settings(options, &trained.training),
        train_images: run.per_class(&features.train.samples),
        valid_images: run.per_class(&features.valid.samples),
        skipped: features.skipped,
        epochs: trained.epochs,
        float: float_outcome,
        int8: int8_outcome,
        calibration: Calibrations { float: float_calibration, int8: quantized.calibration },
        unknown,
        mistakes,
        seconds: (start.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        computed: features.computed + quantized.computed,
        files,
        training: trained.training,
        findings: Findings {
            pictures,
            steps: clock.steps(),
            origin: Some(Origin::of_this_run(options.backbone.as_deref())),
            ..findings
        },
        quantization,
        classes: dataset.classes.clone(),
    };
    write_atomically(&options.out.join("report.json"), serde_json::to_string_pretty(&summary)?.as_bytes())?;
    write_atomically(&options.out.join("report.html"), report::html(&summary)?.as_bytes())?;
    if let Err(error) = trained.unfinished.remove() {
        log::warn!("cannot remove what was kept in case of an interruption: {error}");
    }
    match refused {
        Some(cost) => Err(anyhow!(words::refusal(&cost, options.max_drop, &options.out))),
        None => Ok(summary),
    }
}

impl Run<'_> {
    /// Number of classes.
    fn classes(&self) -> usize {
        self.dataset.classes.len()
    }

    /// How many samples each class has.
    fn per_class(&self, samples: &super::samples::Samples) -> Vec<usize> {
        (0..self.classes()).map(|class| samples.classes.iter().filter(|&&c| c == class).count()).collect()
    }

    /// How sure the head is, and how sure it should be.
    fn calibration(&self, logits: &[Vec<f32>], truths: &[usize]) -> TemperatureScaling {
        match self.options.calibrate {
            true => temperature::fit(logits, truths),
            false => temperature::none(logits, truths),
        }
    }

    /// Answers beside the truth, which is class indices.
    fn answers(&self, truths: &[usize], probabilities: &[Vec<f32>]) -> Vec<Answer> {
        truths.iter().zip(probabilities).map(|(&truth, probabilities)| Answer::new(truth, probabilities)).collect()
    }

    /// Right and wrong answers.
    fn outcome(&self, answers: &[Answer]) -> Outcome {
        Outcome::of(self.classes(), answers.iter().map(|answer| (answer.truth, answer.answer)))
    }
}
