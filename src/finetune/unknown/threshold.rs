//! Below what familiarity the answer is unknown, and what that does to pictures that it was not fitted on.

use serde::Serialize;

use super::discriminant::Discriminant;
use crate::finetune::share::Share;

/// Shares of validation pictures to keep known, for which the curve has points.
const SHARES: [f64; 15] = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.875, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.99, 1.0];

/// What a threshold does that keeps a share of the validation pictures known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The share that it was fitted for.
    pub accept: f64,
    /// Validation pictures that became unknown.
    pub false_rejects: Share,
    /// Negatives that did not, if there were any.
    pub false_accepts: Option<Share>,
}

/// Familiarities of one half of the pictures and of the other, by what was fitted on the first half.
pub struct Fold {
    /// Validation pictures that the threshold is fitted on.
    pub fitted: Vec<f32>,
    /// Validation pictures to measure with.
    pub valid: Vec<f32>,
    /// Negatives to measure with.
    pub negatives: Vec<f32>,
}

/// The largest threshold at which the share `accept` of `scores`, or a little more, is not below it.
pub fn threshold(scores: &[f32], accept: f64) -> f32 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f32::total_cmp);
    // A hair more, for shares that have no exact binary form.
    let rejected = ((1.0 - accept) * sorted.len() as f64 + 1e-9) as usize;
    sorted.get(rejected.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f32::MIN)
}

/// Measures each half of the pictures, every other one, with `halves[i]`, which was fitted on the negatives of half `i`.
pub fn held_out(halves: &[Discriminant; 2], valid: &[Vec<f32>], negatives: &[Vec<f32>]) -> [Fold; 2] {
    [0, 1].map(|half| {
        let scores = |rows: &[Vec<f32>], from: usize| {
            rows.iter().skip(from).step_by(2).map(|row| halves[half].of(row)).collect::<Vec<f32>>()
        };
        Fold { fitted: scores(valid, half), valid: scores(valid, 1 - half), negatives: scores(negatives, 1 - half) }
    })
}

impl Point {
    /// What the threshold of each fold does to its other half.
    pub fn of(folds: &[Fold], accept: f64) -> Self {
        let (mut rejects, mut valid, mut accepts, mut negatives) = (0, 0, 0, 0);
        for fold in folds {
            let threshold = threshold(&fold.fitted, accept);
            rejects += fold.valid.iter().filter(|&&score| score < threshold).count();
            accepts += fold.negatives.iter().filter(|&&score| score >= threshold).count();
            valid += fold.valid.len();
            negatives += fold.negatives.len();
        }
        let false_accepts = (negatives > 0).then(|| Share::new(accepts, negatives));
        Point { accept, false_rejects: Share::new(rejects, valid), false_accepts }
    }
}

/// Points for shares from a half to all.
pub fn curve(folds: &[Fold]) -> Vec<Point> {
    SHARES.iter().map(|&accept| Point::of(folds, accept)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn either_half_is_measured_by_the_other() {
        let fold = |fitted: &[f32], valid: &[f32], negatives: &[f32]| Fold {
            fitted: fitted.to_vec(),
            valid: valid.to_vec(),
            negatives: negatives.to_vec(),
        };
        // The thresholds are 2 and 20.
        let folds = [fold(&[1.0, 2.0], &[1.5, 3.0], &[2.0, 1.0]), fold(&[20.0, 10.0], &[20.0], &[30.0])];
        let point = Point::of(&folds, 0.5);
        assert_eq!((point.false_rejects.count, point.false_rejects.of), (1, 3));
        assert_eq!(point.false_accepts.map(|share| (share.count, share.of)), Some((2, 3)));
        assert_eq!(Point::of(&folds[..0], 0.5).false_accepts, None);
    }

    proptest! {
        #[test]
        fn at_least_the_share_is_accepted_and_hardly_more(
            scores in prop::collection::hash_set(-1000i32..1000, 1..200),
            accept in 0.0f64..=1.0,
        ) {
            let scores: Vec<f32> = scores.into_iter().map(|score| score as f32).collect();
            let threshold = threshold(&scores, accept);
            let accepted = scores.iter().filter(|&&score| score >= threshold).count() as f64;
            let count = scores.len() as f64;
            prop_assert!(accepted >= accept * count - 1e-6);
            prop_assert!(accepted < accept * count + 1.0 + 1e-6);
        }
    }
}
