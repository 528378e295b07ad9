//! Features kept on disk: one append-only file for each extractor, one record for each picture.
//!
//! A file is named by the hash of everything that shapes its features: the extractor's whole graph, how pictures are
//! fitted, and the version of this format. A record is named by the hash of the picture file. So a changed picture,
//! backbone or preprocessing asks for other names and is never served something stale.
//!
//! Record: 32 bytes picture hash, `F` float32 little endian, 8 bytes checksum (the start of the SHA-256 of what comes
//! before). Each is written by a single append, so that two programs at once interleave whole records; whatever does
//! not check is passed over.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use sha2::{Digest, Sha256};

/// Raised whenever the way from a picture file to its features changes: decoding, orientation, fitting.
const VERSION: &[u8] = b"vggcam features 1";
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
}

impl FeatureStore {
    /// A store that forgets everything at the end.
    pub fn in_memory() -> Self {
        FeatureStore { known: HashMap::new(), file: None }
    }

    /// Opens the store of `extractor`, whose rows have `length` features, in `folder`.
    pub fn open(folder: &Path, extractor: &Hash, length: usize) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.features", hex(&hash([VERSION, extractor]))));
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => vec![],
            other => other?,
        };
        let (known, intact) = records(&bytes, length);
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        if !intact {
            // Whatever were appended behind a torn record would start at the wrong place.
            rewrite(&path, &known)?;
            file = OpenOptions::new().append(true).open(&path)?;
        }
        Ok(FeatureStore { known, file: Some(Mutex::new(file)) })
    }

    /// The features of the picture with this hash.
    pub fn get(&self, picture: &Hash) -> Option<Arc<[f32]>> {
        self.known.get(picture).cloned()
    }

    /// Writes a picture's features to disk, at once; [`FeatureStore::get`] sees them after the next opening.
    pub fn append(&self, picture: &Hash, features: &[f32]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let record = record(picture, features);
        // The lock is only ever poisoned by a panic elsewhere, which leaves the file as good as before.
        file.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).write_all(&record)
    }
}

fn record(picture: &Hash, features: &[f32]) -> Vec<u8> {
    let mut record = picture.to_vec();
    record.extend(features.iter().flat_map(|value| value.to_le_bytes()));
    let digest: Hash = Sha256::digest(&record).into();
    record.extend(&digest[..CHECKSUM]);
    record
}

/// All records that check, and whether that is the whole file.
fn records(bytes: &[u8], length: usize) -> (HashMap<Hash, Arc<[f32]>>, bool) {
    let size = HASH + 4 * length + CHECKSUM;
    let mut known = HashMap::new();
    let mut intact = bytes.len().is_multiple_of(size);
    for chunk in bytes.chunks_exact(size) {
        let (content, checksum) = chunk.split_at(size - CHECKSUM);
        let digest: Hash = Sha256::digest(content).into();
        if digest[..CHECKSUM] != *checksum {
            intact = false;
            continue;
        }
        let (picture, values) = content.split_at(HASH);
        let mut name = [0; HASH];
        name.copy_from_slice(picture);
        known.insert(name, values.as_chunks::<4>().0.iter().map(|&word| f32::from_le_bytes(word)).collect());
    }
    (known, intact)
}

fn rewrite(path: &Path, known: &HashMap<Hash, Arc<[f32]>>) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let records: Vec<u8> = known.iter().flat_map(|(picture, features)| record(picture, features)).collect();
    fs::write(&temporary, records)?;
    fs::rename(&temporary, path)
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
    fn parts_are_told_apart() {
        assert_ne!(hash([&b"ab"[..], b"c"]), hash([&b"a"[..], b"bc"]));
    }
}
