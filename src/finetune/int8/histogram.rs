//! How often activations of each size occur, and the range that represents them best.

/// Number of bins; a power of two, so that doubling the range merges pairs.
const BINS: usize = 2048;
/// Shares of the highest value that are tried as the range, in percent.
const TRIED: std::ops::RangeInclusive<u32> = 20..=100;

/// Counts of values from 0 up to a limit that is a power of two.
#[derive(Clone, Debug)]
pub struct Histogram {
    limit: f32,
    highest: f32,
    counts: Vec<u64>,
}

impl Histogram {
    /// Counts `values`; those below 0 count as 0.
    pub fn of(values: &[f32]) -> Self {
        let highest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f32::max);
        let limit = if highest > 0.0 { libm::exp2f(libm::log2f(highest).floor()) * 2.0 } else { 0.0 };
        let mut counts = vec![0; BINS];
        let per_unit = if limit > 0.0 { BINS as f32 / limit } else { 0.0 };
        for &value in values {
            counts[((value * per_unit) as usize).min(BINS - 1)] += 1;
        }
        Histogram { limit, highest, counts }
    }

    /// Both counts in one.
    pub fn merged(self, other: Self) -> Self {
        let (mut wide, mut narrow) = if self.limit >= other.limit { (self, other) } else { (other, self) };
        if narrow.limit == 0.0 {
            wide.counts[0] += narrow.counts.iter().sum::<u64>();
            return wide;
        }
        while narrow.limit < wide.limit {
            narrow.counts = narrow.counts.chunks_exact(2).map(|pair| pair[0] + pair[1]).chain([0; BINS / 2]).collect();
            narrow.limit *= 2.0;
        }
        for (a, b) in wide.counts.iter_mut().zip(&narrow.counts) {
            *a += b;
        }
        wide.highest = wide.highest.max(narrow.highest);
        wide
    }

    /// The upper end of 0…255 steps with the smallest squared error; 1 if every value is 0.
    pub fn best_range(&self) -> f32 {
        if self.highest == 0.0 {
            return 1.0;
        }
        let error = |range: f32| -> f64 {
            let step = range / 255.0;
            let width = self.limit / BINS as f32;
            let squared = |(bin, &count): (usize, &u64)| {
                let value = (bin as f32 + 0.5) * width;
                let rounded = (value / step).round().min(255.0) * step;
                count as f64 * f64::from(value - rounded).powi(2)
            };
            // The first bin is zeros almost alone, which every range represents exactly.
            self.counts.iter().enumerate().skip(1).filter(|(_, count)| **count > 0).map(squared).sum()
        };
        let candidates = TRIED.rev().map(|percent| self.highest * percent as f32 / 100.0);
        candidates
            .map(|range| (range, error(range)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(self.highest, |(range, _)| range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn merging_counts_everything_once(
            a in prop::collection::vec(0.0f32..1e4, 0..50),
            b in prop::collection::vec(0.0f32..1.0, 0..50),
        ) {
            let both: Vec<f32> = a.iter().chain(&b).copied().collect();
            let merged = Histogram::of(&a).merged(Histogram::of(&b));
            let whole = Histogram::of(&both);
            prop_assert_eq!(merged.limit, whole.limit);
            prop_assert_eq!(merged.highest, whole.highest);
            prop_assert_eq!(merged.counts.iter().sum::<u64>(), both.len() as u64);
            prop_assert_eq!(merged.counts, whole.counts);
        }
    }

    #[test]
    fn a_single_far_value_is_cut_and_even_values_are_not() {
        let mut values: Vec<f32> = (0..100_000).map(|i| (i % 1000) as f32 / 1000.0).collect();
        assert!(Histogram::of(&values).best_range() > 0.98);
        values.push(4.0);
        let range = Histogram::of(&values).best_range();
        assert!((0.9..3.9).contains(&range), "{range}");
    }

    #[test]
    fn only_zeros_give_a_usable_range() {
        assert_eq!(Histogram::of(&[0.0; 10]).merged(Histogram::of(&[])).best_range(), 1.0);
    }
}
