//! Features kept on disk: one append-only file for each extractor, one record for each picture.
//!
//! A file is named by the hash of everything that shapes its features: the extractor's whole graph, how pictures are
//! fitted, and the version of this format. A record is named by the hash of the picture file. So a changed picture,
//! backbone or preprocessing asks for other names and is never served something stale.
//!
//! Record: 32 bytes picture hash, `F` float32 little endian, 8 bytes checksum (the start of the SHA-256 of what comes
//! before). Programs that run at once take turns by locking the file. Records always start at a multiple of their
//! size: whoever writes next cuts off a torn tail, and a damaged record costs only itself.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use sha2::{Digest, Sha256};

/// The format of the file, and the program's version: the way from a picture to its features may change with it.
const VERSION: &[u8] = concat!("vggcam features 2 ", env!("CARGO_PKG_VERSION")).as_bytes();
const HASH: usize = 32;
const CHECKSUM: usize = 8;

/// SHA-256 of a picture file, of an extractor, or of anything else.
pub type Hash = [u8; HASH];

/// Hashes `parts` so that moving a byte from one part to the next changes the result.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The folder where features are kept when the user names none: `$XDG_CACHE_HOME/vggcam` or `~/.cache/vggcam`.
pub fn default_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("vggcam"))
}

/// Features of many pictures by one extractor.
pub struct FeatureStore {
    known: HashMap<Hash, Arc<[f32]>>,
    file: Option<Mutex<File>>,
    /// Features of a picture.
    length: usize,
}

impl FeatureStore {
    /// A store that forgets everything at the end.
    pub fn in_memory() -> Self {
        FeatureStore { known: HashMap::new(), file: None, length: 0 }
    }

    /// Opens the store of `extractor`, whose rows have `length` features, in `folder`.
    pub fn open(folder: &Path, extractor: &Hash, length: usize) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.features", hex(&hash([VERSION, extractor]))));
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&path)?;
        let mut bytes = vec![];
        file.lock_shared()?;
        file.read_to_end(&mut bytes)?;
        file.unlock()?;
        Ok(FeatureStore { known: records(&bytes, length), file: Some(Mutex::new(file)), length })
    }

    /// The features of the picture with this hash.
    pub fn get(&self, picture: &Hash) -> Option<Arc<[f32]>> {
        self.known.get(picture).cloned()
    }

    /// Writes a picture's features to disk, at once; [`FeatureStore::get`] sees them after the next opening.
    pub fn append(&self, picture: &Hash, features: &[f32]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        // The lock is only ever poisoned by a panic elsewhere, which leaves the file as good as before.
        let file = &mut *file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        file.lock()?;
        let written = append_aligned(file, &record(picture, features), record_size(self.length));
        file.unlock()?;
        written
    }
}

/// Appends `record` behind the last whole one; leaves whole ones only, also on a full disk.
fn append_aligned(file: &mut File, record: &[u8], size: usize) -> io::Result<()> {
    let end = file.metadata()?.len();
    let aligned = end - end % size as u64;
    if aligned < end {
        file.set_len(aligned)?;
    }
    file.write_all(record).or_else(|error| {
        file.set_len(aligned)?;
        Err(error)
    })
}

fn record_size(length: usize) -> usize {
    HASH + 4 * length + CHECKSUM
}

fn record(picture: &Hash, features: &[f32]) -> Vec<u8> {
    let mut record = picture.to_vec();
    record.extend(features.iter().flat_map(|value| value.to_le_bytes()));
    let digest: Hash = Sha256::digest(&record).into();
    record.extend(&digest[..CHECKSUM]);
    record
}

/// All records that check; of several for a picture the last one.
fn records(bytes: &[u8], length: usize) -> HashMap<Hash, Arc<[f32]>> {
    let size = record_size(length);
    let mut known = HashMap::new();
    for chunk in bytes.chunks_exact(size) {
        let (content, checksum) = chunk.split_at(size - CHECKSUM);
        let digest: Hash = Sha256::digest(content).into();
        if digest[..CHECKSUM] != *checksum {
            continue;
        }
        let (picture, values) = content.split_at(HASH);
        let mut name = [0; HASH];
        name.copy_from_slice(picture);
        known.insert(name, values.as_chunks::<4>().0.iter().map(|&word| f32::from_le_bytes(word)).collect());
    }
    known
}

/// Lower-case hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTRACTOR: Hash = [7; 32];

    fn filled(folder: &Path) -> PathBuf {
        let store = FeatureStore::open(folder, &EXTRACTOR, 2).unwrap();
        store.append(&[1; 32], &[1.5, -2.0]).unwrap();
        store.append(&[2; 32], &[0.0, 9.0]).unwrap();
        fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
    }

    #[test]
    fn what_is_appended_is_there_at_the_next_opening() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        let store = FeatureStore::open(folder.path(), &EXTRACTOR, 2).unwrap();
        assert_eq!(store.get(&[1; 32]).as_deref(), Some(&[1.5, -2.0][..]));
        assert_eq!(store.get(&[2; 32]).as_deref(), Some(&[0.0, 9.0][..]));
        assert_eq!(store.get(&[3; 32]), None);
    }

    #[test]
    fn another_extractor_sees_nothing() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        assert_eq!(FeatureStore::open(folder.path(), &[8; 32], 2).unwrap().get(&[1; 32]), None);
    }

    #[test]
    fn a_torn_tail_costs_only_its_record_and_later_ones_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = filled(folder.path());
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        let store = FeatureStore::open(folder.path(), &EXTRACTOR, 2).unwrap();
        assert!(store.get(&[1; 32]).is_some() && store.get(&[2; 32]).is_none());
        store.append(&[4; 32], &[4.0, 4.0]).unwrap();
        let store = FeatureStore::open(folder.path(), &EXTRACTOR, 2).unwrap();
        assert!(store.get(&[1; 32]).is_some() && store.get(&[4; 32]).is_some());
    }

    #[test]
    fn a_flipped_bit_costs_only_its_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = filled(folder.path());
        let mut bytes = fs::read(&path).unwrap();
        bytes[35] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let store = FeatureStore::open(folder.path(), &EXTRACTOR, 2).unwrap();
        assert!(store.get(&[1; 32]).is_none() && store.get(&[2; 32]).is_some());
    }

    #[test]
    fn a_record_torn_by_another_program_does_not_spoil_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = filled(folder.path());
        let store = FeatureStore::open(folder.path(), &EXTRACTOR, 2).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&[9; 17]).unwrap();
        store.append(&[5; 32], &[5.0, 5.0]).unwrap();
        let store = FeatureStore::open(folder.path(), &EXTRACTOR, 2).unwrap();
        assert!([1, 2, 5].iter().all(|&name| store.get(&[name; 32]).is_some()));
    }

    #[test]
    fn two_stores_on_one_file_keep_what_both_write() {
        let folder = tempfile::tempdir().unwrap();
        let writer = |names: std::ops::Range<u8>| {
            let store = FeatureStore::open(folder.path(), &EXTRACTOR, 3).unwrap();
            for name in names {
                store.append(&[name; 32], &[f32::from(name); 3]).unwrap();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| writer(0..100));
            scope.spawn(|| writer(100..200));
        });
        let store = FeatureStore::open(folder.path(), &EXTRACTOR, 3).unwrap();
        for name in 0..200 {
            assert_eq!(store.get(&[name; 32]).as_deref(), Some(&[f32::from(name); 3][..]));
        }
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(hash([&b"ab"[..], b"c"]), hash([&b"a"[..], b"bc"]));
    }
}
