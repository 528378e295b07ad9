//! What can go wrong with a feature file.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a feature file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be opened or made.
    #[error("cannot open the feature file {path}: {source}; check the folder and the permissions")]
    Open { path: PathBuf, source: io::Error },
    /// It could not be read.
    #[error("cannot read the feature file {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    /// Features could not be added to it.
    #[error(
        "cannot add to the feature file {path}: {source}; make room for it and run again: what it holds is not computed twice"
    )]
    Write { path: PathBuf, source: io::Error },
    /// It is something else.
    #[error("{path} is not a feature file; `finetune features DATA --out FILE` makes one")]
    NotFeatures { path: PathBuf },
    /// Its header is damaged.
    #[error("the header of the feature file {path} is damaged; remove the file and compute its features again")]
    Header { path: PathBuf },
    /// Its form is not the one that this program reads.
    #[error(
        "{path} is a feature file of version {version}, this program reads version {}; compute its features again",
        super::header::VERSION
    )]
    Version { path: PathBuf, version: u32 },
    /// Its features are others than those that are wanted.
    #[error("{path} does not fit what is wanted of it: {difference}; {next}")]
    Differs { path: PathBuf, difference: String, next: &'static str },
    /// A record changed after it was found to be sound.
    #[error("record {row} of the feature file {path} is damaged; run again to compute it again")]
    Damaged { path: PathBuf, row: u32 },
    /// Another program cut it.
    #[error("the feature file {path} became shorter while it was used; run again")]
    Shrunk { path: PathBuf },
    /// It has as many records as row numbers can tell apart.
    #[error("the feature file {path} is full: it holds 4 billion pictures; spread the others over another file")]
    Full { path: PathBuf },
}

impl StoreError {
    pub(super) fn not_features(path: &Path) -> Self {
        StoreError::NotFeatures { path: path.into() }
    }
}
