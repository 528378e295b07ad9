//! `finetune train`: from a folder of photographs to a model file and a report.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};

use super::{
    dataset::{self, Dataset, Labelled},
    features::{Backbone, Extracted, Source, extract},
    head::{Samples, Settings, Trainer, answer, best, glorot_uniform, softmax},
    quantize::{quantize, quantize_head},
    random::Random,
    ranges::{output_scales, representative},
    report,
    summary::{Epoch, Mistake, Outcome, Skipped, Summary},
};
use crate::{
    engine::classifier::Classifier,
    model::{
        file,
        metadata::{Fit, Metadata, Validation},
        network::{Dense, Layer, Network},
        quantized::{QuantizedDense, QuantizedLayer, QuantizedNetwork},
    },
    vision::decode::read_picture,
};

/// The small VGG16 that comes with the program.
pub const BUNDLED_BACKBONE: &[u8] = include_bytes!("../../models/vgg16-slim.onnx");
/// How messages and metadata call it.
pub const BUNDLED_BACKBONE_NAME: &str = "vgg16-slim";
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
    /// Epochs at most.
    pub epochs: usize,
    /// Epochs without a lower validation loss after which training stops.
    pub patience: usize,
    /// Decides initial weights, order and dropout.
    pub seed: u64,
    /// Settings of the head's training.
    pub head: Settings,
    /// How pictures are fitted to the input.
    pub fit: Fit,
    /// Confidence below which the model says `unknown`.
    pub unknown_threshold: f32,
    /// Folder of the feature cache; `None` keeps nothing.
    pub cache: Option<PathBuf>,
}

/// Trains, quantizes, measures, writes; gives what was found out.
pub fn train(options: &Options) -> anyhow::Result<Summary> {
    let start = Instant::now();
    let dataset = dataset::open(&options.data, options.labels.clone())?;
    let (backbone, backbone_name) = read_backbone(options.backbone.as_deref())?;
    clear_heads(&options.out.join("heads"))?;
    let source = Source { cache: options.cache.as_deref(), fit: options.fit };
    let length = backbone.outputs();

    let float =
        |what, pictures: &[Labelled]| extract(what, &files(pictures), Backbone::Float(&backbone), length, source);
    let train = float("features for training", &dataset.train)?;
    let valid = float("features for validation", &dataset.valid)?;
    let mut computed = train.computed + valid.computed;
    let mut skipped = vec![];
    let (train, _) = readable(&dataset.train, &train, &mut skipped);
    let (valid, valid_files) = readable(&dataset.valid, &valid, &mut skipped);
    for picture in &skipped {
        eprintln!("skipped: {}", picture.reason);
    }
    ensure_every_class("train", &dataset, &train)?;
    ensure_every_class("valid", &dataset, &valid)?;

    let (head, epochs, best_epoch) = train_head(&train, &valid, dataset.classes.len(), length, options)?;
    let float_answers: Vec<_> = valid.features.chunks_exact(length).map(|row| best(&answer(&head, row))).collect();
    let float_outcome = outcome(&dataset, &valid.classes, &float_answers);

    let calibration = representative(&dataset.train, dataset.classes.len(), CALIBRATION_PICTURES);
    let scales = output_scales(&backbone, &calibration, source)?;
    let quantized_backbone = quantize(&backbone, &scales);
    let feature_scale = scales.last().copied().context("the backbone has no layer with ReLU")?;
    let quantized_head = quantize_head(&head, feature_scale);
    let quantized = Backbone::Quantized(&quantized_backbone);
    let steps = extract("int8 features", &valid_files, quantized, length, source)?;
    computed += steps.computed;
    let int8: Vec<Vec<f32>> = steps
        .rows
        .iter()
        .map(|row| row.as_ref().map(|steps| int8_answer(&quantized_head, feature_scale, steps)).map_err(String::clone))
        .collect::<Result<_, _>>()
        .map_err(anyhow::Error::msg)?;
    let int8_answers: Vec<_> = int8.iter().map(|probabilities| best(probabilities)).collect();
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
    write(&options.out.join("report.json"), &serde_json::to_string_pretty(&summary)?)?;
    write(&options.out.join("report.html"), &report::html(&summary)?)?;
    Ok(summary)
}

/// The frozen part of a backbone file, and its name.
fn read_backbone(path: Option<&Path>) -> anyhow::Result<(Network, String)> {
    let (network, name) = match path {
        None => (file::parse_network(BUNDLED_BACKBONE, BUNDLED_BACKBONE_NAME)?.0, BUNDLED_BACKBONE_NAME.to_string()),
        Some(path) => {
            let (network, metadata) = file::read_network(path)?;
            let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (network, metadata.map(|m| m.backbone).filter(|name| !name.is_empty()).unwrap_or_else(stem))
        }
    };
    let what = path.map_or(BUNDLED_BACKBONE_NAME.into(), |path| path.display().to_string());
    let frozen = network.feature_extractor().with_context(|| {
        format!("{what} does not end with two dense layers, so dropping the last one leaves no features")
    })?;
    ensure!(
        matches!(frozen.layers.last(), Some(Layer::Dense(dense)) if dense.relu),
        "the dense layer before the last one of {what} has no ReLU; a VGG16 backbone has one there"
    );
    Ok((frozen, name))
}

/// Makes the folder for the heads, without those of an earlier run: they would look like later epochs of this one.
fn clear_heads(folder: &Path) -> anyhow::Result<()> {
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

fn files(pictures: &[Labelled]) -> Vec<PathBuf> {
    pictures.iter().map(|picture| picture.file.clone()).collect()
}

/// The rows of the pictures that could be read, and their files; names the others.
fn readable(pictures: &[Labelled], extracted: &Extracted, skipped: &mut Vec<Skipped>) -> (Samples, Vec<PathBuf>) {
    let mut samples = Samples::default();
    let mut files = vec![];
    for (picture, row) in pictures.iter().zip(&extracted.rows) {
        match row {
            Ok(features) => {
                samples.features.extend_from_slice(features);
                samples.classes.push(picture.class);
                files.push(picture.file.clone());
            }
            Err(reason) => skipped.push(Skipped { file: picture.file.clone(), reason: reason.clone() }),
        }
    }
    (samples, files)
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

/// Trains until the validation loss no longer falls; gives the best head, all epochs and the best one's number.
fn train_head(
    train: &Samples,
    valid: &Samples,
    classes: usize,
    length: usize,
    options: &Options,
) -> anyhow::Result<(Dense, Vec<Epoch>, usize)> {
    let mut random = Random::new(options.seed);
    let untrained = glorot_uniform(length, classes, &mut random);
    let mut trainer = Trainer::new(&untrained, options.head, random);
    let mut epochs: Vec<Epoch> = vec![];
    let mut best: Option<(f64, usize, Dense)> = None;
    for number in 1..=options.epochs {
        let on_train = trainer.epoch(train);
        let on_valid = trainer.evaluate(valid);
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
        let path = options.out.join(format!("heads/epoch-{number:03}.json"));
        let saved = serde_json::json!({ "epoch": epoch, "weights": head.weights, "bias": head.bias });
        write(&path, &saved.to_string())?;
        if best.as_ref().is_none_or(|(loss, ..)| on_valid.loss < *loss) {
            best = Some((on_valid.loss, number, head));
        } else if best.as_ref().is_some_and(|(_, at, _)| number - at >= options.patience) {
            eprintln!("the validation loss has not fallen for {} epochs", options.patience);
            break;
        }
    }
    let (_, number, head) = best.context("--epochs must be at least 1")?;
    Ok((head, epochs, number))
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
    backbone
}

/// The file that was written must answer as was measured on cached features.
fn check_file(model: &Path, files: &[PathBuf], measured: &[Vec<f32>]) -> anyhow::Result<()> {
    let classifier = Classifier::open(model, 1)?;
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

fn mistakes(files: &[PathBuf], truths: &[usize], answers: &[Vec<f32>]) -> Vec<Mistake> {
    let wrong = files.iter().zip(truths).zip(answers).filter_map(|((file, &truth), probabilities)| {
        let answer = best(probabilities);
        let mistake = Mistake { file: file.clone(), truth, answer, confidence: probabilities[answer] };
        (answer != truth).then_some(mistake)
    });
    let mut mistakes: Vec<_> = wrong.collect();
    mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    mistakes.truncate(MISTAKES);
    mistakes
}

fn settings(options: &Options) -> Vec<(String, String)> {
    let pairs = [
        ("Optimizer", format!("Adam, learning rate {}", options.head.learning_rate)),
        ("Batch", format!("{} pictures", options.head.batch)),
        ("Dropout", options.head.dropout.to_string()),
        ("Epochs", format!("at most {}, patience {}", options.epochs, options.patience)),
        ("Seed", options.seed.to_string()),
        ("Fit", options.fit.name().to_string()),
        ("Unknown below", options.unknown_threshold.to_string()),
    ];
    pairs.map(|(name, value)| (name.to_string(), value)).to_vec()
}

/// Writes beside `path` first, so that nobody ever reads half a file.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, text)
        .and_then(|()| fs::rename(&temporary, path))
        .with_context(|| format!("cannot write {}; is the disk full or the folder read-only?", path.display()))
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
