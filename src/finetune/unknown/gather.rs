//! Which pictures tell the unknown ones: some of the training pictures, the validation pictures, negatives or corners.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::{ACCEPT_AGAINST_NEGATIVES, ACCEPT_ALONE, Pictures, Unknown, describe};
use crate::{
    finetune::{
        dataset::Dataset,
        features::{Backbone, extract},
        labelled::Labelled,
        pipeline::Limits,
        shard::Shard,
        store::{Store, StoreError},
        walk,
    },
    model::familiarity::Familiarity,
    vision::pictures::natural_order,
};

/// Most training pictures that are described; more would hardly move means and covariance.
const TRAINING: usize = 2000;
/// Most validation pictures, so that their descriptions fit into memory.
const VALIDATION: usize = 4000;
/// Most corners.
const CORNERS: usize = 400;

/// Where pictures come from.
pub struct Sources<'a> {
    /// The data set.
    pub dataset: &'a Dataset,
    /// Rows of the validation pictures, which are in the store already, class by class.
    pub valid: &'a [u32],
    /// Folder of pictures of none of the classes.
    pub negatives: Option<&'a Path>,
}

/// How pictures are described.
pub struct Described<'a> {
    /// A [`Backbone::Pooled`].
    pub backbone: Backbone<'a>,
    /// Its convolutions.
    pub layers: &'a [String],
    /// Where its features are kept.
    pub store: &'a Store,
    /// Values of a row before those that describe a picture.
    pub skip: usize,
}

/// What was fitted.
pub struct Fitted {
    /// What a model computes.
    pub familiarity: Familiarity,
    /// How well it does.
    pub found: Unknown,
    /// Pictures whose features were computed now.
    pub computed: usize,
}

/// Describes the pictures and fits what tells unknown ones; `None` for a network without max pools, which has nothing to
/// describe them by.
pub fn fit(
    sources: &Sources,
    described: &Described,
    accept: Option<f64>,
    limits: Limits,
) -> anyhow::Result<Option<Fitted>> {
    if described.layers.is_empty() {
        log::warn!("familiarity is not judged: the backbone has no max pool");
        return Ok(None);
    }
    let Described { backbone, store, .. } = described;
    let classes = sources.dataset.classes.len();
    let training = spread(&sources.dataset.train, classes, TRAINING);
    let steps = extract("training pictures, int8", &training, *backbone, store, limits)?;
    let mut computed = steps.computed;
    let mut known = vec![vec![]; classes];
    for (picture, row) in training.iter().zip(&steps.rows) {
        if let Some(row) = row {
            known[picture.class].push(described.read(*row)?);
        }
    }
    // Whoever cannot be read was named before.
    known.retain(|rows| !rows.is_empty());
    ensure!(!known.is_empty(), "none of the training pictures that would tell unknown ones can be read");
    let others = match sources.negatives {
        Some(folder) => {
            let files = pictures_below(folder)?;
            let steps = extract("negatives", &files, *backbone, store, limits)?;
            computed += steps.computed;
            for (index, _) in steps.rows.iter().enumerate().filter(|(_, row)| row.is_none()) {
                eprintln!("skipped: {}", steps.reason(index, &files[index]));
            }
            steps.rows.into_iter().flatten().collect()
        }
        None => {
            let (rows, now) = describe::corners(&spread(&sources.dataset.train, classes, CORNERS), *backbone, store)?;
            computed += now;
            rows
        }
    };
    let stride = sources.valid.len().div_ceil(VALIDATION).max(1);
    let valid: Vec<u32> = sources.valid.iter().copied().step_by(stride).collect();
    let pictures = Pictures {
        layers: described.layers.to_vec(),
        known: &known,
        valid: &described.read_all(&valid)?,
        others: &described.read_all(&others)?,
        negatives: sources.negatives.is_some(),
    };
    let usual = if pictures.negatives { ACCEPT_AGAINST_NEGATIVES } else { ACCEPT_ALONE };
    let (familiarity, found) = super::fit(&pictures, accept.unwrap_or(usual))?;
    Ok(Some(Fitted { familiarity, found, computed }))
}

/// The pictures in a folder and all folders in it, in natural order.
pub fn pictures_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    walk::count(folder, Shard::WHOLE).context("cannot take the negatives")?;
    let mut files: Vec<PathBuf> = walk::pictures(folder, Shard::WHOLE).collect::<anyhow::Result<_>>()?;
    files.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(files)
}

/// Up to `count` pictures, as many of each class, spread evenly over each class.
fn spread(pictures: &[Labelled], classes: usize, count: usize) -> Vec<Labelled> {
    let share = (count / classes.max(1)).max(1);
    (0..classes)
        .flat_map(|class| {
            let of_class: Vec<_> = pictures.iter().filter(|picture| picture.class == class).collect();
            let taken = share.min(of_class.len());
            (0..taken).map(|i| of_class[i * of_class.len() / taken].clone()).collect::<Vec<_>>()
        })
        .collect()
}

impl Described<'_> {
    fn read(&self, row: u32) -> Result<Vec<f32>, StoreError> {
        let mut values = vec![0.0; self.store.kind().features];
        self.store.read(row, &mut values)?;
        Ok(values.split_off(self.skip))
    }

    fn read_all(&self, rows: &[u32]) -> Result<Vec<Vec<f32>>, StoreError> {
        rows.iter().map(|&row| self.read(row)).collect()
    }
}
