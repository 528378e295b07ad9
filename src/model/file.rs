//! Reading and writing model files.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Read, Write},
    path::Path,
};

use prost::Message;
use tract_onnx::pb::ModelProto;

use super::{
    error::ModelError,
    familiarity_graph,
    metadata::{self, Metadata},
    network::Network,
    onnx::{
        graph::Graph,
        skeleton::Skeleton,
        stream::{self, StreamError},
    },
    quantized::QuantizedNetwork,
    recognise::{self, Recognised},
    reference::References,
    replace::{put_atomically, write_atomically},
    write,
};

/// A model file, read.
pub struct ModelFile {
    /// How to call the file in messages.
    pub what: String,
    /// What the file says about itself, if it was written for this program.
    pub metadata: Option<Metadata>,
    /// The pictures that it is to be tested with.
    pub references: References,
    /// What the file holds.
    pub contents: Contents,
}

/// What a model file holds.
#[derive(Debug)]
pub enum Contents {
    /// A VGG network, float or quantized.
    Network(Recognised),
    /// Any other graph, for tract to run as the file says it.
    Foreign {
        /// The whole ONNX model; its graph is coherent.
        proto: Box<ModelProto>,
        /// Why it is no VGG network, on one line; names the node that does not belong into one.
        reason: String,
    },
}

impl ModelFile {
    /// The VGG network in the file, if it is one.
    pub fn network(&self) -> Option<&Recognised> {
        match &self.contents {
            Contents::Network(network) => Some(network),
            Contents::Foreign { .. } => None,
        }
    }

    /// Why the file holds no VGG network, and so runs in plain tract; `None` if it does hold one.
    pub fn foreign_reason(&self) -> Option<&str> {
        match &self.contents {
            Contents::Network(_) => None,
            Contents::Foreign { reason, .. } => Some(reason),
        }
    }
}

/// Reads an ONNX file; takes hardly more memory than the file is long where it holds an int8 VGG network.
pub fn open(path: &Path) -> Result<ModelFile, ModelError> {
    let failed = |source| ModelError::Io { action: "read", path: path.into(), source };
    let what = path.display().to_string();
    let file = File::open(path).map_err(failed)?;
    let properties = file.metadata().map_err(failed)?;
    let mut source = BufReader::with_capacity(READ_BYTES, file);
    if !properties.is_file() {
        // A pipe does not know how long it is; a folder fails here.
        let mut bytes = vec![];
        source.read_to_end(&mut bytes).map_err(failed)?;
        return parse(&bytes, &what);
    }
    read(&mut source, properties.len(), what, path)
}

/// Bytes that are read from a file at once, where not more are wanted.
const READ_BYTES: usize = 64 * 1024;

/// Reads an ONNX file from memory; `what` names it in errors.
pub fn parse(bytes: &[u8], what: &str) -> Result<ModelFile, ModelError> {
    read(&mut &bytes[..], bytes.len() as u64, what.into(), Path::new(what))
}

fn read(source: &mut impl BufRead, length: u64, what: String, path: &Path) -> Result<ModelFile, ModelError> {
    let unusable = |reason: String| ModelError::Unusable { what: what.clone(), reason };
    if length == 0 {
        return Err(unusable("it is empty; copy the file again".into()));
    }
    let proto = stream::read_model(source, length).map_err(|error| match error {
        StreamError::Io(source) => ModelError::Io { action: "read", path: path.into(), source },
        StreamError::Malformed => unusable("it is not ONNX, or was cut short; copy or make the file again".into()),
    })?;
    let properties = || proto.metadata_props.iter().map(|entry| (entry.key.as_str(), entry.value.as_str()));
    let metadata = metadata::from_properties(properties()).map_err(unusable)?;
    let references = References::from_properties(properties());
    // Familiarity branches off; what computes it stands in the metadata too.
    let branched = metadata.as_ref().is_some_and(|metadata| metadata.familiarity.is_some());
    let graph = if branched { Graph::of_first_output(&proto) } else { Graph::new(&proto) };
    let found = recognise::find(&graph.map_err(unusable)?);
    let contents = match found {
        Ok(found) => Contents::Network(found.take(proto).map_err(unusable)?),
        Err(reason) => Contents::Foreign { proto: Box::new(proto), reason },
    };
    Ok(ModelFile { what, metadata, references, contents })
}

/// Reads any VGG-shaped float ONNX file, with or without our metadata.
pub fn read_network(path: &Path) -> Result<(Network, Option<Metadata>), ModelError> {
    float_network(open(path)?)
}

/// Like [`read_network`], from bytes; `what` names them in errors.
pub fn parse_network(bytes: &[u8], what: &str) -> Result<(Network, Option<Metadata>), ModelError> {
    float_network(parse(bytes, what)?)
}

fn float_network(file: ModelFile) -> Result<(Network, Option<Metadata>), ModelError> {
    let reason = match file.contents {
        Contents::Network(Recognised::Float(network)) => return Ok((network, file.metadata)),
        Contents::Network(Recognised::Quantized(_)) => "it is quantized already; give the float file".into(),
        Contents::Foreign { reason, .. } => reason,
    };
    Err(ModelError::Unusable { what: file.what, reason })
}

/// Writes a float ONNX file whose input is the uint8 picture.
pub fn write_network(path: &Path, network: &Network, metadata: &Metadata) -> Result<(), ModelError> {
    let mut skeleton = write::float_skeleton(network, metadata::to_properties(metadata));
    add_familiarity(path, &mut skeleton.model, metadata)?;
    write_skeleton(path, skeleton)
}

/// Writes a backbone: a float ONNX file that takes any number of pictures, float `N×3×H×W` RGB from 0 to 255.
pub fn write_backbone(path: &Path, network: &Network) -> Result<(), ModelError> {
    write_skeleton(path, write::backbone_skeleton(network))
}

/// Writes an int8 QDQ ONNX file whose input is the uint8 picture.
pub fn write_quantized(path: &Path, network: &QuantizedNetwork, metadata: &Metadata) -> Result<(), ModelError> {
    let mut model = write::quantized_graph(network, metadata::to_properties(metadata));
    add_familiarity(path, &mut model, metadata)?;
    write_atomically(path, &model.encode_to_vec())
}

fn add_familiarity(path: &Path, model: &mut ModelProto, metadata: &Metadata) -> Result<(), ModelError> {
    let Some(familiarity) = &metadata.familiarity else { return Ok(()) };
    let unusable = |reason| ModelError::Unusable { what: path.display().to_string(), reason };
    familiarity_graph::add(model, familiarity).map_err(unusable)
}

fn write_skeleton(path: &Path, skeleton: Skeleton) -> Result<(), ModelError> {
    put_atomically(path, |file| {
        let mut file = BufWriter::new(file);
        skeleton.write(&mut file)?;
        file.flush()
    })
}
