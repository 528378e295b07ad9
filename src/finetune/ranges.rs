//! The ranges of a backbone's activations, measured on a few pictures of every class and kept on disk.

use std::{fs, path::PathBuf};

use image::RgbImage;
use rayon::prelude::*;

use super::{
    cache::{hash, hex},
    dataset::Labelled,
    features::{Backbone, Source, fitted_picture, picture_key},
    progress::Progress,
    quantize::calibrate,
};
use crate::model::{file::write_atomically, network::Network};

/// Raised whenever the search for the best range changes.
const VERSION: &[u8] = b"vggcam ranges 2";

/// Up to `count` pictures, as many of each class, spread evenly over each class.
pub fn representative(pictures: &[Labelled], classes: usize, count: usize) -> Vec<PathBuf> {
    let share = (count / classes.max(1)).max(1);
    (0..classes)
        .flat_map(|class| {
            let files: Vec<_> = pictures.iter().filter(|p| p.class == class).map(|p| &p.file).collect();
            let taken = share.min(files.len());
            (0..taken).map(|i| files[i * files.len() / taken].clone()).collect::<Vec<_>>()
        })
        .collect()
}

/// Output scales of every layer with ReLU, from the cache or measured on `files`.
pub fn output_scales(network: &Network, files: &[PathBuf], source: Source) -> anyhow::Result<Vec<f32>> {
    // Nothing is hashed where nothing is kept: a full-size network takes a second.
    let path = source.cache.map(|folder| {
        let pictures: Vec<_> = files.iter().filter_map(|file| picture_key(file).ok()).collect();
        let backbone = Backbone::Float(network).key();
        let parts = [VERSION, &backbone, source.fit.name().as_bytes()];
        let key = hash(parts.into_iter().chain(pictures.iter().map(|picture| &picture[..])));
        folder.join(format!("{}.ranges.json", hex(&key)))
    });
    let layers = network.layers.iter().filter(|layer| layer.has_relu()).count();
    let known = path.as_ref().and_then(|path| serde_json::from_slice::<Vec<f32>>(&fs::read(path).ok()?).ok());
    if let Some(scales) = known.filter(|scales| scales.len() == layers && scales.iter().all(|s| *s > 0.0)) {
        return Ok(scales);
    }
    let size = network.input_size as u32;
    let fitted: Vec<RgbImage> =
        files.par_iter().filter_map(|file| fitted_picture(file, size, source.fit).ok()).collect();
    anyhow::ensure!(!fitted.is_empty(), "none of the {} pictures for measuring ranges can be read", files.len());
    let progress = Progress::start("measuring ranges", fitted.len());
    let scales = calibrate(network, &fitted, &|| progress.one())?;
    if let Some(path) = path {
        if let Some(folder) = source.cache {
            // What is wrong with it is said when the file cannot be written.
            let _ = fs::create_dir_all(folder);
        }
        let kept = write_atomically(&path, &serde_json::to_vec(&scales)?);
        if let Err(error) = kept {
            log::warn!("the ranges are not kept: {error}");
        }
    }
    Ok(scales)
}
