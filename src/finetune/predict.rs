//! `finetune predict`: an unlabelled folder to a submission file.

use std::path::Path;

use anyhow::{Context, ensure};
use rayon::prelude::*;

use super::progress::Progress;
use crate::{
    engine::classifier::Classifier,
    vision::{
        decode::read_picture,
        pictures::{list_pictures, natural_order},
    },
};

/// What became of the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// Rows in the file.
    pub rows: usize,
    /// Pictures that could not be read; each was named on standard error.
    pub skipped: usize,
}

/// Writes `id,label` for every picture in `folder`: the file's stem and the probability of `class`, by default the
/// second class; sorted by id, as numbers where they are numbers.
pub fn predict(model: &Path, folder: &Path, class: Option<&str>, out: &Path) -> anyhow::Result<Predicted> {
    let classifier = Classifier::open(model, 1)?;
    let labels = &classifier.metadata().labels;
    let class = match class {
        None => 1,
        Some(name) => labels
            .iter()
            .position(|label| label == name)
            .with_context(|| format!("the model has no class {name:?}; it has {}", labels.join(", ")))?,
    };
    ensure!(class < labels.len(), "the model has only one class");
    let files = list_pictures(&[folder])?;
    let progress = Progress::start("predicting", files.len());
    let mut rows = files
        .par_iter()
        .map(|file| {
            let row = match read_picture(file) {
                Ok(picture) => {
                    let id = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    Some((id, classifier.classify(&picture)?.probabilities[class]))
                }
                Err(error) => {
                    eprintln!("skipped: {error}");
                    None
                }
            };
            progress.one();
            Ok(row)
        })
        .collect::<anyhow::Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    ensure!(!rows.is_empty(), "none of the {} pictures in {} can be read", files.len(), folder.display());
    rows.sort_by(|(a, _), (b, _)| natural_order(a, b));
    let failed = || format!("cannot write {}", out.display());
    let mut csv = csv::Writer::from_path(out).with_context(failed)?;
    csv.write_record(["id", "label"]).with_context(failed)?;
    for (id, probability) in &rows {
        csv.write_record([id, &probability.to_string()]).with_context(failed)?;
    }
    csv.flush().with_context(failed)?;
    Ok(Predicted { rows: rows.len(), skipped: files.len() - rows.len() })
}
