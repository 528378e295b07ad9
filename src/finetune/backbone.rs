//! The frozen part of a pretrained VGG16.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::model::{
    file,
    network::{Layer, Network},
};

/// The small VGG16 that comes with the program.
pub const BUNDLED_BACKBONE: &[u8] = include_bytes!("../../models/vgg16-slim.onnx");
/// How messages and metadata call it.
pub const BUNDLED_BACKBONE_NAME: &str = "vgg16-slim";
/// The frozen part of a backbone file, and its name.
pub fn read(path: Option<&Path>) -> anyhow::Result<(Network, String)> {
    let (network, name) = match path {
        None => (file::parse_network(BUNDLED_BACKBONE, BUNDLED_BACKBONE_NAME)?.0, BUNDLED_BACKBONE_NAME.to_string()),
        Some(path) => {
            let (network, metadata) = file::read_network(path)?;
            let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (network, metadata.map(|m| m.backbone).filter(|name| !name.is_empty()).unwrap_or_else(stem))
        }
    };
    let what = path.map_or(BUNDLED_BACKBONE_NAME.into(), |path| path.display().to_string());
    let frozen = network.feature_extractor().with_context(|| {
        format!("{what} does not end with two dense layers or with ReLU, so dropping the last layer leaves no features")
    })?;
    ensure!(
        matches!(frozen.layers.last(), Some(Layer::Dense(dense)) if dense.relu),
        "the dense layer before the last one of {what} has no ReLU; a VGG16 backbone has one there"
    );
    Ok((frozen, name))
}
