//! What kind of file weights are in, by its first bytes.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use super::error::ImportError;

/// A kind of file that weights are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HDF5, which Keras writes.
    Hdf5,
    /// A zip archive, which Keras 3 and PyTorch write.
    Zip,
    /// safetensors, for PyTorch.
    Safetensors,
    /// ONNX.
    Onnx,
}

/// How to bring PyTorch's own files into a form that is read here.
pub const TORCH_ADVICE: &str = "it may run any program when it is loaded, so convert it where you trust it: python3 -c \
     \"import torch, safetensors.torch as s; s.save_file(torch.load('FILE', map_location='cpu'), 'vgg16.safetensors')\", \
     and import that (of a whole model save its state_dict())";
/// How to bring arrays of numbers into a form that is read here.
pub const ARRAYS_ADVICE: &str = "put the arrays into a Keras VGG16 with set_weights, save it with save_weights('vgg16.weights.h5'), and import that";
const TENSORFLOW_ADVICE: &str =
    "load it with TensorFlow's Keras, save it with model.save_weights('vgg16.weights.h5'), and import that";
const PROTOBUF_ADVICE: &str =
    "a Caffe model or a TensorFlow graph begins like that; convert it to ONNX, and import that";

/// Where an HDF5 signature may stand: behind a user block of one of these lengths.
const HDF5_PLACES: [usize; 4] = [0, 512, 1024, 2048];
/// Bytes that are looked at.
const HEAD_BYTES: u64 = 4096;
/// Longest header of safetensors, by its definition.
const SAFETENSORS_HEADER: u64 = 100_000_000;

/// The kind of the file at `path`; the error of another kind says how to convert it.
pub fn of(path: &Path) -> Result<Kind, ImportError> {
    let failed = |source| ImportError::Io { path: path.into(), source };
    let foreign =
        |what: &str, advice: &str| ImportError::Foreign { path: path.into(), what: what.into(), advice: advice.into() };
    if path.join("saved_model.pb").is_file() || path.join("keras_metadata.pb").is_file() {
        return Err(foreign("a TensorFlow SavedModel", TENSORFLOW_ADVICE));
    }
    let mut file = File::open(path).map_err(failed)?;
    let properties = file.metadata().map_err(failed)?;
    if properties.is_dir() {
        return Err(foreign("a folder", "name the file of weights in it"));
    }
    let mut head = vec![];
    (&mut file).take(HEAD_BYTES).read_to_end(&mut head).map_err(failed)?;
    let length = properties.len();
    if let Some(kind) = known(&head, length) {
        return Ok(kind);
    }
    let tail = last_bytes(&mut file, length).map_err(failed)?;
    let (what, advice) = other(&head, &tail);
    Err(foreign(what, advice))
}

fn known(head: &[u8], length: u64) -> Option<Kind> {
    let at = |place: usize, magic: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(magic));
    if HDF5_PLACES.iter().any(|&place| at(place, b"\x89HDF\r\n\x1a\n")) {
        return Some(Kind::Hdf5);
    }
    if at(0, b"PK\x03\x04") || at(0, b"PK\x05\x06") {
        return Some(Kind::Zip);
    }
    if let Some((header, _)) = head.split_first_chunk() {
        let header = u64::from_le_bytes(*header);
        if header <= SAFETENSORS_HEADER.min(length) && at(8, b"{") {
            return Some(Kind::Safetensors);
        }
    }
    // The first field of an ONNX model is the version of its form, a small number.
    (at(0, b"\x08") && head.get(1).is_some_and(|&version| version < 0x80)).then_some(Kind::Onnx)
}

/// What another file is, and what to do with it.
fn other(head: &[u8], tail: &[u8]) -> (&'static str, &'static str) {
    let at = |place: usize, magic: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(magic));
    let pickle = at(0, b"\x80") && head.get(1).is_some_and(|version| (2..=5).contains(version));
    let checkpoint = at(0, b"model_checkpoint_path") || tail.ends_with(b"\x57\xfb\x80\x8b\x24\x75\x47\xdb");
    let known = [
        (head.is_empty(), "empty", "copy or fetch it again"),
        (at(0, b"version https://git-lfs"), "a note of Git LFS in the file's place", "fetch the file: git lfs pull"),
        (at(0, b"<"), "a web page", "fetch the file itself"),
        (pickle, "a Python pickle, as PyTorch's old files are", TORCH_ADVICE),
        (at(0, b"\x93NUMPY"), "a NumPy array", ARRAYS_ADVICE),
        (at(0, b"MATLAB"), "a MATLAB file", ARRAYS_ADVICE),
        (at(4, b"TFL3"), "a TensorFlow Lite model, whose weights are rounded", "import the model that it was made of"),
        (checkpoint, "part of a TensorFlow checkpoint", TENSORFLOW_ADVICE),
        (at(0, b"\x1f\x8b"), "packed with gzip", "unpack it: gunzip FILE"),
        (at(257, b"ustar"), "a tar archive", "unpack it: tar xf FILE"),
        (at(0, b"GGUF"), "a GGUF file", "import the model that it was made of"),
        (at(0, b"\x0a"), "a Protocol Buffers message, but no ONNX", PROTOBUF_ADVICE),
    ];
    known.into_iter().find(|(is, ..)| *is).map_or(
        (
            "none of the files that weights are imported from",
            "give a Keras file (.h5, .weights.h5, .keras), a PyTorch state_dict as .safetensors, or .onnx",
        ),
        |(_, what, advice)| (what, advice),
    )
}

fn last_bytes(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let mut tail = vec![];
    file.seek(SeekFrom::Start(length.saturating_sub(8)))?;
    file.take(8).read_to_end(&mut tail)?;
    Ok(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_bytes(bytes: &[u8]) -> Result<Kind, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        of(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        let behind = |place: usize, magic: &[u8]| [vec![0; place], magic.to_vec()].concat();
        for (bytes, kind) in [
            (b"\x89HDF\r\n\x1a\n\0".to_vec(), Kind::Hdf5),
            (behind(512, b"\x89HDF\r\n\x1a\n"), Kind::Hdf5),
            (b"PK\x03\x04 and so on".to_vec(), Kind::Zip),
            (b"\x02\0\0\0\0\0\0\0{}".to_vec(), Kind::Safetensors),
            (b"\x08\x07\x12\x06vggcam".to_vec(), Kind::Onnx),
        ] {
            assert_eq!(of_bytes(&bytes), Ok(kind), "{bytes:?}");
        }
    }

    #[test]
    fn other_files_are_named_with_what_to_do() {
        let tar = [vec![b'a'; 257], b"ustar".to_vec()].concat();
        for (bytes, what, advice) in [
            (&b""[..], "empty", "again"),
            (b"\x80\x02}q\0.", "pickle", "safetensors.torch"),
            (b"\x93NUMPY\x01", "NumPy", "set_weights"),
            (b"\x1c\0\0\0TFL3", "TensorFlow Lite", "made of"),
            (b"model_checkpoint_path: \"model\"", "checkpoint", "save_weights"),
            (b"............\x57\xfb\x80\x8b\x24\x75\x47\xdb", "checkpoint", "save_weights"),
            (b"<!DOCTYPE html>", "web page", "itself"),
            (b"version https://git-lfs.github.com/spec/v1", "Git LFS", "git lfs pull"),
            (b"\x0a\x05VGG16", "Protocol Buffers", "ONNX"),
            (b"\x1f\x8b\x08", "gzip", "gunzip"),
            (&tar, "tar archive", "tar xf"),
            (b"hello", "none of the files", ".safetensors"),
            (b"\xff\0\0\0\0\0\0\0{}", "none of the files", ".keras"),
        ] {
            let error = of_bytes(bytes).unwrap_err();
            assert!(error.contains(what) && error.contains(advice), "{error}");
        }
    }

    #[test]
    fn folders_and_missing_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(of(folder.path()).unwrap_err().to_string().contains("a folder"));
        std::fs::write(folder.path().join("saved_model.pb"), b"").unwrap();
        assert!(of(folder.path()).unwrap_err().to_string().contains("SavedModel"));
        assert!(of(&folder.path().join("x.h5")).unwrap_err().to_string().contains("cannot read"));
    }
}
