//! The features of every picture by the float backbone.

use std::{path::Path, time::Instant};

use anyhow::ensure;

use super::Run;
use crate::finetune::{
    cache::Hash,
    features::{Backbone, Extracted, extract, extract_variants, open_store},
    labelled::Labelled,
    samples::Samples,
    store::{Store, StoreError, precision::Precision},
    summary::Skipped,
    variant::variants,
};

/// The pictures of a folder that could be read.
pub struct Split<'a> {
    /// Features and class of each.
    pub samples: Samples<'a>,
    /// File of each.
    pub files: Vec<&'a Path>,
    /// The hash of each row's picture.
    pub keys: Vec<Hash>,
}

/// The features of both folders.
pub struct Features<'a> {
    /// Pictures to train on.
    pub train: Split<'a>,
    /// Pictures to measure with.
    pub valid: Split<'a>,
    /// Name that no other backbone, fit or precision has.
    pub kind: String,
    /// Pictures that could not be read.
    pub skipped: Vec<Skipped>,
    /// How many were computed now, with variants; the others were known.
    pub computed: usize,
    /// Seconds that those of the training pictures took.
    pub seconds: f64,
}

/// The feature file that the user named, or the one of the cache.
pub fn store(run: &Run) -> anyhow::Result<Store> {
    let options = run.options;
    let kind =
        Backbone::Float(run.backbone).kind(run.backbone_name, options.fit, run.backbone.outputs(), Precision::F32);
    Ok(match &options.features {
        Some(file) => Store::open_existing(file, &kind)?,
        None => open_store(&kind, options.cache.as_deref(), &options.out)?,
    })
}

/// Computes what `store` lacks. Errs if a class has no picture that can be read.
pub fn gather<'a>(run: &Run<'a>, store: &'a Store) -> anyhow::Result<Features<'a>> {
    let (dataset, limits) = (run.dataset, run.options.limits);
    let float = Backbone::Float(run.backbone);
    let start = Instant::now();
    let variants = variants(&run.options.augment);
    let train = extract_variants("features for training", &dataset.train, &variants, float, store, limits)?;
    let seconds = start.elapsed().as_secs_f64();
    if variants.len() > 1 {
        eprintln!(
            "{} variants of {} training pictures: {} computed in {seconds:.1} s, the others known",
            variants.len(),
            dataset.train.len(),
            train.computed
        );
    }
    let valid = extract("features for validation", &dataset.valid, float, store, limits)?;
    let computed = train.computed + valid.computed;
    let mut skipped = vec![];
    let mut train = readable(&dataset.train, &train, store, &mut skipped)?;
    let mut valid = readable(&dataset.valid, &valid, store, &mut skipped)?;
    for picture in &skipped {
        eprintln!("skipped: {}", picture.reason);
    }
    ensure_every_class("train", run, &train.samples)?;
    ensure_every_class("valid", run, &valid.samples)?;
    if train.samples.bytes() + valid.samples.bytes() <= limits.memory {
        train.samples = train.samples.into_memory()?;
        valid.samples = valid.samples.into_memory()?;
    }
    Ok(Features { train, valid, kind: store.kind().file_name(), skipped, computed, seconds })
}

/// The rows of the pictures that could be read, and their files; names the others.
fn readable<'a>(
    pictures: &'a [Labelled],
    extracted: &Extracted,
    store: &'a Store,
    skipped: &mut Vec<Skipped>,
) -> Result<Split<'a>, StoreError> {
    let (mut rows, mut classes, mut files) = (vec![], vec![], vec![]);
    let variants = (extracted.rows.len() / pictures.len().max(1)).max(1);
    for (index, (picture, found)) in pictures.iter().zip(extracted.rows.chunks_exact(variants)).enumerate() {
        match found.iter().position(Option::is_none) {
            None => {
                rows.extend(found.iter().flatten());
                classes.push(picture.class);
                files.push(picture.file.as_path());
            }
            Some(variant) => {
                let reason = extracted.reason(index * variants + variant, &picture.file);
                skipped.push(Skipped { file: picture.file.clone(), reason });
            }
        }
    }
    let keys = rows.iter().map(|&row| store.key(row)).collect::<Result<_, _>>()?;
    Ok(Split { samples: Samples::stored(store, rows, classes), files, keys })
}

fn ensure_every_class(folder: &str, run: &Run, samples: &Samples) -> anyhow::Result<()> {
    for (class, count) in run.dataset.classes.iter().zip(run.per_class(samples)) {
        ensure!(count > 0, "none of the pictures of {class:?} in {folder}/ can be read; each was named above");
    }
    Ok(())
}
