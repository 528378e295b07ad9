//! Names for what is kept on disk: hashes of everything that shapes it.

use std::path::PathBuf;

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
    }
}
