//! ONNX files of VGG networks, whose graphs may leave the preparation of pixels to the program that runs them.

use std::{fs::File, io::BufReader, path::Path};

use super::{error::ImportError, preparation::Preparation};
use crate::model::{
    network::{Layer, Network},
    onnx::{
        graph::Graph,
        stream::{self, StreamError},
    },
    recognise::{self, Recognised},
};

/// What a graph was found to be.
pub struct Imported {
    pub network: Network,
    /// Whether the graph prepares its pixels itself.
    pub prepares: bool,
}

/// Reads the network in the file at `path`; where its graph does not prepare pixels, they are taken as prepared by `given`, or
/// else as torchvision does.
pub fn read(path: &Path, given: Option<Preparation>) -> Result<Imported, ImportError> {
    let failed = |source| ImportError::Io { path: path.into(), source };
    let unusable = ImportError::unusable(path);
    let no_vgg = |reason: String| unusable(format!("it is no VGG network of float weights: {reason}"));
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let proto = stream::read_model(&mut BufReader::new(file), length).map_err(|error| match error {
        StreamError::Io(source) => failed(source),
        StreamError::Malformed => unusable("it is not ONNX, or was cut short; copy or fetch it again".into()),
    })?;
    let found = recognise::find(&Graph::new(&proto).map_err(&no_vgg)?).map_err(&no_vgg)?;
    let prepares = found.prepares_pixels();
    if let (true, Some(given)) = (prepares, given) {
        return Err(unusable(format!(
            "its graph prepares the pixels itself, so --preprocessing {} does not go with it; leave that out",
            given.name()
        )));
    }
    let Recognised::Float(mut network) = found.take(proto).map_err(&unusable)? else {
        return Err(no_vgg("its weights are int8 already; import the model that it was made of".into()));
    };
    if let (false, Some(Layer::Conv(first))) = (prepares, network.layers.first_mut()) {
        // What was recognised takes blue, green, red, as networks here do; the graph takes red first.
        first.weights.chunks_exact_mut(27).for_each(|kernel| {
            let (blue, rest) = kernel.split_at_mut(9);
            blue.swap_with_slice(&mut rest[9..]);
        });
        network.preprocessing = given.unwrap_or(Preparation::Torch).fold(first);
    }
    Ok(Imported { network, prepares })
}
