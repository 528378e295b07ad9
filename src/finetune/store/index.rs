//! Where each picture's record is: at most 30 bytes of memory a picture.
//!
//! Eight bytes of a picture's hash stand for it. That two pictures share them is next to impossible, and costs no more than
//! one of them being computed again: whoever follows the index compares the whole hash in the record.

use std::collections::HashMap;

use crate::finetune::cache::Hash;

/// Row numbers by the start of the picture's hash.
#[derive(Debug, Default)]
pub struct Index {
    // Halves of 4 bytes, because an entry with a u64 would be padded from 12 bytes to 16.
    rows: HashMap<[u32; 2], u32>,
}

impl Index {
    /// Makes room for so many pictures more, at once: growing by steps would take twice the memory for a moment.
    pub fn reserve(&mut self, pictures: usize) {
        self.rows.reserve(pictures);
    }

    /// The row that may hold the picture.
    pub fn get(&self, key: &Hash) -> Option<u32> {
        self.rows.get(&start(key)).copied()
    }

    /// Of several rows for a picture the last one counts.
    pub fn insert(&mut self, key: &Hash, row: u32) {
        self.rows.insert(start(key), row);
    }

    /// Forgets `row` if it is the one for the picture.
    pub fn remove(&mut self, key: &Hash, row: u32) {
        if self.get(key) == Some(row) {
            self.rows.remove(&start(key));
        }
    }
}

fn start(key: &Hash) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h, ..] = *key;
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_twelve_bytes() {
        assert_eq!(size_of::<([u32; 2], u32)>(), 12);
    }

    #[test]
    fn the_last_row_counts_and_only_it_is_forgotten() {
        let mut index = Index::default();
        index.insert(&[1; 32], 0);
        index.insert(&[1; 32], 5);
        index.remove(&[1; 32], 0);
        assert_eq!(index.get(&[1; 32]), Some(5));
        index.remove(&[1; 32], 5);
        assert_eq!(index.get(&[1; 32]), None);
    }
}
