//! The features of every picture by the float backbone.

use std::path::Path;

use anyhow::ensure;

use super::Run;
use crate::finetune::{
    dataset::Labelled,
    features::{Backbone, Extracted, extract, open_store},
    samples::Samples,
    store::{Store, precision::Precision},
    summary::Skipped,
};

/// The pictures of a folder that could be read.
pub struct Split<'a> {
    /// Features and class of each.
    pub samples: Samples<'a>,
    /// File of each.
    pub files: Vec<&'a Path>,
}

/// The features of both folders.
pub struct Features<'a> {
    /// Pictures to train on.
    pub train: Split<'a>,
    /// Pictures to measure with.
    pub valid: Split<'a>,
    /// Pictures that could not be read.
    pub skipped: Vec<Skipped>,
    /// How many were computed now; the others were known.
    pub computed: usize,
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
    let train = extract("features for training", &dataset.train, float, store, limits)?;
    let valid = extract("features for validation", &dataset.valid, float, store, limits)?;
    let computed = train.computed + valid.computed;
    let mut skipped = vec![];
    let mut train = readable(&dataset.train, &train, store, &mut skipped);
    let mut valid = readable(&dataset.valid, &valid, store, &mut skipped);
    for picture in &skipped {
        eprintln!("skipped: {}", picture.reason);
    }
    ensure_every_class("train", run, &train.samples)?;
    ensure_every_class("valid", run, &valid.samples)?;
    if train.samples.bytes() + valid.samples.bytes() <= limits.memory {
        train.samples = train.samples.into_memory()?;
        valid.samples = valid.samples.into_memory()?;
    }
    Ok(Features { train, valid, skipped, computed })
}

/// The rows of the pictures that could be read, and their files; names the others.
fn readable<'a>(
    pictures: &'a [Labelled],
    extracted: &Extracted,
    store: &'a Store,
    skipped: &mut Vec<Skipped>,
) -> Split<'a> {
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
    Split { samples: Samples::stored(store, rows, classes), files }
}

fn ensure_every_class(folder: &str, run: &Run, samples: &Samples) -> anyhow::Result<()> {
    for (class, count) in run.dataset.classes.iter().zip(run.per_class(samples)) {
        ensure!(count > 0, "none of the pictures of {class:?} in {folder}/ can be read; each was named above");
    }
    Ok(())
}
