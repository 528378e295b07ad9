//! `finetune quantize`: a float model file to its int8 form.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{
    features::Source,
    labels::distinct,
    quantize::quantize,
    ranges::output_scales,
    references::{self, Choice},
};
use crate::{
    model::{file, metadata::Metadata},
    vision::pictures::list_pictures,
};

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Float model file.
    pub model: PathBuf,
    /// Folder of pictures like those that the model will see.
    pub calibration: PathBuf,
    /// Where the int8 file goes.
    pub out: PathBuf,
    /// Class names, where the file has none or others are wanted.
    pub labels: Option<Vec<String>>,
    /// Pictures that the file carries to be tested with.
    pub references: Choice,
}

/// Quantizes `options.model`; gives the number of pictures that set its ranges.
pub fn convert(options: &Options) -> anyhow::Result<usize> {
    let (network, metadata) = file::read_network(&options.model)?;
    let mut metadata = match (metadata, &options.labels) {
        (Some(metadata), _) => metadata,
        (None, Some(_)) => fresh(&options.model),
        (None, None) => anyhow::bail!(
            "{} carries no labels; name its {} classes with --labels a,b,…",
            options.model.display(),
            network.outputs()
        ),
    };
    if let Some(labels) = &options.labels {
        metadata.labels = distinct(labels)?;
    }
    anyhow::ensure!(
        metadata.labels.len() == network.outputs() && network.softmax,
        "{} has {} outputs{} and {} labels ({}); a classifier has a softmax over one output for each label",
        options.model.display(),
        network.outputs(),
        if network.softmax { "" } else { " without a softmax" },
        metadata.labels.len(),
        metadata.labels.join(", ")
    );
    let pictures = calibration_pictures(&options.calibration)?;
    let scales = output_scales(&network, &pictures, Source { cache: None, fit: metadata.fit })?;
    // The figures of the float file say nothing about this one.
    metadata.validation = None;
    file::write_quantized(&options.out, &quantize(&network, &scales), &metadata)?;
    references::add(&options.out, &references::choose(&options.references, &pictures)?)?;
    Ok(pictures.len())
}

fn fresh(model: &Path) -> Metadata {
    let stem = model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Metadata {
        name: stem.clone(),
        labels: vec![],
        fit: Default::default(),
        unknown_threshold: 0.0,
        backbone: stem,
        validation: None,
        familiarity: None,
    }
}

/// The pictures in `folder`, or in the folders in it, a class each; of a data set those to train on.
fn calibration_pictures(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    const ENOUGH: usize = 256;
    let train = folder.join("train");
    let folder = if train.is_dir() { &train } else { folder };
    let folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot list the calibration folder {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_dir()))
        .collect();
    let all = if folders.is_empty() { list_pictures(&[folder])? } else { list_pictures(&folders)? };
    let count = all.len().min(ENOUGH);
    Ok((0..count).map(|i| all[i * all.len() / count].clone()).collect())
}
