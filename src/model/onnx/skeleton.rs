//! A model whose large constants stay where they are until it is written, so that a file takes no second copy of them.
//!
//! Source of the wire form: the Protocol Buffers encoding specification; field numbers are those of ONNX's `onnx.proto`.

use std::io::{self, Write};

use prost::{
    Message,
    encoding::{encode_varint, encoded_len_varint},
};
use tract_onnx::pb::{ModelProto, TensorProto};

/// `ModelProto.graph`, `GraphProto.initializer` and `TensorProto.raw_data`, each as the key of a field with a length.
const GRAPH: u8 = 7 << 3 | 2;
const INITIALIZER: u8 = 5 << 3 | 2;
const RAW_DATA: u8 = 9 << 3 | 2;

/// The largest message that readers of Protocol Buffers take.
const MAX_BYTES: usize = i32::MAX as usize;

/// A model, and the values that some of its constants lack.
pub struct Skeleton<'a> {
    /// The model; a constant without its values has name, shape and type.
    pub model: ModelProto,
    /// Index of such a constant among the graph's, and its values; in the order of the indices.
    pub floats: Vec<(usize, &'a [f32])>,
}

impl Skeleton<'_> {
    /// The model with all its values.
    pub fn whole(self) -> ModelProto {
        let Skeleton { mut model, floats } = self;
        if let Some(graph) = &mut model.graph {
            for (index, values) in floats {
                graph.initializer[index].raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            }
        }
        model
    }

    /// Writes the bytes of the model with all its values.
    pub fn write(self, out: &mut impl Write) -> io::Result<()> {
        let Skeleton { mut model, floats } = self;
        let mut graph = model.graph.take().unwrap_or_default();
        let initializers = std::mem::take(&mut graph.initializer);
        let mut values = floats.into_iter().peekable();
        let tensors: Vec<(TensorProto, &[f32])> = initializers
            .into_iter()
            .enumerate()
            .map(|(index, tensor)| {
                (tensor, values.next_if(|(at, _)| *at == index).map_or(&[][..], |(_, values)| values))
            })
            .collect();
        let lengths: Vec<usize> = tensors.iter().map(|(tensor, values)| tensor_bytes(tensor, values)).collect();
        let field = |length: usize| 1 + encoded_len_varint(length as u64) + length;
        let graph_bytes = graph.encoded_len() + lengths.iter().map(|&length| field(length)).sum::<usize>();
        if graph_bytes > MAX_BYTES {
            return Err(io::Error::other(format!(
                "the model takes {graph_bytes} bytes, and an ONNX file holds {MAX_BYTES} at most"
            )));
        }
        out.write_all(&model.encode_to_vec())?;
        begin(out, GRAPH, graph_bytes)?;
        out.write_all(&graph.encode_to_vec())?;
        for ((tensor, values), length) in tensors.iter().zip(lengths) {
            begin(out, INITIALIZER, length)?;
            out.write_all(&tensor.encode_to_vec())?;
            if !values.is_empty() {
                begin(out, RAW_DATA, size_of_val(*values))?;
                write_floats(out, values)?;
            }
        }
        Ok(())
    }
}

fn tensor_bytes(tensor: &TensorProto, values: &[f32]) -> usize {
    let raw = match size_of_val(values) {
        0 => 0,
        bytes => 1 + encoded_len_varint(bytes as u64) + bytes,
    };
    tensor.encoded_len() + raw
}

/// Key and length of a field.
fn begin(out: &mut impl Write, key: u8, length: usize) -> io::Result<()> {
    let mut bytes = vec![key];
    encode_varint(length as u64, &mut bytes);
    out.write_all(&bytes)
}

fn write_floats(out: &mut impl Write, values: &[f32]) -> io::Result<()> {
    const AT_ONCE: usize = 1 << 14;
    let mut bytes = Vec::with_capacity(AT_ONCE * size_of::<f32>());
    for some in values.chunks(AT_ONCE) {
        bytes.clear();
        bytes.extend(some.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::tensor_proto::DataType;

    use super::*;
    use crate::model::onnx::{build::Builder, tensor::Elements};

    #[test]
    fn what_is_written_is_the_whole_model() {
        let values: Vec<f32> = (0..40_000).map(|i| i as f32 * 0.5).collect();
        let skeleton = || {
            let mut b = Builder::new("g", "x", DataType::Float, &[crate::model::onnx::build::ANY, 2]);
            let a = b.constant("a".into(), &[2], Elements::F32(vec![1.0, -2.0]));
            let w = b.floats("w".into(), &[200, 200], &values);
            let n = b.constant("n".into(), &[1], Elements::I64(vec![7]));
            let e = b.floats("e".into(), &[0], &[]);
            let node = b.node("Sum", "s".into(), &[&a, &w, &n, &e], vec![]);
            b.finish(&node, "y", DataType::Float, &[1, 2], vec![("key".into(), "value".into())])
        };
        let mut written = vec![];
        skeleton().write(&mut written).unwrap();
        assert!(ModelProto::decode(&written[..]).unwrap() == skeleton().whole());
        assert_eq!(skeleton().whole().graph.unwrap().initializer[1].raw_data.len(), 160_000);
    }
}
