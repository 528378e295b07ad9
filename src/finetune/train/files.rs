//! The model files: written with what is known about them, and tried.

use std::path::{Path, PathBuf};

use anyhow::ensure;

use super::Run;
use crate::{
    engine::{classifier::Classifier, open::Settings},
    finetune::{int8::calibration::representative, references},
    model::{
        familiarity::Familiarity,
        file,
        metadata::{Metadata, Validation},
        network::Network,
        quantized::QuantizedNetwork,
        reference::MAX_PICTURES,
    },
    vision::decode::read_picture,
};

/// Validation pictures on which the written file must answer as measured.
const CHECKED: usize = 4;

/// What the files say about themselves; `images` were measured, with the `accuracies` of the float and the int8 form.
pub fn metadata(
    run: &Run,
    name: &str,
    images: usize,
    accuracies: [f64; 2],
    familiarity: Option<Familiarity>,
) -> Metadata {
    let [accuracy_f32, accuracy_int8] = accuracies;
    Metadata {
        name: name.into(),
        labels: run.dataset.classes.clone(),
        fit: run.options.fit,
        unknown_threshold: run.options.unknown_threshold.unwrap_or(0.0),
        backbone: run.backbone_name.into(),
        validation: Some(Validation { images, accuracy_f32, accuracy_int8 }),
        familiarity,
    }
}

/// Writes the float form and, unless it was refused, the int8 form before it; gives their files in this order.
pub fn write(
    run: &Run,
    float: &Network,
    quantized: Option<&QuantizedNetwork>,
    metadata: &Metadata,
) -> anyhow::Result<Vec<PathBuf>> {
    let model = run.options.out.join("model.onnx");
    let model_f32 = run.options.out.join("model-f32.onnx");
    if let Some(quantized) = quantized {
        file::write_quantized(&model, quantized, metadata)?;
    }
    file::write_network(&model_f32, float, metadata)?;
    Ok(if quantized.is_some() { vec![model, model_f32] } else { vec![model_f32] })
}

/// The file that was written must answer as was measured on cached features.
pub fn check(model: &Path, files: &[&Path], measured: &[Vec<f32>]) -> anyhow::Result<()> {
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

/// Puts reference pictures, as many of each class, into the model files.
pub fn add_references(run: &Run, files: &[PathBuf]) -> anyhow::Result<()> {
    let at_hand = representative(&run.dataset.valid, run.classes(), MAX_PICTURES);
    let chosen = references::choose(&run.options.references, &at_hand)?;
    files.iter().try_for_each(|file| references::add(file, &chosen))
}
