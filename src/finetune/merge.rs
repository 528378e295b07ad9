//! `finetune merge`: the feature files of many machines in one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use super::store::{Store, StoreError, header::Kind, scan};

/// Pictures that are added at once.
const AT_A_TIME: usize = 256;

/// What was merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Pictures in the new file.
    pub pictures: usize,
    /// Records left out because an earlier one is of the same picture.
    pub copies: usize,
    /// Records left out because they are damaged.
    pub damaged: usize,
}

/// Writes every picture of the feature files `shards` once to `out`, which is whole or not there, or still the file that it
/// was. Errs if their features are of different kinds.
pub fn merge(shards: &[PathBuf], out: &Path) -> anyhow::Result<Merged> {
    let kind = common_kind(shards)?;
    let name = out.file_name().with_context(|| format!("{} is no file name", out.display()))?;
    ensure!(!out.is_dir(), "{} is a folder; give the name of a file to write", out.display());
    let draft = out.with_file_name(format!(".{}.{}", name.display(), std::process::id()));
    let merged = fill(&draft, &kind, shards).and_then(|merged| {
        fs::rename(&draft, out).with_context(|| format!("cannot rename {} to {}", draft.display(), out.display()))?;
        Ok(merged)
    });
    if merged.is_err() {
        // What is half done is of no use; whether it can be removed changes nothing.
        let _ = fs::remove_file(&draft);
    }
    merged
}

/// What the features of all files are.
fn common_kind(shards: &[PathBuf]) -> anyhow::Result<Kind> {
    let (first, others) = shards.split_first().context("there is nothing to merge; name the feature files")?;
    let kind = scan::kind(first)?;
    for other in others {
        if let Some(difference) = kind.difference(&scan::kind(other)?) {
            bail!(
                "cannot merge {} and {}: they hold {difference}; merge only files that were made with the same options",
                first.display(),
                other.display()
            );
        }
    }
    Ok(kind)
}

fn fill(draft: &Path, kind: &Kind, shards: &[PathBuf]) -> anyhow::Result<Merged> {
    let store = Store::open(draft, kind)?;
    let mut merged = Merged::default();
    let mut batch = Vec::with_capacity(AT_A_TIME);
    let mut seen = 0;
    for shard in shards {
        merged.damaged += scan::scan(shard, |key, features| {
            batch.push((key, features));
            seen += 1;
            if batch.len() == AT_A_TIME { add(&store, &mut batch) } else { Ok(()) }
        })?;
    }
    add(&store, &mut batch)?;
    store.sync()?;
    merged.pictures = store.records() as usize;
    merged.copies = seen - merged.pictures;
    Ok(merged)
}

fn add(store: &Store, batch: &mut Vec<([u8; 32], Vec<f32>)>) -> Result<(), StoreError> {
    store.append(batch)?;
    batch.clear();
    Ok(())
}

/// What the user reads at the end.
pub fn closing_words(merged: &Merged, out: &Path) -> String {
    let Merged { pictures, copies, damaged } = merged;
    let damaged = match damaged {
        0 => String::new(),
        count => format!("; damaged and left out: {count}, to be computed again"),
    };
    format!("{}: {pictures} pictures, {copies} copies left out{damaged}\n", out.display())
}
