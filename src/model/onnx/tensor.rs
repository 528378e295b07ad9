//! Constant tensors of an ONNX graph, in and out of their wire form.
//!
//! A `TensorProto` keeps its elements either in `raw_data` (little endian) or in a typed list; both are read, the
//! first is written. Source: the ONNX specification, `onnx.proto`.

use tract_onnx::pb::{TensorProto, tensor_proto::DataType};

/// Elements of a constant tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// `FLOAT`.
    F32(Vec<f32>),
    /// `INT8`.
    I8(Vec<i8>),
    /// `UINT8`.
    U8(Vec<u8>),
    /// `INT32`.
    I32(Vec<i32>),
    /// `INT64`.
    I64(Vec<i64>),
}

impl Elements {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Elements::F32(v) => v.len(),
            Elements::I8(v) => v.len(),
            Elements::U8(v) => v.len(),
            Elements::I32(v) => v.len(),
            Elements::I64(v) => v.len(),
        }
    }

    /// The elements as wide integers; `None` if they are float.
    pub fn integers(self) -> Option<Vec<i64>> {
        match self {
            Elements::I8(v) => Some(v.into_iter().map(i64::from).collect()),
            Elements::U8(v) => Some(v.into_iter().map(i64::from).collect()),
            Elements::I32(v) => Some(v.into_iter().map(i64::from).collect()),
            Elements::I64(v) => Some(v),
            Elements::F32(_) => None,
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A constant tensor: its shape and its elements, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Length of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// As many as the shape says.
    pub elements: Elements,
}

/// What a tensor says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Length of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// Type of the elements.
    pub data_type: DataType,
}

/// Checks a tensor without reading its elements: that it is complete and of a supported type.
pub fn outline(tensor: &TensorProto) -> Result<Outline, String> {
    let name = &tensor.name;
    if tensor.data_location == Some(1) || !tensor.external_data.is_empty() {
        return Err(format!("tensor {name:?} keeps its data in another file; export the model as one file"));
    }
    let shape = tensor
        .dims
        .iter()
        .map(|&dim| usize::try_from(dim).map_err(|_| format!("tensor {name:?} has the dimension {dim}")))
        .collect::<Result<Vec<_>, _>>()?;
    let count = shape
        .iter()
        .try_fold(1usize, |product, &dim| product.checked_mul(dim))
        .ok_or_else(|| format!("tensor {name:?} has the absurd shape {shape:?}"))?;
    let (typed, bytes) = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float) => (tensor.float_data.len(), 4),
        Ok(DataType::Int8) => (in_range::<i8>(&tensor.int32_data), 1),
        Ok(DataType::Uint8) => (in_range::<u8>(&tensor.int32_data), 1),
        Ok(DataType::Int32) => (tensor.int32_data.len(), 4),
        Ok(DataType::Int64) => (tensor.int64_data.len(), 8),
        Ok(other) => return Err(format!("tensor {name:?} holds {}, which is not supported", other.as_str_name())),
        Err(_) => return Err(format!("tensor {name:?} has the unknown data type {}", tensor.data_type)),
    };
    let stored = if tensor.raw_data.is_empty() { typed } else { tensor.raw_data.len() / bytes };
    if stored != count {
        return Err(format!("tensor {name:?} has {stored} values where its shape {shape:?} says {count}"));
    }
    // The match above lets only known types through.
    Ok(Outline { shape, data_type: tensor.data_type() })
}

/// Reads a tensor; the error says what is wrong with it.
pub fn read(tensor: &TensorProto) -> Result<Constant, String> {
    let Outline { shape, data_type } = outline(tensor)?;
    let raw = &tensor.raw_data;
    let elements = match data_type {
        DataType::Float => Elements::F32(words(raw, f32::from_le_bytes).unwrap_or_else(|| tensor.float_data.clone())),
        DataType::Int8 => Elements::I8(words(raw, i8::from_le_bytes).unwrap_or_else(|| narrowed(&tensor.int32_data))),
        DataType::Uint8 => Elements::U8(words(raw, u8::from_le_bytes).unwrap_or_else(|| narrowed(&tensor.int32_data))),
        DataType::Int32 => Elements::I32(words(raw, i32::from_le_bytes).unwrap_or_else(|| tensor.int32_data.clone())),
        // An outline has no other type.
        _ => Elements::I64(words(raw, i64::from_le_bytes).unwrap_or_else(|| tensor.int64_data.clone())),
    };
    Ok(Constant { shape, elements })
}

/// Like [`read`], but bytes and typed floats keep the memory they are in, and raw floats move out of theirs bit by bit.
pub fn take(mut tensor: TensorProto) -> Result<Constant, String> {
    let Outline { shape, data_type } = outline(&tensor)?;
    let raw = std::mem::take(&mut tensor.raw_data);
    let elements = match data_type {
        // Collecting bytes into bytes works in place.
        DataType::Int8 if !raw.is_empty() => Elements::I8(raw.into_iter().map(|byte| byte as i8).collect()),
        DataType::Uint8 if !raw.is_empty() => Elements::U8(raw),
        DataType::Float if raw.is_empty() => Elements::F32(std::mem::take(&mut tensor.float_data)),
        DataType::Float => Elements::F32(floats(raw)),
        _ => {
            tensor.raw_data = raw;
            return read(&tensor);
        }
    };
    Ok(Constant { shape, elements })
}

/// Raw little-endian words, or `None` if the tensor keeps its elements in a typed list.
fn words<T, const N: usize>(raw: &[u8], decode: fn([u8; N]) -> T) -> Option<Vec<T>> {
    if raw.is_empty() {
        return None;
    }
    let (chunks, _) = raw.as_chunks::<N>();
    Some(chunks.iter().map(|&chunk| decode(chunk)).collect())
}

/// Bytes of raw floats that are freed at once.
const PIECE_BYTES: usize = 16 << 20;

/// Little-endian floats, from the last to the first, so that the bytes can be freed as the floats come to be.
fn floats(mut raw: Vec<u8>) -> Vec<f32> {
    // Zeros that nothing has written yet cost no memory.
    let mut values = vec![0.0; raw.len() / 4];
    raw.truncate(values.len() * 4);
    while !raw.is_empty() {
        let start = raw.len().saturating_sub(PIECE_BYTES);
        let (words, _) = raw[start..].as_chunks();
        for (value, &word) in values[start / 4..].iter_mut().zip(words) {
            *value = f32::from_le_bytes(word);
        }
        raw.truncate(start);
        raw.shrink_to_fit();
    }
    values
}

/// How many of the values are in the range of `T`; one that is not shows as a wrong element count.
fn in_range<T: TryFrom<i32>>(values: &[i32]) -> usize {
    values.iter().filter(|&&value| T::try_from(value).is_ok()).count()
}

fn narrowed<T: TryFrom<i32>>(values: &[i32]) -> Vec<T> {
    values.iter().filter_map(|&value| T::try_from(value).ok()).collect()
}

/// Writes a tensor.
pub fn write(name: &str, constant: &Constant) -> TensorProto {
    let (data_type, raw_data): (_, Vec<u8>) = match &constant.elements {
        Elements::F32(v) => (DataType::Float, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Elements::I8(v) => (DataType::Int8, v.iter().map(|&x| x as u8).collect()),
        Elements::U8(v) => (DataType::Uint8, v.clone()),
        Elements::I32(v) => (DataType::Int32, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Elements::I64(v) => (DataType::Int64, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
    };
    TensorProto {
        name: name.into(),
        dims: constant.shape.iter().map(|&dim| dim as i64).collect(),
        data_type: data_type as i32,
        raw_data,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for elements in [
            Elements::F32(vec![1.5, -0.0, f32::MIN_POSITIVE, 1e30]),
            Elements::I8(vec![-128, -1, 0, 127]),
            Elements::U8(vec![0, 1, 128, 255]),
            Elements::I32(vec![i32::MIN, -1, 0, i32::MAX]),
            Elements::I64(vec![i64::MIN, -1, 0, i64::MAX]),
        ] {
            let constant = Constant { shape: vec![2, 2], elements };
            assert_eq!(read(&write("t", &constant)).unwrap(), constant);
            assert_eq!(take(write("t", &constant)).unwrap(), constant);
        }
    }

    #[test]
    fn typed_lists_are_read() {
        let tensor = TensorProto {
            dims: vec![2],
            data_type: DataType::Int8 as i32,
            int32_data: vec![-3, 7],
            ..Default::default()
        };
        assert_eq!(read(&tensor).unwrap().elements, Elements::I8(vec![-3, 7]));
        assert_eq!(take(tensor).unwrap().elements, Elements::I8(vec![-3, 7]));
    }

    #[test]
    fn many_floats_are_moved_in_pieces() {
        let values: Vec<f32> = (0..PIECE_BYTES / 2 + 3).map(|i| i as f32).collect();
        let constant = Constant { shape: vec![values.len()], elements: Elements::F32(values) };
        assert!(take(write("t", &constant)).unwrap() == constant);
    }

    #[test]
    fn wrong_counts_and_shapes_are_errors() {
        let mut tensor = TensorProto { dims: vec![3], data_type: DataType::Float as i32, ..Default::default() };
        tensor.raw_data = vec![0; 8];
        assert!(read(&tensor).unwrap_err().contains("2 values"));
        tensor.dims = vec![-1];
        assert!(read(&tensor).unwrap_err().contains("dimension -1"));
        tensor.dims = vec![i64::MAX, i64::MAX];
        assert!(read(&tensor).unwrap_err().contains("absurd"));
    }
}
