//! `finetune import`: from the files that frameworks keep VGG16's weights in to a backbone.
//!
//! [`kind`] tells a file by its first bytes. [`hdf5`], [`archive`] and [`safetensors`] find its tensors ([`weights`]);
//! [`outline`] holds them against VGG16, [`read`] brings them into our order, [`norm`] and [`preparation`] fold what stands
//! beside them, and [`build`] makes the network, with a [`head`] where the file has none. [`onnx`] reads a whole graph.

mod archive;
mod build;
mod error;
mod hdf5;
pub mod head;
mod kind;
pub mod layout;
mod natural;
mod norm;
mod onnx;
mod outline;
pub mod preparation;
mod read;
mod safetensors;
mod weights;

pub use error::ImportError;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use hdf5_reader::storage::FileStorage;

use self::{build::Choice, head::Head, kind::Kind, layout::Layout, preparation::Preparation, weights::Found};
use crate::model::{
    file,
    network::{Layer, Network},
};

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// File of weights.
    pub weights: PathBuf,
    /// Backbone to write.
    pub out: PathBuf,
    /// How the file keeps its weights.
    pub layout: Layout,
    /// How pixels are prepared; as the file's framework does if `None`.
    pub preparation: Option<Preparation>,
    /// What stands behind the convolutions; the file's own dense layers, or else the mean of each plane, if `None`.
    pub head: Option<Head>,
    /// Rows and columns of the picture; what the file says, else 224, if `None`.
    pub input_size: Option<usize>,
}

/// What was imported.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What the file is.
    pub what: String,
    /// How the pixels are prepared; `None` if the file's own graph does it.
    pub preparation: Option<Preparation>,
    /// What was assumed because the file does not say it.
    pub assumed: Vec<String>,
    /// Output channels of the convolutions, block by block.
    pub blocks: Vec<Vec<usize>>,
    /// Names and outputs of the dense layers.
    pub dense: Vec<(String, usize)>,
    /// Rows and columns of the picture.
    pub input_size: usize,
    /// Features that training takes: the outputs of the last layer with ReLU.
    pub features: usize,
}

/// Imports weights and writes the backbone.
pub fn import(options: &Options) -> Result<Imported, ImportError> {
    let path = &options.weights;
    let unusable = ImportError::unusable(path);
    let kind = kind::of(path)?;
    let own = match kind {
        Kind::Onnx => &[Layout::Onnx][..],
        Kind::Safetensors => &[Layout::Torchvision],
        Kind::Zip => &[Layout::Keras3],
        // Which one of Keras's it is shows in the file.
        Kind::Hdf5 => &[],
    };
    if !own.is_empty()
        && let Some(reason) = options.layout.contradicts(own)
    {
        return Err(unusable(reason));
    }
    let (network, what, preparation, assumed) = match kind {
        Kind::Onnx => whole_graph(path, options)?,
        Kind::Safetensors => weights(safetensors::find(path).map_err(&unusable)?, options).map_err(&unusable)?,
        Kind::Zip => weights(archive::find(path, options.layout)?, options).map_err(&unusable)?,
        Kind::Hdf5 => {
            let storage = FileStorage::open(path).map_err(|error| unusable(error.to_string()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let found = hdf5::find(Arc::new(storage), &name, options.layout, None).map_err(&unusable)?;
            weights(found, options).map_err(&unusable)?
        }
    };
    let features = features(&network).map_err(&unusable)?;
    file::write_backbone(&options.out, &network)?;
    Ok(Imported {
        what,
        preparation,
        assumed,
        blocks: blocks(&network),
        dense: dense(&network),
        input_size: network.input_size,
        features,
    })
}

/// A network, what it is, how its pixels are prepared, and what was assumed.
type Read = (Network, String, Option<Preparation>, Vec<String>);

fn weights(found: Found, options: &Options) -> Result<Read, String> {
    let outline = outline::outline(&found)?;
    let mut assumed = found.assumed.clone();
    let preparation = options.preparation.or(found.preparation).unwrap_or(Preparation::Caffe);
    let head = match options.head {
        None if outline.dense.is_empty() => {
            assumed.push("it has no dense layers, so features are the means of the last planes; see --head".into());
            Some(Head::Pool)
        }
        head => head,
    };
    let choice = Choice { preparation, head, input_size: options.input_size };
    let network = build::network(&found, &outline, choice, &mut assumed)?;
    Ok((network, found.what, Some(preparation), assumed))
}

fn whole_graph(path: &Path, options: &Options) -> Result<Read, ImportError> {
    let onnx::Imported { mut network, prepares } = onnx::read(path, options.preparation)?;
    if let Some(size) = options.input_size.filter(|&size| size != network.input_size) {
        let reason =
            format!("its graph takes pictures of {} pixels, not of {size}; leave --size out", network.input_size);
        return Err(ImportError::unusable(path)(reason));
    }
    if let Some(head) = options.head {
        network.layers.retain(|layer| !matches!(layer, Layer::Dense(_)));
        let pools = network.layers.iter().filter(|layer| matches!(layer, Layer::MaxPool)).count();
        let side = network.input_size >> pools;
        let channels = blocks(&network).concat().last().copied().unwrap_or(0);
        head::attach(&mut network, head, channels, side);
    }
    let preparation = (!prepares).then(|| options.preparation.unwrap_or(Preparation::Torch));
    let assumed = match (prepares, options.preparation) {
        (false, None) => vec![
            "its graph does not prepare pixels, and they are taken as torchvision's and the ONNX zoo's VGG16 take them; \
             --preprocessing chooses otherwise"
                .into(),
        ],
        _ => vec![],
    };
    Ok((network, "an ONNX graph".into(), preparation, assumed))
}

/// How many features training takes of a network. The error says why there are none.
fn features(network: &Network) -> Result<usize, String> {
    // As `Network::feature_extractor` has it, without its copy of the weights.
    match &network.layers[..] {
        [.., Layer::Dense(last)] if last.relu && !network.softmax => Ok(last.outputs),
        [.., Layer::Dense(hidden), Layer::Dense(_)] => Ok(hidden.outputs),
        _ => Err(
            "it has only one dense layer, and that is dropped in training, so no features are left; take --head pool"
                .into(),
        ),
    }
}

fn blocks(network: &Network) -> Vec<Vec<usize>> {
    let mut blocks = vec![vec![]];
    for layer in &network.layers {
        match (layer, blocks.last_mut()) {
            (Layer::Conv(conv), Some(block)) => block.push(conv.outputs),
            (Layer::MaxPool, _) => blocks.push(vec![]),
            _ => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

fn dense(network: &Network) -> Vec<(String, usize)> {
    let dense = network.layers.iter().filter_map(|layer| match layer {
        Layer::Dense(dense) => Some((dense.name.clone(), dense.outputs)),
        _ => None,
    });
    dense.collect()
}

/// What the user reads at the end.
pub fn closing_words(imported: &Imported, options: &Options) -> String {
    let join = |parts: Vec<String>, between: &str| parts.join(between);
    let block = |block: &Vec<usize>| join(block.iter().map(usize::to_string).collect(), ", ");
    let convolutions = join(imported.blocks.iter().map(block).collect(), " / ");
    let dense = join(imported.dense.iter().map(|(name, outputs)| format!("{name} {outputs}")).collect(), ", ");
    let pixels = imported.preparation.map_or("as its graph prepares them", Preparation::words);
    let assumed: String = imported.assumed.iter().map(|text| format!("assumed: {text}\n")).collect();
    let out = options.out.display();
    format!(
        "{}: {}\n\
         convolutions: {convolutions} channels\n\
         dense layers: {dense}\n\
         pixels: {size}×{size}, {pixels}\n\
         {assumed}\
         wrote {out}: {} features a picture; train on it with:\n  finetune train DATA --backbone {out} --out DIR\n",
        options.weights.display(),
        imported.what,
        imported.features,
        size = imported.input_size,
    )
}
