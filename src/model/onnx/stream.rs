//! Reading a model message from a file without holding the file's bytes beside it.
//!
//! What makes a model large is its initializers' `raw_data`: each goes from the file straight into the tensor that keeps
//! it. All the rest is gathered and decoded as ever. A length that claims more than what is left of its message ends the
//! reading before anything of that length is allocated. Source of the field numbers: `onnx.proto`.

use std::io::{self, BufRead, Read};

use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto};

/// `ModelProto.graph`.
const GRAPH: u64 = 7;
/// `GraphProto.initializer`.
const INITIALIZER: u64 = 5;
/// `TensorProto.raw_data`.
const RAW_DATA: u64 = 9;

/// Why a model message could not be read.
#[derive(Debug)]
pub enum StreamError {
    /// The source failed.
    Io(io::Error),
    /// The bytes are not such a message, or end too early.
    Malformed,
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => StreamError::Malformed,
            _ => StreamError::Io(error),
        }
    }
}

impl From<prost::DecodeError> for StreamError {
    fn from(_: prost::DecodeError) -> Self {
        StreamError::Malformed
    }
}

/// Reads the model message that the next `length` bytes of `source` are.
pub fn read_model(source: &mut impl BufRead, length: u64) -> Result<ModelProto, StreamError> {
    let mut reader = Reader { source, left: length };
    let mut rest = vec![];
    let mut graph = None;
    while let Some(key) = reader.key()? {
        match key {
            Key { field: GRAPH, wire: LENGTH_DELIMITED } => {
                let parts = graph.get_or_insert_with(GraphParts::default);
                reader.within(|reader| parts.read(reader))?;
            }
            key => reader.copy(key, &mut rest)?,
        }
    }
    let mut model = ModelProto::decode(&rest[..])?;
    model.graph = graph.map(GraphParts::decoded).transpose()?;
    Ok(model)
}

/// A graph's initializers, and the bytes of all its other fields.
#[derive(Default)]
struct GraphParts {
    initializers: Vec<TensorProto>,
    rest: Vec<u8>,
}

impl GraphParts {
    fn read(&mut self, reader: &mut Reader<impl BufRead>) -> Result<(), StreamError> {
        while let Some(key) = reader.key()? {
            match key {
                Key { field: INITIALIZER, wire: LENGTH_DELIMITED } => {
                    self.initializers.push(reader.within(tensor)?);
                }
                key => reader.copy(key, &mut self.rest)?,
            }
        }
        Ok(())
    }

    fn decoded(self) -> Result<GraphProto, StreamError> {
        let mut graph = GraphProto::decode(&self.rest[..])?;
        graph.initializer = self.initializers;
        Ok(graph)
    }
}

fn tensor(reader: &mut Reader<impl BufRead>) -> Result<TensorProto, StreamError> {
    let mut rest = vec![];
    let mut raw_data = vec![];
    while let Some(key) = reader.key()? {
        match key {
            Key { field: RAW_DATA, wire: LENGTH_DELIMITED } => {
                // Where a field is given twice, the last one counts.
                raw_data = vec![];
                let length = reader.length()?;
                reader.append(length, &mut raw_data)?;
            }
            key => reader.copy(key, &mut rest)?,
        }
    }
    let mut tensor = TensorProto::decode(&rest[..])?;
    tensor.raw_data = raw_data;
    Ok(tensor)
}

/// What stands before a field's value.
#[derive(Clone, Copy)]
struct Key {
    field: u64,
    wire: u64,
}

const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// The unread part of one message.
struct Reader<'s, S> {
    source: &'s mut S,
    /// Bytes of the message not read yet.
    left: u64,
}

impl<S: BufRead> Reader<'_, S> {
    /// The next field's key; `None` at the message's end.
    fn key(&mut self) -> Result<Option<Key>, StreamError> {
        if self.left == 0 {
            return Ok(None);
        }
        let key = self.varint()?;
        Ok(Some(Key { field: key >> 3, wire: key & 7 }))
    }

    fn byte(&mut self) -> Result<u8, StreamError> {
        let mut byte = [0];
        self.left = self.left.checked_sub(1).ok_or(StreamError::Malformed)?;
        self.source.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    /// Seven bits a byte, lowest first.
    fn varint(&mut self) -> Result<u64, StreamError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(StreamError::Malformed)
    }

    /// The length before a length-delimited value, which lies within the message.
    fn length(&mut self) -> Result<u64, StreamError> {
        let length = self.varint()?;
        if length > self.left { Err(StreamError::Malformed) } else { Ok(length) }
    }

    /// Appends `length` bytes to `bytes`, which grows by just as much.
    fn append(&mut self, length: u64, bytes: &mut Vec<u8>) -> Result<(), StreamError> {
        self.left = self.left.checked_sub(length).ok_or(StreamError::Malformed)?;
        let size = usize::try_from(length).map_err(|_| StreamError::Malformed)?;
        // The file's length is known, so a length that lies does not come this far; memory may still not suffice.
        bytes.try_reserve(size).map_err(|_| StreamError::Io(io::ErrorKind::OutOfMemory.into()))?;
        let read = self.source.by_ref().take(length).read_to_end(bytes)?;
        if read == size { Ok(()) } else { Err(StreamError::Malformed) }
    }

    /// Reads the message that the value of the current field is.
    fn within<T>(&mut self, read: impl FnOnce(&mut Reader<S>) -> Result<T, StreamError>) -> Result<T, StreamError> {
        let length = self.length()?;
        self.left -= length;
        read(&mut Reader { source: self.source, left: length })
    }

    /// Appends the field that starts with `key` to `bytes`, as it stands in the message.
    fn copy(&mut self, key: Key, bytes: &mut Vec<u8>) -> Result<(), StreamError> {
        push_varint(key.field << 3 | key.wire, bytes);
        match key.wire {
            VARINT => push_varint(self.varint()?, bytes),
            EIGHT_BYTES => self.append(8, bytes)?,
            FOUR_BYTES => self.append(4, bytes)?,
            LENGTH_DELIMITED => {
                let length = self.length()?;
                push_varint(length, bytes);
                self.append(length, bytes)?;
            }
            // Groups are older than ONNX.
            _ => return Err(StreamError::Malformed),
        }
        Ok(())
    }
}

fn push_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tract_onnx::pb::{NodeProto, StringStringEntryProto};

    use super::*;

    fn sample(raw: Vec<Vec<u8>>, floats: Vec<f32>) -> ModelProto {
        let tensor = |raw_data| TensorProto { name: "t".into(), dims: vec![-1, 7], raw_data, ..Default::default() };
        let mut initializer: Vec<_> = raw.into_iter().map(tensor).collect();
        initializer.push(TensorProto { float_data: floats, ..Default::default() });
        let node = NodeProto { op_type: "Conv".into(), input: vec!["a".into(); 3], ..Default::default() };
        let graph = GraphProto { name: "g".into(), node: vec![node; 2], initializer, ..Default::default() };
        let entry = StringStringEntryProto { key: "k".into(), value: "v".into() };
        ModelProto { ir_version: 8, graph: Some(graph), metadata_props: vec![entry], ..Default::default() }
    }

    fn read(bytes: &[u8]) -> Result<ModelProto, StreamError> {
        read_model(&mut &bytes[..], bytes.len() as u64)
    }

    proptest! {
        #[test]
        fn a_model_is_read_as_prost_reads_it(
            raw in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4),
            floats in prop::collection::vec(-9f32..9.0, 0..5),
        ) {
            let model = sample(raw, floats);
            prop_assert_eq!(read(&model.encode_to_vec()).unwrap(), model);
        }

        #[test]
        fn damage_ends_in_an_error_or_in_another_model(place in 0usize..400, value in any::<u8>()) {
            let mut bytes = sample(vec![vec![1; 200]], vec![1.0]).encode_to_vec();
            let place = place % bytes.len();
            bytes[place] = value;
            let _ = read(&bytes);
        }
    }

    #[test]
    fn a_graph_in_two_parts_is_one_graph() {
        let model = sample(vec![vec![1, 2]], vec![]);
        let twice = [model.encode_to_vec(), model.encode_to_vec()].concat();
        assert_eq!(read(&twice).unwrap(), ModelProto::decode(&twice[..]).unwrap());
    }

    #[test]
    fn a_length_beyond_the_end_is_malformed() {
        // A graph of 2⁶² bytes, and an initializer of as many within a graph of 12.
        let mut lying = vec![7 << 3 | 2];
        push_varint(1 << 62, &mut lying);
        assert!(matches!(read(&lying), Err(StreamError::Malformed)));
        let mut inner = vec![5 << 3 | 2];
        push_varint(1 << 62, &mut inner);
        let mut outer = vec![7 << 3 | 2, inner.len() as u8];
        outer.extend(inner);
        assert!(matches!(read(&outer), Err(StreamError::Malformed)));
    }
}
