//! From a list of pictures to their rows in a feature file.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Mutex, MutexGuard},
};

use image::RgbImage;
use prost::Message;

use super::{
    cache::{Hash, hash, hash_of_file},
    pipeline::{Event, Limits, Pipeline, PipelineError},
    progress::Progress,
    store::{Store, StoreError, header::Kind, precision::Precision},
    variant::Variant,
};
use crate::{
    engine::{error::EngineError, features::Extractor},
    model::{metadata::Fit, network::Network, quantized::QuantizedNetwork, write},
    vision::{decode::read_picture, fit::fit},
};

/// Pictures of a list whose reasons are kept; of more it is only known that they cannot be read.
const REASONS: usize = 1000;

/// Where the features of a list of pictures are.
#[derive(Default)]
pub struct Extracted {
    /// The row of each variant of each picture in order; `None` where it could not be read.
    pub rows: Vec<Option<u32>>,
    /// How many were computed now; the others were known.
    pub computed: usize,
    reasons: HashMap<usize, String>,
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
    /// The same with what stands behind the max pools of these convolutions, see [`Extractor::pooled`].
    Pooled(&'a QuantizedNetwork, &'a [String]),
}

impl Backbone<'_> {
    /// Hash of the whole graph.
    pub fn key(self) -> Hash {
        let (form, graph) = match self {
            Backbone::Float(network) => (&b"f32"[..], write::float_graph(network, vec![])),
            Backbone::Quantized(network) => (&b"int8"[..], write::quantized_graph(network, vec![])),
            Backbone::Pooled(network, _) => (&b"int8 pooled"[..], write::quantized_graph(network, vec![])),
        };
        let graph = graph.encode_to_vec();
        let layers = if let Backbone::Pooled(_, layers) = self { layers } else { &[] };
        hash([form, &graph].into_iter().chain(layers.iter().map(|layer| layer.as_bytes())))
    }

    /// What its features are, `length` for each picture; messages call it `name`.
    pub fn kind(self, name: &str, fit: Fit, length: usize, precision: Precision) -> Kind {
        Kind::new(name, &self.key(), fit, length, precision)
    }

    /// Side of its input, in pixels.
    pub fn input_size(self) -> u32 {
        match self {
            Backbone::Float(network) => network.input_size as u32,
            Backbone::Quantized(network) | Backbone::Pooled(network, _) => network.input_size as u32,
        }
    }

    /// The network, ready to run.
    pub fn extractor(self) -> Result<Extractor, EngineError> {
        match self {
            Backbone::Float(network) => Extractor::float(network.clone()),
            Backbone::Quantized(network) => Extractor::quantized(network),
            Backbone::Pooled(network, layers) => Extractor::pooled(network, layers.to_vec()),
        }
    }
}

/// SHA-256 of a picture file's bytes, or why it cannot be read.
pub fn picture_key(file: &Path) -> Result<Hash, String> {
    let bytes = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(hash_of_file(&bytes))
}

/// A picture fitted to the input, or why it cannot be read.
pub fn fitted_picture(file: &Path, size: u32, how: Fit) -> Result<RgbImage, String> {
    let picture = read_picture(file).map_err(|error| error.to_string())?;
    Ok(fit(&picture, size, how))
}

/// The file for features of this kind in the folder of the cache. Without one, or where that fails, a file in the folder
/// `scratch` that is gone at the end.
pub fn open_store(kind: &Kind, cache: Option<&Path>, scratch: &Path) -> Result<Store, StoreError> {
    let Some(folder) = cache else { return Store::scratch(scratch, kind) };
    let path = folder.join(kind.file_name());
    let opened = fs::create_dir_all(folder)
        .map_err(|source| StoreError::Open { path: path.clone(), source })
        .and_then(|()| Store::open(&path, kind));
    opened.or_else(|error| {
        log::warn!("features are not kept: {error}");
        Store::scratch(scratch, kind)
    })
}

/// Brings the features of `pictures` by `backbone` into `store`; `what` names the step to the user.
pub fn extract<P: AsRef<Path> + Sync>(
    what: &str,
    pictures: &[P],
    backbone: Backbone,
    store: &Store,
    limits: Limits,
) -> Result<Extracted, PipelineError> {
    extract_variants(what, pictures, &[Variant::PLAIN], backbone, store, limits)
}

/// The same for all `variants` of each picture, whose rows stand one after the other.
pub fn extract_variants<P: AsRef<Path> + Sync>(
    what: &str,
    pictures: &[P],
    variants: &[Variant],
    backbone: Backbone,
    store: &Store,
    limits: Limits,
) -> Result<Extracted, PipelineError> {
    let count = pictures.len() * variants.len();
    let pipeline = Pipeline {
        store,
        extractor: &|| backbone.extractor(),
        input_size: backbone.input_size(),
        fit: store.kind().fit,
        limits,
    };
    let progress = Progress::start(what, count);
    let found = Mutex::new(Extracted { rows: vec![None; count], ..Extracted::default() });
    let copies = Mutex::new(vec![]);
    let event = |index: usize, event: Event| {
        let mut found = lock(&found);
        match event {
            Event::Known(row) => found.rows[index] = Some(row),
            Event::Stored(row) => {
                found.rows[index] = Some(row);
                found.computed += 1;
            }
            Event::Copy(key) => lock(&copies).push((index, key)),
            Event::Unreadable(reason) => found.keep_reason(index, reason),
        }
        progress.one();
    };
    let wanted = pictures
        .iter()
        .flat_map(|picture| variants.iter().map(move |&variant| (picture.as_ref().to_path_buf(), variant)));
    pipeline.run(wanted, count, &event)?;
    // Only a panic elsewhere poisons the locks.
    let mut found = found.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (index, key) in copies.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
        found.rows[index] = store.find(&key)?;
        if found.rows[index].is_none() {
            let file = pictures[index / variants.len()].as_ref().display();
            found.keep_reason(index, format!("{file} has the content of another picture that cannot be read"));
        }
    }
    Ok(found)
}

impl Extracted {
    /// Why `file` has no row in this place.
    pub fn reason(&self, index: usize, file: &Path) -> String {
        let unknown = || format!("{} cannot be read, like many others", file.display());
        self.reasons.get(&index).cloned().unwrap_or_else(unknown)
    }

    fn keep_reason(&mut self, index: usize, reason: String) {
        if self.reasons.len() < REASONS {
            self.reasons.insert(index, reason);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
