//! `finetune quantize`: a float model file to its int8 form.

use std::path::{Path, PathBuf};

use anyhow::Context;
use prost::Message;

use super::{
    answers::answer_all,
    features::Source,
    int8::{agreement::Quantization, calibration::Calibration},
    labels::{distinct, match_folders},
    references::{self, Choice},
};
use crate::{
    engine::{classifier::Classifier, open::Settings},
    model::{
        file,
        metadata::{Metadata, to_properties},
        write,
    },
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

/// What was done.
#[derive(Clone, Debug)]
pub struct Converted {
    /// Pictures that set the ranges.
    pub pictures: usize,
    /// How the file that was written differs from the float one on these pictures.
    pub quantization: Quantization,
}

/// Quantizes `options.model` and compares both forms.
pub fn convert(options: &Options) -> anyhow::Result<Converted> {
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
    let calibration = Calibration::of(&network, &pictures, Source { cache: None, fit: metadata.fit })?;
    // The figures of the float file say nothing about this one.
    metadata.validation = None;
    file::write_quantized(&options.out, &calibration.quantized(&network), &metadata)?;
    references::add(&options.out, &references::choose(&options.references, &pictures)?)?;
    let float = write::float_graph(&network, to_properties(&metadata)).encode_to_vec();
    let float = Classifier::from_bytes(&float, &options.model.display().to_string(), Settings::plain(1))?;
    let int8 = Classifier::open(&options.out, Settings::plain(1))?;
    let answers = |what: &str, classifier: &Classifier| -> anyhow::Result<Vec<(usize, Vec<f32>)>> {
        let given = answer_all(what, classifier, &pictures)?.given;
        Ok(given.into_iter().map(|(index, answer)| (index, answer.probabilities)).collect())
    };
    let (float, int8) = (answers("float answers", &float)?, answers("int8 answers", &int8)?);
    let truths = truths(&pictures, &metadata.labels);
    let truths = truths.map(|truths| float.iter().map(|(index, _)| truths[*index]).collect::<Vec<_>>());
    let bare = |answers: Vec<(usize, Vec<f32>)>| answers.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>();
    let quantization = Quantization::of(&bare(float), &bare(int8), truths.as_deref(), calibration.layers);
    Ok(Converted { pictures: pictures.len(), quantization })
}

/// The class of each picture by the folder that it is in; `None` if folders are not named after labels.
fn truths(pictures: &[PathBuf], labels: &[String]) -> Option<Vec<usize>> {
    let folder = |picture: &PathBuf| Some(picture.parent()?.file_name()?.to_string_lossy().into_owned());
    let mut folders: Vec<String> = pictures.iter().map(folder).collect::<Option<_>>()?;
    let own = folders.clone();
    folders.sort();
    folders.dedup();
    let matched = match_folders(&folders, labels).ok()?;
    own.iter().map(|own| Some(matched[folders.iter().position(|folder| folder == own)?])).collect()
}

/// What the user reads at the end.
pub fn closing_words(converted: &Converted, out: &Path) -> String {
    let Converted { pictures, quantization } = converted;
    let cost = match quantization.cost {
        Some(cost) if cost.points > 0.0 => format!("int8 loses {}\n", cost.words()),
        _ => String::new(),
    };
    format!(
        "wrote {out} with ranges from {pictures} pictures\n{}{cost}measure it on others: finetune evaluate --model {out} DATA\n",
        quantization.words(),
        out = out.display()
    )
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
