//! `finetune train`: from a folder of photographs to a model file and a report.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};

use super::{
    backbone,
    dataset::{self, Dataset, Labelled},
    epochs::{Course, clear_heads, train_head},
    features::{Backbone, Extracted, Source, extract, open_store},
    head::{answer, softmax},
    pipeline::Limits,
    quantize::{quantize, quantize_head},
    ranges::{output_scales, representative},
    report,
    samples::Samples,
    store::{Store, precision::Precision},
    summary::{Mistake, Outcome, Skipped, Summary},
};
use crate::{
    engine::{
        classifier::{Classifier, likeliest},
        open::Settings,
    },
    model::{
        file::{self, write_atomically},
        metadata::{Fit, Metadata, Validation},
        quantized::{QuantizedDense, QuantizedLayer, QuantizedNetwork},
    },
    vision::decode::read_picture,
};

/// Pictures whose activations set the ranges of the int8 form.
const CALIBRATION_PICTURES: usize = 128;
/// Mistakes that the report shows.
const MISTAKES: usize = 24;
/// Validation pictures on which the written file must answer as measured.
const CHECKED: usize = 4;

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder with `train/` and `valid/`.
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
    /// Confidence below which the model says `unknown`.
    pub unknown_threshold: f32,
    /// Folder of the feature cache; `None` keeps nothing.
    pub cache: Option<PathBuf>,
    /// Feature file of the float backbone, instead of the one in the cache.
    pub features: Option<PathBuf>,
    /// Memory and threads.
    pub limits: Limits,
}

/// Trains, quantizes, measures, writes; gives what was found out.
pub fn train(options: &Options) -> anyhow::Result<Summary> {
    let start = Instant::now();
    let dataset = dataset::open(&options.data, options.labels.clone())?;
    let (backbone, backbone_name) = backbone::read(options.backbone.as_deref())?;
    let heads = options.out.join("heads");
    clear_heads(&heads)?;
    let source = Source { cache: options.cache.as_deref(), fit: options.fit };
    let length = backbone.outputs();

    let float = Backbone::Float(&backbone);
    let kind = float.kind(&backbone_name, options.fit, length, Precision::F32);
    let store = match &options.features {
        Some(file) => Store::open_existing(file, &kind)?,
        None => open_store(&kind, source.cache, &options.out)?,
    };
    let train = extract("features for training", &dataset.train, float, &store, options.limits)?;
    let valid = extract("features for validation", &dataset.valid, float, &store, options.limits)?;
    let mut computed = train.computed + valid.computed;
    let mut skipped = vec![];
    let (train, _) = readable(&dataset.train, &train, &store, &mut skipped);
    let (valid, valid_files) = readable(&dataset.valid, &valid, &store, &mut skipped);
    for picture in &skipped {
        eprintln!("skipped: {}", picture.reason);
    }
    ensure_every_class("train", &dataset, &train)?;
    ensure_every_class("valid", &dataset, &valid)?;
    let (train, valid) = match train.bytes() + valid.bytes() <= options.limits.memory {
        true => (train.into_memory()?, valid.into_memory()?),
        false => (train, valid),
    };

    let (head, epochs, best_epoch) = train_head(&train, &valid, dataset.classes.len(), &options.course, &heads)?;
    let mut float_answers = vec![];
    valid.for_each(|row, _| float_answers.push(likeliest(&answer(&head, row)).0))?;
    let float_outcome = outcome(&dataset, &valid.classes, &float_answers);

    let calibration = representative(&dataset.train, dataset.classes.len(), CALIBRATION_PICTURES);
    let scales = output_scales(&backbone, &calibration, source)?;
    let quantized_backbone = quantize(&backbone, &scales);
    let feature_scale = scales.last().copied().context("the backbone has no layer with ReLU")?;
    let quantized_head = quantize_head(&head, feature_scale);
    let quantized = Backbone::Quantized(&quantized_backbone);
    let kind = quantized.kind(&format!("{backbone_name} int8"), options.fit, length, Precision::F32);
    let store = open_store(&kind, source.cache, &options.out)?;
    let steps = extract("int8 features", &valid_files, quantized, &store, options.limits)?;
    computed += steps.computed;
    let mut rows = Vec::with_capacity(valid_files.len());
    for (index, row) in steps.rows.iter().enumerate() {
        rows.push(row.with_context(|| steps.reason(index, valid_files[index]))?);
    }
    let mut int8: Vec<Vec<f32>> = vec![];
    Samples::stored(&store, rows, valid.classes.clone())
        .for_each(|steps, _| int8.push(int8_answer(&quantized_head, feature_scale, steps)))?;
    let int8_answers: Vec<_> = int8.iter().map(|probabilities| likeliest(probabilities).0).collect();
    let int8_outcome = outcome(&dataset, &valid.classes, &int8_answers);

    let name = options.name.clone().unwrap_or_else(|| format!("{backbone_name} {}", dataset.classes.join("/")));
    let metadata = Metadata {
        name: name.clone(),
        labels: dataset.classes.clone(),
        fit: options.fit,
        unknown_threshold: options.unknown_threshold,
        backbone: backbone_name.clone(),
        validation: Some(Validation {
            images: valid.classes.len(),
            accuracy_f32: float_outcome.accuracy,
            accuracy_int8: int8_outcome.accuracy,
        }),
    };
    let model = options.out.join("model.onnx");
    let model_f32 = options.out.join("model-f32.onnx");
    file::write_quantized(&model, &whole(quantized_backbone, quantized_head), &metadata)?;
    file::write_network(&model_f32, &backbone.with_head(head), &metadata)?;
    check_file(&model, &valid_files, &int8)?;

    let summary = Summary {
        name,
        backbone: backbone_name,
        settings: settings(options),
        train_images: per_class(&dataset, &train),
        valid_images: per_class(&dataset, &valid),
        skipped,
        epochs,
        best_epoch,
        float: float_outcome,
        int8: int8_outcome,
        mistakes: mistakes(&valid_files, &valid.classes, &int8),
        seconds: (start.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        computed,
        files: vec![model, model_f32],
        classes: dataset.classes,
    };
    write_atomically(&options.out.join("report.json"), serde_json::to_string_pretty(&summary)?.as_bytes())?;
    write_atomically(&options.out.join("report.html"), report::html(&summary)?.as_bytes())?;
    Ok(summary)
}

/// The rows of the pictures that could be read, and their files; names the others.
fn readable<'a>(
    pictures: &'a [Labelled],
    extracted: &Extracted,
    store: &'a Store,
    skipped: &mut Vec<Skipped>,
) -> (Samples<'a>, Vec<&'a Path>) {
    let (mut rows, mut classes, mut files) = (vec![], vec![], vec![]);
    for (index, (picture, row)) in pictures.iter().zip(&extracted.rows).enumerate() {
        match row {
            Some(row) => {
                rows.push(*row);
                classes.push(picture.class);
                files.push(picture.file.as_path());
            }
            None => {
                let reason = extracted.reason(index, &picture.file);
                skipped.push(Skipped { file: picture.file.clone(), reason });
            }
        }
    }
    (Samples::stored(store, rows, classes), files)
}

fn per_class(dataset: &Dataset, samples: &Samples) -> Vec<usize> {
    (0..dataset.classes.len()).map(|class| samples.classes.iter().filter(|&&c| c == class).count()).collect()
}

fn ensure_every_class(folder: &str, dataset: &Dataset, samples: &Samples) -> anyhow::Result<()> {
    for (class, count) in dataset.classes.iter().zip(per_class(dataset, samples)) {
        ensure!(count > 0, "none of the pictures of {class:?} in {folder}/ can be read; each was named above");
    }
    Ok(())
}

/// Probabilities from uint8 features: whole numbers up to the softmax, as the model file computes them.
fn int8_answer(head: &QuantizedDense, feature_scale: f32, steps: &[f32]) -> Vec<f32> {
    let logit = |(row, output): (&[i8], usize)| {
        let products = row.iter().zip(steps).map(|(&weight, &step)| i64::from(weight) * step as i64);
        let sum = i64::from(head.bias[output]) + products.sum::<i64>();
        sum as f32 * (head.weight_scales[output] * feature_scale)
    };
    let rows = head.weights.chunks_exact(head.inputs.max(1)).zip(0..);
    softmax(&rows.map(logit).collect::<Vec<_>>())
}

fn whole(mut backbone: QuantizedNetwork, head: QuantizedDense) -> QuantizedNetwork {
    backbone.layers.push(QuantizedLayer::Dense(head));
    backbone.softmax = true;
    backbone
}

/// The file that was written must answer as was measured on cached features.
fn check_file(model: &Path, files: &[&Path], measured: &[Vec<f32>]) -> anyhow::Result<()> {
    let classifier = Classifier::open(model, Settings::plain(1))?;
    let stride = (files.len() / CHECKED).max(1);
    for (file, measured) in files.iter().zip(measured).step_by(stride) {
        let answer = classifier.classify(&read_picture(file)?)?;
        let apart = answer.probabilities.iter().zip(measured).map(|(a, b)| (a - b).abs()).max_by(f32::total_cmp);
        ensure!(
            apart.is_some_and(|apart| apart < 1e-3),
            "{} does not answer what was measured for {}; remove the feature cache and train again",
            model.display(),
            file.display()
        );
    }
    Ok(())
}

fn outcome(dataset: &Dataset, truths: &[usize], answers: &[usize]) -> Outcome {
    Outcome::of(dataset.classes.len(), truths.iter().copied().zip(answers.iter().copied()))
}

fn mistakes(files: &[&Path], truths: &[usize], answers: &[Vec<f32>]) -> Vec<Mistake> {
    let wrong = files.iter().zip(truths).zip(answers).filter_map(|((file, &truth), probabilities)| {
        let (answer, confidence) = likeliest(probabilities);
        let mistake = Mistake { file: file.to_path_buf(), truth, answer, confidence };
        (answer != truth).then_some(mistake)
    });
    let mut mistakes: Vec<_> = wrong.collect();
    mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    mistakes.truncate(MISTAKES);
    mistakes
}

fn settings(options: &Options) -> Vec<(String, String)> {
    let pairs = [
        ("Optimizer", format!("Adam, learning rate {}", options.course.head.learning_rate)),
        ("Batch", format!("{} pictures", options.course.head.batch)),
        ("Dropout", options.course.head.dropout.to_string()),
        ("Epochs", format!("at most {}, patience {}", options.course.epochs, options.course.patience)),
        ("Seed", options.course.seed.to_string()),
        ("Fit", options.fit.name().to_string()),
        ("Unknown below", options.unknown_threshold.to_string()),
    ];
    pairs.map(|(name, value)| (name.to_string(), value)).to_vec()
}

/// What the user reads at the end.
pub fn closing_words(summary: &Summary, out: &Path) -> String {
    let skipped = match summary.skipped.len() {
        0 => String::new(),
        count => format!("{count} pictures could not be read and were skipped\n"),
    };
    format!(
        "{skipped}validation accuracy: float {:.2} %, int8 {:.2} % (best epoch {} of {}), in {:.1} s\n\
         wrote {out}/model.onnx (int8), {out}/model-f32.onnx, {out}/report.html\n\
         try it: vggcam classify --model {out}/model.onnx PHOTO, or vggcam run --model {out}/model.onnx\n",
        summary.float.accuracy * 100.0,
        summary.int8.accuracy * 100.0,
        summary.best_epoch,
        summary.epochs.len(),
        summary.seconds,
        out = out.display(),
    )
}
