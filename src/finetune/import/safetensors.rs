//! safetensors: a PyTorch state_dict, tensors under names such as `features.0.weight`.

use std::{fs::File, ops::Range, path::Path};

use memmap2::Mmap;
use safetensors::{
    SafeTensors,
    tensor::{Dtype, Metadata},
};

use super::{
    natural,
    preparation::Preparation,
    weights::{DenseNorm, Found, Group, Norms, Order, Source, Tensor, shown},
};

/// What PyTorch adds to variances, which a state_dict does not tell.
const EPSILON: f64 = 1e-5;
/// The tensors of a layer in the order of [`Group`]. A count of batches is nothing that a layer computes with.
const PARTS: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];
const COUNT: &str = "num_batches_tracked";
/// Bytes of the length that the header follows.
const LENGTH_BYTES: usize = 8;

struct Safetensors {
    map: Mmap,
    metadata: Metadata,
    /// Where the tensors start.
    start: usize,
}

/// Finds the weights in the file at `path`.
pub fn find(path: &Path) -> Result<Found, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be mapped: {error}");
    let file = File::open(path).map_err(unreadable)?;
    // SAFETY: read only; as with any mapped file, nobody may cut it short meanwhile.
    let map = unsafe { Mmap::map(&file) }.map_err(unreadable)?;
    let (header, metadata) = SafeTensors::read_metadata(&map).map_err(|error| {
        format!("the safetensors file is damaged or was cut short ({error}); copy or fetch it again")
    })?;
    let mut names = metadata.offset_keys();
    names.sort_by(|a, b| natural::compare(a, b));
    let mut groups: Vec<Group> = vec![];
    for name in names {
        let (layer, part) = name.rsplit_once('.').unwrap_or(("", &name));
        if part == COUNT {
            continue;
        }
        let shape = metadata.info(&name).map(|info| info.shape.clone()).unwrap_or_default();
        if !PARTS.contains(&part) {
            return Err(format!(
                "it holds {:?} ({}), which is no part of a convolution, dense layer or batch norm of torchvision's VGG16",
                name,
                shown(&shape)
            ));
        }
        let layer = layer.to_string();
        let tensor = Tensor { name, shape };
        match groups.iter_mut().find(|group| group.name == layer) {
            Some(group) => group.tensors.push(tensor),
            None => groups.push(Group { name: layer, tensors: vec![tensor] }),
        }
    }
    let place = |tensor: &Tensor| PARTS.iter().position(|part| tensor.name.ends_with(part));
    groups.iter_mut().for_each(|group| group.tensors.sort_by_key(place));
    Ok(Found {
        what: "a PyTorch state_dict".into(),
        groups,
        order: Order::TORCH,
        norms: Norms { epsilons: vec![], epsilon: EPSILON, relus: None, behind_dense: DenseNorm::BeforeRelu },
        input_size: None,
        preparation: Some(Preparation::Torch),
        assumed: vec![],
        source: Box::new(Safetensors { map, metadata, start: LENGTH_BYTES + header }),
    })
}

impl Source for Safetensors {
    fn rows(&self, tensor: &str, rows: Range<usize>) -> Result<Vec<f32>, String> {
        let cut = || format!("the tensor {tensor} is not whole");
        let info = self.metadata.info(tensor).ok_or_else(cut)?;
        let bytes = self.map.get(self.start..).and_then(|data| data.get(info.data_offsets.0..info.data_offsets.1));
        let width = match info.dtype {
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::BF16 => 2,
            Dtype::F64 => 8,
            other => return Err(format!("{tensor} holds {other:?}, where floats belong; save the weights as float32")),
        };
        // The header's shapes and lengths were held against each other when it was read.
        let row = info.shape.iter().skip(1).product::<usize>() * width;
        let bytes = bytes.and_then(|bytes| bytes.get(rows.start * row..rows.end * row)).ok_or_else(cut)?;
        Ok(match info.dtype {
            Dtype::F32 => words(bytes, f32::from_le_bytes),
            Dtype::F16 => words(bytes, |word| half::f16::from_le_bytes(word).to_f32()),
            Dtype::BF16 => words(bytes, |word| half::bf16::from_le_bytes(word).to_f32()),
            _ => words(bytes, |word| f64::from_le_bytes(word) as f32),
        })
    }
}

fn words<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&word| decode(word)).collect()
}
