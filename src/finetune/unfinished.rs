//! Trainings under way, kept in a folder until the run that needs them is done.
//!
//! A file is taken up again only by a run with the same data and settings: it begins with a hash of both. It replaces the one
//! of the epoch before as a whole, and ends with a checksum, so that a program may be killed at any time.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_64;

use super::{cache::Hash, epoch::Epoch, head::State};

/// Bytes of an epoch's figures.
const EPOCH: usize = 4 * size_of::<f64>();

/// The folder of a run's trainings.
pub struct Unfinished {
    folder: PathBuf,
    /// Hash of everything that decides what a training gives.
    key: Hash,
}

impl Unfinished {
    /// Trainings in `folder`, which is made when the first is kept; `key` stands for data and settings.
    pub fn new(folder: &Path, key: Hash) -> Self {
        Unfinished { folder: folder.into(), key }
    }

    /// Keeps a training; where that fails, an interruption costs it.
    pub fn save(&self, name: &str, state: &State, epochs: &[Epoch]) {
        let bytes = encode(&self.key, state, epochs);
        let (path, draft) = (self.path(name), self.folder.join(format!("{name}.{}.tmp", std::process::id())));
        let kept = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&draft, bytes))
            .and_then(|()| fs::rename(&draft, &path));
        if let Err(error) = kept {
            // Nothing more can be done about a leftover that cannot be removed either.
            let _ = fs::remove_file(&draft);
            log::warn!("cannot keep the training in {}: {error}; an interruption would lose it", path.display());
        }
    }

    /// A training with `parameters` that was kept with the same data and settings.
    pub fn load(&self, name: &str, parameters: usize) -> Option<(State, Vec<Epoch>)> {
        decode(&fs::read(self.path(name)).ok()?, &self.key, parameters)
    }

    /// Removes all: the run is done.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.training"))
    }
}

/// The key, Adam's powers and the random numbers' state, the number of epochs and their figures, parameters and both
/// moments, XXH3-64 of all before; all little endian.
fn encode(key: &Hash, state: &State, epochs: &[Epoch]) -> Vec<u8> {
    let mut bytes = key.to_vec();
    bytes.extend(state.powers.iter().flat_map(|power| power.to_le_bytes()));
    bytes.extend(state.random.to_le_bytes());
    bytes.extend((epochs.len() as u64).to_le_bytes());
    for epoch in epochs {
        let figures = [epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy];
        bytes.extend(figures.iter().flat_map(|figure| figure.to_le_bytes()));
    }
    for values in [&state.parameters, &state.first_moment, &state.second_moment] {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    let checksum = xxh3_64(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8], key: &Hash, parameters: usize) -> Option<(State, Vec<Epoch>)> {
    let (content, checksum) = bytes.split_last_chunk()?;
    let rest = content.strip_prefix(&key[..])?;
    if xxh3_64(content) != u64::from_le_bytes(*checksum) {
        return None;
    }
    let (first, rest) = rest.split_first_chunk()?;
    let (second, rest) = rest.split_first_chunk()?;
    let (random, rest) = rest.split_first_chunk()?;
    let (count, rest) = rest.split_first_chunk()?;
    let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
    let (figures, rest) = rest.split_at_checked(count.checked_mul(EPOCH)?)?;
    let epoch = |(figures, epoch): (&[u8], usize)| {
        let figure = |i: usize| f64::from_le_bytes(figures.as_chunks().0[i]);
        Epoch { epoch, loss: figure(0), accuracy: figure(1), val_loss: figure(2), val_accuracy: figure(3) }
    };
    let epochs = figures.chunks_exact(EPOCH).zip(1..).map(epoch).collect();
    let values: Vec<f32> = rest.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect();
    if values.len() != 3 * parameters {
        return None;
    }
    let (weights, moments) = values.split_at(parameters);
    let (first_moment, second_moment) = moments.split_at(parameters);
    let state = State {
        parameters: weights.to_vec(),
        first_moment: first_moment.to_vec(),
        second_moment: second_moment.to_vec(),
        powers: [f64::from_le_bytes(*first), f64::from_le_bytes(*second)],
        random: u64::from_le_bytes(*random),
    };
    Some((state, epochs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training() -> (State, Vec<Epoch>) {
        let state = State {
            parameters: vec![0.1, -0.2],
            first_moment: vec![f32::MIN_POSITIVE, 3.0],
            second_moment: vec![4.0, 5.0],
            powers: [0.9, 0.999],
            random: u64::MAX - 1,
        };
        let epoch = |epoch| Epoch { epoch, loss: 0.1 + 0.2, accuracy: 1.0 / 3.0, val_loss: 1e-17, val_accuracy: 0.7 };
        (state, (1..=3).map(epoch).collect())
    }

    #[test]
    fn what_is_kept_comes_back_to_the_bit_for_the_same_run_only() {
        let root = tempfile::tempdir().unwrap();
        let unfinished = Unfinished::new(&root.path().join("unfinished"), [7; 32]);
        assert_eq!(unfinished.load("a", 2), None);
        let (state, epochs) = training();
        unfinished.save("a", &state, &epochs);
        assert_eq!(unfinished.load("a", 2), Some((state, epochs)));
        assert_eq!(unfinished.load("a", 3), None);
        assert_eq!(unfinished.load("b", 2), None);
        assert_eq!(Unfinished::new(&root.path().join("unfinished"), [8; 32]).load("a", 2), None);
        unfinished.remove().unwrap();
        unfinished.remove().unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_torn_or_damaged_is_not_taken_up() {
        let (state, epochs) = training();
        let bytes = encode(&[7; 32], &state, &epochs);
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length], &[7; 32], 2), None);
            let mut damaged = bytes.clone();
            damaged[length] ^= 16;
            assert_eq!(decode(&damaged, &[7; 32], 2), None);
        }
    }
}
