//! The model file as it is here.

use std::path::Path;

use anyhow::Context;

use super::board::megabytes;
use crate::{
    engine::memory,
    model::{
        file::{self, Contents, ModelFile},
        recognise::Recognised,
    },
};

/// What has to be known of a model file before it is sent.
pub struct Model {
    /// Bytes of the file.
    pub bytes: u64,
    /// What it may take while it is loaded, in bytes.
    pub memory: u64,
    /// Name, precision, size and reference pictures.
    pub in_words: String,
}

impl Model {
    /// Reads the file; errs for one that no board can use.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let ModelFile { metadata, references, contents, .. } = file::open(path)?;
        let metadata = metadata.with_context(|| {
            format!(
                "{} carries no labels, so no board can use it; make a model with `finetune train` or `finetune quantize`",
                path.display()
            )
        })?;
        let bytes = path.metadata().map_or(0, |found| found.len());
        let (precision, memory) = match contents {
            Contents::Network(Recognised::Quantized(_)) => ("int8", memory::for_integers(bytes)),
            _ => ("float", memory::for_floats(bytes)),
        };
        let pictures = references.decode().map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))?.pictures;
        let pictures = match pictures.len() {
            0 => "without reference pictures, so the board cannot compare its answers".into(),
            count => format!("{count} reference pictures"),
        };
        let in_words = format!("{}, {precision}, {}, {pictures}", metadata.name, megabytes(bytes));
        Ok(Model { bytes, memory, in_words })
    }
}
