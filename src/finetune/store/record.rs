//! A record: a picture's features behind the hash of its file, with a checksum.
//!
//! 32 bytes SHA-256 of the picture file, the features (little endian, zeros up to a multiple of 4 bytes), 8 bytes XXH3-64
//! of all before (little endian). Every record of a file has the same size.

use half::f16;
use xxhash_rust::xxh3::xxh3_64;

use super::precision::Precision;
use crate::finetune::cache::Hash;

/// Bytes of a picture's hash, which a record begins with.
pub const KEY: usize = size_of::<Hash>();
const CHECKSUM: usize = 8;

/// How the records of a file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Features of a record.
    pub features: usize,
    /// How each is stored.
    pub precision: Precision,
}

impl Layout {
    /// Features of a record.
    pub fn count(self) -> usize {
        self.features
    }

    /// Bytes of a record.
    pub fn record_bytes(self) -> usize {
        KEY + (self.features * self.precision.bytes()).next_multiple_of(4) + CHECKSUM
    }

    /// Appends a record to `out`; says whether a feature was beyond the range of the precision and cut to its end.
    pub fn encode(self, key: &Hash, features: &[f32], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let mut cut = false;
        out.extend(key);
        match self.precision {
            Precision::F32 => out.extend(features.iter().flat_map(|value| value.to_le_bytes())),
            Precision::F16 => out.extend(features.iter().flat_map(|&value| {
                let rounded = f16::from_f32(value);
                cut |= rounded.is_infinite();
                let kept = if rounded.is_infinite() { f16::MAX.copysign(rounded) } else { rounded };
                kept.to_le_bytes()
            })),
        }
        out.resize(start + self.record_bytes() - CHECKSUM, 0);
        let checksum = xxh3_64(&out[start..]);
        out.extend(checksum.to_le_bytes());
        cut
    }

    /// Whether a record is as it was written.
    pub fn is_sound(self, record: &[u8]) -> bool {
        record.len() == self.record_bytes()
            && record.split_last_chunk().is_some_and(|(content, sum)| xxh3_64(content) == u64::from_le_bytes(*sum))
    }

    /// The features of a sound record.
    pub fn features(self, record: &[u8], out: &mut [f32]) {
        let values = &record[KEY..];
        match self.precision {
            Precision::F32 => {
                let words = values.as_chunks().0.iter().zip(out);
                words.for_each(|(&word, value)| *value = f32::from_le_bytes(word));
            }
            Precision::F16 => {
                let words = values.as_chunks().0.iter().zip(out);
                words.for_each(|(&word, value)| *value = f16::from_le_bytes(word).to_f32());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(precision: Precision, features: &[f32]) -> (Vec<f32>, bool) {
        let layout = Layout { features: features.len(), precision };
        let mut record = vec![];
        let cut = layout.encode(&[9; KEY], features, &mut record);
        assert_eq!((record.len(), record.len() % 4), (layout.record_bytes(), 0));
        assert!(layout.is_sound(&record) && record[..KEY] == [9; KEY]);
        let mut back = vec![0.0; features.len()];
        layout.features(&record, &mut back);
        (back, cut)
    }

    proptest! {
        #[test]
        fn float32_comes_back_to_the_bit(bits in prop::collection::vec(any::<u32>(), 1..20)) {
            let features: Vec<f32> = bits.iter().map(|&bits| f32::from_bits(bits)).collect();
            let (back, cut) = round_trip(Precision::F32, &features);
            prop_assert!(!cut && back.iter().map(|value| value.to_bits()).eq(bits));
        }

        #[test]
        fn float16_comes_back_within_its_rounding(features in prop::collection::vec(-65504.0f32..65504.0, 1..20)) {
            let (back, cut) = round_trip(Precision::F16, &features);
            prop_assert!(!cut);
            for (value, back) in features.iter().zip(back) {
                prop_assert!((value - back).abs() <= (value.abs() / 2048.0).max(f32::powi(2.0, -25)), "{value} and {back}");
            }
        }
    }

    #[test]
    fn float16_never_becomes_infinite() {
        for (given, kept) in [(1e9, 65504.0), (-65520.0, -65504.0), (f32::INFINITY, 65504.0)] {
            assert_eq!(round_trip(Precision::F16, &[1.0, given]), (vec![1.0, kept], true));
        }
        assert_eq!(round_trip(Precision::F16, &[65519.0, 255.0]), (vec![65504.0, 255.0], false));
        let (back, cut) = round_trip(Precision::F16, &[f32::NAN]);
        assert!(back[0].is_nan() && !cut);
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let layout = Layout { features: 3, precision: Precision::F16 };
        let mut record = vec![];
        layout.encode(&[1; KEY], &[0.0, 1.0, 2.0], &mut record);
        for bit in 0..record.len() * 8 {
            record[bit / 8] ^= 1 << (bit % 8);
            assert!(!layout.is_sound(&record), "bit {bit}");
            record[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(!layout.is_sound(&vec![0; layout.record_bytes()]) && !layout.is_sound(&record[1..]));
    }
}
