//! Which file a file is: the hash of its bytes.

use std::{
    fs::File,
    io::{self, Read},
};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// xxh3-128 of bytes.
pub fn hash_of_bytes(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// xxh3-128 of what is left of a file, and its length.
pub fn hash_of(file: &mut File) -> io::Result<(u128, u64)> {
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
