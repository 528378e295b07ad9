//! How far a model's confidence can be believed (Guo et al., "On calibration of modern neural networks", 2017).

use serde::Serialize;

/// Bins of equal width between 0 and 1, as in the paper.
pub const BINS: usize = 15;

/// Confidence against accuracy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reliability {
    /// The bins that hold a picture, by rising confidence.
    pub bins: Vec<Bin>,
    /// Expected calibration error, 0 to 1: how far confidence and accuracy are apart, on the average over all pictures.
    pub expected_calibration_error: f64,
    /// Mean confidence of all answers.
    pub confidence: f64,
    /// Share of right answers.
    pub accuracy: f64,
}

/// The answers of similar confidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Least confidence of the bin; it lies in it only for the lowest bin.
    pub above: f64,
    /// Greatest confidence of the bin.
    pub up_to: f64,
    /// Number of answers.
    pub pictures: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// Share of them that is right.
    pub accuracy: f64,
}

impl Reliability {
    /// Sorts answers, each with its confidence and whether it is right, into bins; all figures of no answers are 0.
    pub fn of(answers: impl IntoIterator<Item = (f32, bool)>) -> Self {
        let mut bins = [(0usize, 0.0f64, 0usize); BINS];
        for (confidence, right) in answers {
            let confidence = f64::from(confidence).clamp(0.0, 1.0);
            let bin = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
            bins[bin].0 += 1;
            bins[bin].1 += confidence;
            bins[bin].2 += usize::from(right);
        }
        let all = bins.iter().map(|bin| bin.0).sum::<usize>().max(1) as f64;
        let filled = bins.iter().enumerate().filter(|(_, (pictures, ..))| *pictures > 0);
        let bins: Vec<Bin> = filled
            .map(|(bin, &(pictures, confidence, right))| Bin {
                above: bin as f64 / BINS as f64,
                up_to: (bin + 1) as f64 / BINS as f64,
                pictures,
                confidence: confidence / pictures as f64,
                accuracy: right as f64 / pictures as f64,
            })
            .collect();
        let mean = |value: fn(&Bin) -> f64| bins.iter().map(|bin| bin.pictures as f64 * value(bin)).sum::<f64>() / all;
        Reliability {
            expected_calibration_error: mean(|bin| (bin.confidence - bin.accuracy).abs()),
            confidence: mean(|bin| bin.confidence),
            accuracy: mean(|bin| bin.accuracy),
            bins,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_error_is_that_of_the_definition() {
        // Two bins: 4 answers at 0.95 of which 3 are right, 1 at 0.6 that is right.
        let answers = [(0.95, true), (0.95, true), (0.95, true), (0.95, false), (0.6, true)];
        let found = Reliability::of(answers);
        let bins: Vec<_> = found.bins.iter().map(|bin| (bin.pictures, bin.accuracy)).collect();
        assert_eq!(bins, [(1, 1.0), (4, 0.75)]);
        // 4/5 · |0.95 − 0.75| + 1/5 · |0.6 − 1|
        assert!((found.expected_calibration_error - 0.24).abs() < 1e-6);
        assert!((found.confidence - 0.88).abs() < 1e-6 && (found.accuracy - 0.8).abs() < 1e-12);
        let nothing = Reliability { bins: vec![], expected_calibration_error: 0.0, confidence: 0.0, accuracy: 0.0 };
        assert_eq!(Reliability::of([]), nothing);
    }

    #[test]
    fn a_bin_ends_with_its_upper_edge() {
        let found = Reliability::of([(1.0, true), (0.0, false)]);
        let edges: Vec<_> = found.bins.iter().map(|bin| (bin.above, bin.up_to)).collect();
        assert_eq!(edges, [(0.0, 1.0 / 15.0), (14.0 / 15.0, 1.0)]);
    }

    proptest! {
        #[test]
        fn every_answer_is_counted_once(answers in prop::collection::vec((0.0f32..=1.0, any::<bool>()), 1..200)) {
            let found = Reliability::of(answers.iter().copied());
            prop_assert_eq!(found.bins.iter().map(|bin| bin.pictures).sum::<usize>(), answers.len());
            let right = answers.iter().filter(|(_, right)| *right).count();
            prop_assert!((found.accuracy - right as f64 / answers.len() as f64).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&found.expected_calibration_error));
            for bin in &found.bins {
                prop_assert!(bin.confidence >= bin.above - 1e-6 && bin.confidence <= bin.up_to + 1e-6);
            }
        }
    }
}
