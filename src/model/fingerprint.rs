//! Which file a file is: the hash of its bytes.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// Which file a file of these bytes is: their hash in 32 hexadecimal digits, which installed models are named after.
pub fn id_of_bytes(bytes: &[u8]) -> String {
    id(hash_of_bytes(bytes))
}

/// Which file the one at `path` is; see [`id_of_bytes`].
pub fn id_of_file(path: &Path) -> io::Result<String> {
    Ok(id(hash_of(&mut File::open(path)?)?.0))
}

/// A hash as names of files and records have it.
pub fn id(hash: u128) -> String {
    format!("{hash:032x}")
}

/// xxh3-128 of bytes.
pub fn hash_of_bytes(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// xxh3-128 of what is left to read, and its length.
pub fn hash_of(file: &mut impl Read) -> io::Result<(u128, u64)> {
    let mut hash = Xxh3::new();
    let mut buffer = vec![0; 1 << 18];
    let mut length = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hash.digest128(), length)),
            Ok(count) => {
                hash.update(&buffer[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
