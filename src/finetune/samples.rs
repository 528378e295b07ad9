//! Features with their classes, in memory or read from the feature file as they are needed.

use rayon::prelude::*;

use super::store::{Store, StoreError};

/// Rows of features, each with a class.
pub struct Samples<'a> {
    /// Features of a row.
    length: usize,
    rows: Rows<'a>,
    /// Class index of each row.
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
        Samples { length, rows: Rows::Memory(features), classes }
    }

    /// Rows of a feature file, each with a class.
    pub fn stored(store: &'a Store, rows: Vec<u32>, classes: Vec<usize>) -> Self {
        Samples { length: store.kind().features, rows: Rows::Stored(store, rows), classes }
    }

    /// The same samples, all read into memory.
    pub fn into_memory(self) -> Result<Self, StoreError> {
        let mut features = Vec::with_capacity(self.classes.len() * self.length);
        self.for_each(|row, _| features.extend_from_slice(row))?;
        Ok(Samples { rows: Rows::Memory(features), ..self })
    }

    /// Bytes of memory that all features take.
    pub fn bytes(&self) -> u64 {
        (self.classes.len() * self.length * size_of::<f32>()) as u64
    }

    /// Features of a row.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Reads the samples with these numbers into `out`, which has room for exactly them.
    pub fn read(&self, samples: &[usize], out: &mut [f32]) -> Result<(), StoreError> {
        let length = self.length.max(1);
        match &self.rows {
            Rows::Memory(features) => {
                for (&sample, row) in samples.iter().zip(out.chunks_exact_mut(length)) {
                    row.copy_from_slice(&features[sample * length..][..length]);
                }
                Ok(())
            }
            // Many at once, so that a disk has something to put in order.
            Rows::Stored(store, numbers) => samples
                .par_iter()
                .zip(out.par_chunks_exact_mut(length))
                .try_for_each(|(&sample, row)| store.read(numbers[sample], row)),
        }
    }

    /// Calls `each` with all samples in order: their features and classes, some at a time.
    pub fn for_each(&self, mut each: impl FnMut(&[f32], usize)) -> Result<(), StoreError> {
        let (mut rows, mut numbers) = (vec![], vec![]);
        for (first, classes) in (0..).step_by(AT_A_TIME).zip(self.classes.chunks(AT_A_TIME)) {
            numbers.clear();
            numbers.extend(first..first + classes.len());
            rows.resize(classes.len() * self.length, 0.0);
            self.read(&numbers, &mut rows)?;
            for (row, &class) in rows.chunks_exact(self.length.max(1)).zip(classes) {
                each(row, class);
            }
        }
        Ok(())
    }
}

/// Samples that are read at once.
pub const AT_A_TIME: usize = 256;
