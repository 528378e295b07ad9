//! A file beside the model that keeps its packed weights, so that the next start maps them instead of packing them again.
//!
//! ```text
//! 8 bytes     MAGIC
//! 8 bytes     length of the header, little endian
//! 16 bytes    xxh3-128 of everything behind them
//! header      JSON: what the weights are packed for, the network without them, the model's metadata
//! padding     to a multiple of 4096
//! weights     packed
//! ```
//!
//! The header names the model by the hash of its whole file, so a file that belongs to another model, another version of this
//! program or another instruction set is not used but written again. One whose own hash is wrong
//! is deleted. Where the weights lie is not read from the file but worked out again, so no file can lead a kernel astray.

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use memmap2::{Mmap, MmapMut};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::{facts::Facts, program, weights::pack};
use crate::{
    engine::{
        kernels::{Integer, Kernels},
        layers::{
            program::Program,
            weights::{Memory, Weights, prefer_large_pages},
        },
    },
    model::{
        beside::{beside, unfinished},
        fingerprint,
        quantized::QuantizedNetwork,
    },
};

/// Starts every file; the last byte is the version of its layout.
const MAGIC: [u8; 8] = *b"vggpack\x02";
/// Bytes in front of the header.
const PREFIX: usize = 32;
/// Weights start at a multiple of this.
const PAGE: usize = 4096;
/// No header is longer.
const MAX_HEADER: usize = 64 << 20;

/// What weights are packed for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// xxh3-128 of the model file, in hexadecimal.
    pub model: String,
    /// Length of the model file.
    pub model_bytes: u64,
    /// Version of this program.
    pub version: String,
    /// Name of the instruction set.
    pub isa: String,
}

/// What a file holds besides the weights.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    /// What the weights are packed for.
    pub key: Key,
    /// The network without its weights.
    pub network: QuantizedNetwork,
    /// What is known about the weights.
    pub facts: Vec<Facts>,
    /// The model's `metadata_props`.
    pub properties: Vec<(String, String)>,
}

/// Where the packed weights of `model` are kept.
pub fn path_for(model: &Path) -> PathBuf {
    beside(model, ".packed")
}

impl Key {
    /// Reads the whole model file to name it.
    pub fn of(model: &Path, isa: &str) -> io::Result<Key> {
        let (hash, model_bytes) = fingerprint::hash_of(&mut File::open(model)?)?;
        let (model, version) = (fingerprint::id(hash), env!("CARGO_PKG_VERSION").into());
        Ok(Key { model, model_bytes, version, isa: isa.into() })
    }
}

/// Takes the weights of the file at `path` if it was made for `key` and `kernels`; deletes it if it is damaged.
pub fn open(
    path: &Path,
    key: &Key,
    kernels: &'static Kernels<Integer>,
    memory: Memory,
) -> Option<(Header, Program<Integer>, Weights)> {
    let map = load(&File::open(path).ok()?, memory).ok()?;
    let found = read(&map).and_then(|found| {
        let Some((header, start)) = found.filter(|(header, _)| header.key == *key) else { return Ok(None) };
        let program = program::lay_out(&header.network, &header.facts, kernels)?;
        if start.checked_add(program.weight_bytes).is_none_or(|end| end > map.len()) {
            return Err("its weights are cut short".into());
        }
        Ok(Some((header, program, start)))
    });
    match found {
        Ok(found) => found.map(|(header, program, start)| (header, program, Weights::mapped(map, start))),
        Err(reason) => {
            log::warn!("{} is damaged ({reason}); it is made again", path.display());
            // It is written anew or, in a folder that cannot be written, ignored again.
            let _ = fs::remove_file(path);
            None
        }
    }
}

/// The whole file: mapped, or read into memory of its own.
fn load(file: &File, memory: Memory) -> io::Result<Mmap> {
    match memory {
        // SAFETY: the map is read-only; the file is replaced by renaming, never rewritten in place. Whoever truncates it
        // while it is mapped ends the program, as with any mapped file.
        Memory::Lean => unsafe { Mmap::map(file) },
        Memory::Fast => {
            let mut map = MmapMut::map_anon(usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?.max(1))?;
            prefer_large_pages(&map);
            file.read_exact_at(&mut map, 0)?;
            map.make_read_only()
        }
    }
}

/// The header and where the weights start; `None` for another layout's file. The error says what is damaged.
fn read(bytes: &[u8]) -> Result<Option<(Header, usize)>, String> {
    let Some((prefix, rest)) = bytes.split_at_checked(PREFIX) else { return Err("it is cut short".into()) };
    if prefix[..8] != MAGIC {
        return if prefix[..7] == MAGIC[..7] { Ok(None) } else { Err("it does not start as it should".into()) };
    }
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| prefix[at + i]));
    let hash = u128::from(number(16)) | u128::from(number(24)) << 64;
    if xxh3_128(rest) != hash {
        return Err("its hash is wrong".into());
    }
    let length = usize::try_from(number(8)).ok().filter(|&length| length <= rest.len().min(MAX_HEADER));
    let length = length.ok_or("its header is too long")?;
    // A header of another version may hold other fields.
    let Ok(header) = serde_json::from_slice::<Header>(&rest[..length]) else { return Ok(None) };
    Ok(Some((header, (PREFIX + length).next_multiple_of(PAGE))))
}

/// A file that is being made beside its place, so that nobody ever maps half of one; removed unless it is finished.
pub struct Draft {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    start: usize,
}

impl Draft {
    /// Creates the file with its header and all the room that it needs.
    pub fn create(path: PathBuf, header: &Header, program: &Program<Integer>) -> io::Result<Draft> {
        let json = serde_json::to_vec(header)?;
        let start = (PREFIX + json.len()).next_multiple_of(PAGE);
        let temporary = unfinished(&path);
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&temporary)?;
        let draft = Draft { path, temporary, file, start };
        reserve(&draft.file, start + program.weight_bytes)?;
        draft.file.write_all_at(&json, PREFIX as u64)?;
        draft.file.write_all_at(&(json.len() as u64).to_le_bytes(), 8)?;
        Ok(draft)
    }

    /// Packs `network` into the file, brings it to its place and takes the weights from there.
    pub fn fill(
        mut self,
        network: QuantizedNetwork,
        program: &Program<Integer>,
        memory: Memory,
    ) -> io::Result<Weights> {
        let start = self.start;
        pack(network, program, &mut |place, bytes| self.file.write_all_at(bytes, (start + place) as u64))?;
        // The parts come in no order, so the hash is taken at the end, from what the system still holds.
        self.file.seek(SeekFrom::Start(PREFIX as u64))?;
        let (hash, _) = fingerprint::hash_of(&mut self.file)?;
        self.file.write_all_at(&hash.to_le_bytes(), 16)?;
        self.file.write_all_at(&MAGIC, 0)?;
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        Ok(Weights::mapped(load(&self.file, memory)?, start))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone already if it was finished; nothing more can be done about one that cannot be removed.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Reserves the file's whole length, so that a full disk shows before anything is given up for it.
fn reserve(file: &File, bytes: usize) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let length = libc::off_t::try_from(bytes).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
