//! Reading and writing model files.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use prost::Message;
use tract_onnx::pb::ModelProto;

use super::{
    metadata::{self, Metadata},
    network::Network,
    onnx::graph::Graph,
    quantized::QuantizedNetwork,
    recognise::{Recognised, recognise},
    write,
};

/// Why a model file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file could not be opened, read or written.
    #[error("cannot {action} {path}: {source}")]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The bytes are not a model that this program understands.
    #[error("{what} is not a usable model: {reason}")]
    Unusable { what: String, reason: String },
}

/// A model file's contents.
pub struct ModelFile {
    /// How to call the file in messages.
    pub what: String,
    /// The whole ONNX model; its graph is coherent.
    pub proto: ModelProto,
    /// What the file says about itself, if it was written for this program.
    pub metadata: Option<Metadata>,
    /// The VGG network in the graph, or why it is not one.
    pub network: Result<Recognised, String>,
}

/// Reads an ONNX file.
pub fn open(path: &Path) -> Result<ModelFile, ModelError> {
    let bytes = fs::read(path).map_err(|source| ModelError::Io { action: "read", path: path.into(), source })?;
    parse(&bytes, &path.display().to_string())
}

/// Reads an ONNX file from memory; `what` names it in errors.
pub fn parse(bytes: &[u8], what: &str) -> Result<ModelFile, ModelError> {
    let unusable = |reason: String| ModelError::Unusable { what: what.into(), reason };
    if bytes.is_empty() {
        return Err(unusable("it is empty; copy the file again".into()));
    }
    let proto = ModelProto::decode(bytes)
        .map_err(|_| unusable("it is not ONNX, or was cut short; copy or make the file again".into()))?;
    let properties = proto.metadata_props.iter().map(|entry| (entry.key.as_str(), entry.value.as_str()));
    let metadata = metadata::from_properties(properties).map_err(unusable)?;
    let graph = Graph::new(&proto).map_err(unusable)?;
    let network = recognise(&graph);
    Ok(ModelFile { what: what.into(), metadata, network, proto })
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
    let reason = match file.network {
        Ok(Recognised::Float(network)) => return Ok((network, file.metadata)),
        Ok(Recognised::Quantized(_)) => "it is quantized already; give the float file".into(),
        Err(reason) => reason,
    };
    Err(ModelError::Unusable { what: file.what, reason })
}

/// Writes a float ONNX file whose input is the uint8 picture.
pub fn write_network(path: &Path, network: &Network, metadata: &Metadata) -> Result<(), ModelError> {
    write_atomically(path, &write::float_graph(network, metadata::to_properties(metadata)).encode_to_vec())
}

/// Writes an int8 QDQ ONNX file whose input is the uint8 picture.
pub fn write_quantized(path: &Path, network: &QuantizedNetwork, metadata: &Metadata) -> Result<(), ModelError> {
    write_atomically(path, &write::quantized_graph(network, metadata::to_properties(metadata)).encode_to_vec())
}

/// Writes beside `path` first, so that nobody ever reads half a file.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    let failed = |source| ModelError::Io { action: "write", path: path.into(), source };
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // Nothing more can be done about a leftover that cannot be removed either.
        let _ = fs::remove_file(&temporary);
        failed(source)
    })
}
