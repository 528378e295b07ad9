//! Names for what is kept on disk: hashes of everything that shapes it.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// SHA-256 of a picture file, of an extractor, or of anything else.
pub type Hash = [u8; 32];

/// Hashes `parts` so that moving a byte from one part to the next changes the result.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// SHA-256 of a file's bytes, as `sha256sum` prints it.
pub fn hash_of_file(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The same of the file at `path`, which need not fit into memory.
pub fn hash_of_path(path: &Path) -> io::Result<Hash> {
    let (mut file, mut hasher) = (File::open(path)?, Sha256::new());
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(length) => hasher.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The folder where features are kept when the user names none: `$XDG_CACHE_HOME/vggcam` or `~/.cache/vggcam`.
pub fn default_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("vggcam"))
}

/// Lower-case hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(hash([&b"ab"[..], b"c"]), hash([&b"a"[..], b"bc"]));
    }

    #[test]
    fn a_files_hash_is_what_other_programs_say() {
        assert!(hex(&hash_of_file(b"abc")).starts_with("ba7816bf8f01cfea"));
        let file = tempfile::NamedTempFile::new().unwrap();
        for length in [0, 3, (1 << 20) + 7] {
            let bytes = vec![7; length];
            std::fs::write(file.path(), &bytes).unwrap();
            assert_eq!(hash_of_path(file.path()).unwrap(), hash_of_file(&bytes));
        }
    }
}
