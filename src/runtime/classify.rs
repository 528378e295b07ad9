//! `vggcam classify`: pictures in, a line for each.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Instant,
};

use serde_json::{Map, Value, json};

use crate::{
    engine::classifier::{Classifier, Prediction},
    model::{labels::UNKNOWN, metadata::Metadata},
    vision::{decode::read_picture, pictures::list_pictures},
};

/// What became of the pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pictures with an answer.
    pub classified: usize,
    /// Pictures that could not be read or classified; each was named on standard error.
    pub failed: usize,
}

/// Label shown for a prediction: the likeliest class, or `unknown` where the model's thresholds say so.
pub fn label<'a>(metadata: &'a Metadata, prediction: &Prediction) -> (&'a str, f32) {
    let (index, confidence) = prediction.best();
    if metadata.is_unknown(confidence, prediction.familiarity) {
        (UNKNOWN, confidence)
    } else {
        (metadata.labels.get(index).map_or(UNKNOWN, String::as_str), confidence)
    }
}

/// Probability of each class, by name.
pub fn probabilities(metadata: &Metadata, prediction: &Prediction) -> Map<String, Value> {
    metadata.labels.iter().cloned().zip(prediction.probabilities.iter().map(|&p| json!(p))).collect()
}

/// Classifies the pictures in `paths` (files or folders) and writes a line for each to `out`.
pub fn classify(
    classifier: &Classifier,
    paths: &[PathBuf],
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<Summary> {
    let pictures = list_pictures(paths)?;
    let mut summary = Summary::default();
    let width = pictures.iter().map(|path| path.display().to_string().chars().count()).max().unwrap_or(0).min(60);
    for path in &pictures {
        let picture = match read_picture(path) {
            Ok(picture) => picture,
            Err(error) => {
                eprintln!("error: {error}");
                summary.failed += 1;
                continue;
            }
        };
        let start = Instant::now();
        let prediction = classifier.classify(&picture)?;
        let latency_ms = start.elapsed().as_secs_f64() * 1e3;
        let (label, confidence) = label(classifier.metadata(), &prediction);
        let file = path.display().to_string();
        let written = if as_json {
            let mut line = json!({
                "file": file,
                "label": label,
                "confidence": confidence,
                "probabilities": probabilities(classifier.metadata(), &prediction),
                "latency_ms": (latency_ms * 1e3).round() / 1e3,
            });
            if let Some(familiarity) = prediction.familiarity {
                line["familiarity"] = json!(familiarity);
            }
            writeln!(out, "{line}")
        } else {
            writeln!(out, "{file:width$}  {label:12} {:5.1} %", confidence * 100.0)
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(summary),
            other => other?,
        }
        summary.classified += 1;
    }
    Ok(summary)
}
