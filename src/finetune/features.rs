//! From picture files to features, through the cache.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use image::RgbImage;
use prost::Message;
use rayon::prelude::*;

use super::{
    cache::{FeatureStore, Hash, hash},
    progress::Progress,
};
use crate::{
    engine::{error::EngineError, features::Extractor},
    model::{metadata::Fit, network::Network, quantized::QuantizedNetwork, write},
    vision::{decode::decode_picture, fit::fit},
};

/// Features of a list of pictures.
pub struct Extracted {
    /// One for each picture, in order; the reason where it could not be read.
    pub rows: Vec<Result<Arc<[f32]>, String>>,
    /// How many were computed now; the others were known.
    pub computed: usize,
}

/// How features are made, and where they are kept.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Folder of the cache; `None` keeps nothing.
    pub cache: Option<&'a Path>,
    /// How pictures are fitted to the input.
    pub fit: Fit,
}

/// Which network makes the features.
#[derive(Clone, Copy)]
pub enum Backbone<'a> {
    Float(&'a Network),
    Quantized(&'a QuantizedNetwork),
}

impl Backbone<'_> {
    /// Hash of the whole graph.
    pub fn key(self) -> Hash {
        let (form, graph) = match self {
            Backbone::Float(network) => (&b"f32"[..], write::float_graph(network, vec![])),
            Backbone::Quantized(network) => (&b"int8"[..], write::quantized_graph(network, vec![])),
        };
        hash([form, &graph.encode_to_vec()])
    }

    fn input_size(self) -> u32 {
        match self {
            Backbone::Float(network) => network.input_size as u32,
            Backbone::Quantized(network) => network.input_size as u32,
        }
    }

    fn extractor(self) -> Result<Extractor, EngineError> {
        match self {
            Backbone::Float(network) => Extractor::float(network.clone()),
            Backbone::Quantized(network) => Extractor::quantized(network),
        }
    }
}

/// Hash of a picture file's bytes, or why it cannot be read.
pub fn picture_key(file: &Path) -> Result<Hash, String> {
    Ok(hash([&read(file)?[..]]))
}

/// A picture fitted to the input, or why it cannot be read.
pub fn fitted_picture(file: &Path, size: u32, how: Fit) -> Result<RgbImage, String> {
    Ok(keyed_picture(file, size, how)?.1)
}

/// The same with the hash of the very bytes that were decoded: the file may change between two readings.
fn keyed_picture(file: &Path, size: u32, how: Fit) -> Result<(Hash, RgbImage), String> {
    let bytes = read(file)?;
    let picture = decode_picture(&bytes, &file.display().to_string()).map_err(|error| error.to_string())?;
    Ok((hash([&bytes[..]]), fit(&picture, size, how)))
}

/// Features of `files` by `backbone`, whose rows have `length` values; `what` names the step to the user.
pub fn extract(
    what: &str,
    files: &[PathBuf],
    backbone: Backbone,
    length: usize,
    source: Source,
) -> Result<Extracted, EngineError> {
    let key = hash([&backbone.key()[..], source.fit.name().as_bytes()]);
    let store = match source.cache {
        None => FeatureStore::in_memory(),
        Some(folder) => FeatureStore::open(folder, &key, length).unwrap_or_else(|error| {
            log::warn!("features are not kept: cannot use {}: {error}", folder.display());
            FeatureStore::in_memory()
        }),
    };
    let known: Vec<_> = files
        .par_iter()
        .map(|file| {
            let picture = picture_key(file)?;
            Ok(store.get(&picture))
        })
        .collect::<Vec<Result<_, String>>>();
    let missing = known.iter().filter(|row| matches!(row, Ok(None))).count();
    let extractor = if missing > 0 { Some(backbone.extractor()?) } else { None };
    let progress = Progress::start(what, missing);
    let rows = files
        .par_iter()
        .zip(known)
        .map(|(file, known)| match (known, &extractor) {
            (Err(reason), _) => Ok(Err(reason)),
            (Ok(Some(features)), _) => Ok(Ok(features)),
            (Ok(None), Some(extractor)) => {
                let row = match keyed_picture(file, backbone.input_size(), source.fit) {
                    Err(reason) => Err(reason),
                    Ok((picture, fitted)) => {
                        let features = extractor.features(&[fitted])?.swap_remove(0);
                        if let Err(error) = store.append(&picture, &features) {
                            log::warn!("the features of {} are not kept: {error}", file.display());
                        }
                        Ok(features.into())
                    }
                };
                progress.one();
                Ok(row)
            }
            // An extractor exists whenever a picture is missing.
            (Ok(None), None) => Ok(Err("no extractor".into())),
        })
        .collect::<Result<Vec<_>, EngineError>>()?;
    Ok(Extracted { rows, computed: missing })
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
