//! Features with their classes, in memory or read from the feature file as they are needed.

use rayon::prelude::*;

use super::store::{Store, StoreError};

/// Pictures with their classes; the features of each are a row, or several for as many variants of it.
pub struct Samples<'a> {
    /// Features of a row.
    length: usize,
    /// Rows of a sample, one after the other.
    variants: usize,
    rows: Rows<'a>,
    /// Class index of each sample.
    pub classes: Vec<usize>,
}

enum Rows<'a> {
    /// One after the other.
    Memory(Vec<f32>),
    /// Their numbers in a feature file.
    Stored(&'a Store, Vec<u32>),
}

impl<'a> Samples<'a> {
    /// Samples in memory: `length` features for each of `classes`, one row after the other.
    pub fn in_memory(length: usize, features: Vec<f32>, classes: Vec<usize>) -> Self {
        Samples { length, variants: 1, rows: Rows::Memory(features), classes }
    }

    /// Rows of a feature file, as many for each of `classes`.
    pub fn stored(store: &'a Store, rows: Vec<u32>, classes: Vec<usize>) -> Self {
        let variants = (rows.len() / classes.len().max(1)).max(1);
        Samples { length: store.kind().features, variants, rows: Rows::Stored(store, rows), classes }
    }

    /// The same samples, all read into memory.
    pub fn into_memory(self) -> Result<Self, StoreError> {
        let mut features = vec![0.0; self.classes.len() * self.variants * self.length];
        let parts = features.chunks_mut((AT_A_TIME * self.length).max(1));
        for (first, part) in (0..).step_by(AT_A_TIME).zip(parts) {
            let numbers: Vec<_> = (first..).take(part.len() / self.length.max(1)).collect();
            self.read(&numbers, part)?;
        }
        Ok(Samples { rows: Rows::Memory(features), ..self })
    }

    /// Bytes of memory that all features take.
    pub fn bytes(&self) -> u64 {
        (self.classes.len() * self.variants * self.length * size_of::<f32>()) as u64
    }

    /// Features of a row.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Rows of a sample.
    pub fn variants(&self) -> usize {
        self.variants
    }

    /// Reads the rows with these numbers into `out`, which has room for exactly them. The first row of a sample is the
    /// sample's number times the variants.
    pub fn read(&self, rows: &[usize], out: &mut [f32]) -> Result<(), StoreError> {
        let length = self.length.max(1);
        match &self.rows {
            Rows::Memory(features) => {
                for (&number, row) in rows.iter().zip(out.chunks_exact_mut(length)) {
                    row.copy_from_slice(&features[number * length..][..length]);
                }
                Ok(())
            }
            // Many at once, so that a disk has something to put in order.
            Rows::Stored(store, numbers) => rows
                .par_iter()
                .zip(out.par_chunks_exact_mut(length))
                .try_for_each(|(&number, row)| store.read(numbers[number], row)),
        }
    }

    /// Calls `each` with the first row of all samples in order: its features and class.
    pub fn for_each(&self, mut each: impl FnMut(&[f32], usize)) -> Result<(), StoreError> {
        self.for_each_part(|rows, classes| {
            for (row, &class) in rows.chunks_exact(self.length.max(1)).zip(classes) {
                each(row, class);
            }
        })
    }

    /// The same for some samples at a time: their rows one after the other, and their classes.
    pub fn for_each_part(&self, mut each: impl FnMut(&[f32], &[usize])) -> Result<(), StoreError> {
        let (mut rows, mut numbers) = (vec![], vec![]);
        for (first, classes) in (0..).step_by(AT_A_TIME).zip(self.classes.chunks(AT_A_TIME)) {
            numbers.clear();
            numbers.extend((first..first + classes.len()).map(|sample| sample * self.variants));
            rows.resize(classes.len() * self.length, 0.0);
            self.read(&numbers, &mut rows)?;
            each(&rows, classes);
        }
        Ok(())
    }
}

/// Rows that are read at once.
pub const AT_A_TIME: usize = 256;
