//! What a threshold on the confidence lets through.

use serde::Serialize;

use super::answer::Answer;

/// Steps between a threshold of 0 and one of 1.
const STEPS: usize = 100;

/// Shares of answers at or above each threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// By rising threshold, from 0 to 1.
    pub points: Vec<Point>,
    /// The model's own threshold; 0 where it has none.
    pub chosen: f64,
    /// What the model's own threshold lets through.
    pub at_chosen: Point,
    /// Pictures of known classes, and pictures of none of them.
    pub known: usize,
    pub negatives: usize,
}

/// What one threshold lets through.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    pub threshold: f64,
    /// Share of pictures of known classes that get an answer.
    pub known: f64,
    /// Share of these answers that is right; `None` where there are none.
    pub accuracy: Option<f64>,
    /// Share of pictures of no known class that get an answer all the same; `None` where there were no such pictures.
    pub negatives: Option<f64>,
}

impl Curve {
    /// Tries all thresholds on the answers to pictures of known classes, and on the confidence of the answers to pictures of
    /// none of them. `None` where there are no answers.
    pub fn of(answers: &[Answer], negatives: &[f32], chosen: f32) -> Option<Self> {
        if answers.is_empty() {
            return None;
        }
        let mut sorted = answers.to_vec();
        sorted.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
        // Right answers from each place to the end.
        let mut right = vec![0usize; sorted.len() + 1];
        for (place, answer) in sorted.iter().enumerate().rev() {
            right[place] = right[place + 1] + usize::from(answer.is_right());
        }
        let mut strangers = negatives.to_vec();
        strangers.sort_by(f32::total_cmp);
        let point = |threshold: f32| {
            let below = sorted.partition_point(|answer| answer.confidence < threshold);
            let kept = sorted.len() - below;
            let refused = strangers.partition_point(|&confidence| confidence < threshold);
            Point {
                threshold: f64::from(threshold),
                known: kept as f64 / sorted.len() as f64,
                accuracy: (kept > 0).then(|| right[below] as f64 / kept as f64),
                negatives: (!strangers.is_empty()).then(|| (strangers.len() - refused) as f64 / strangers.len() as f64),
            }
        };
        Some(Curve {
            points: (0..=STEPS).map(|step| point(step as f32 / STEPS as f32)).collect(),
            chosen: f64::from(chosen),
            at_chosen: point(chosen),
            known: answers.len(),
            negatives: negatives.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answers(given: &[(f32, bool)]) -> Vec<Answer> {
        given.iter().map(|&(confidence, right)| Answer { truth: 0, answer: usize::from(!right), confidence }).collect()
    }

    #[test]
    fn a_threshold_keeps_what_is_not_below_it() {
        let known = answers(&[(0.5, false), (0.8, true), (0.9, false), (1.0, true)]);
        let curve = Curve::of(&known, &[0.4, 0.8], 0.8).unwrap();
        let Point { known, accuracy, negatives, .. } = curve.at_chosen;
        assert_eq!((known, accuracy, negatives), (0.75, Some(2.0 / 3.0), Some(0.5)));
        assert_eq!(curve.points.len(), 101);
        assert_eq!((curve.points[0].known, curve.points[0].accuracy), (1.0, Some(0.5)));
        assert_eq!((curve.points[100].known, curve.points[100].accuracy), (0.25, Some(1.0)));
        let alone = Curve::of(&answers(&[(0.5, true)]), &[], 0.0).unwrap();
        assert_eq!((alone.at_chosen.negatives, alone.points[100].accuracy), (None, None));
        assert_eq!(Curve::of(&[], &[0.5], 0.0), None);
    }

    proptest! {
        #[test]
        fn a_higher_threshold_never_keeps_more(
            known in prop::collection::vec((0.0f32..=1.0, any::<bool>()), 1..100),
            negatives in prop::collection::vec(0.0f32..=1.0, 0..50),
        ) {
            let curve = Curve::of(&answers(&known), &negatives, 0.5).unwrap();
            prop_assert!(curve.points.is_sorted_by(|a, b| a.known >= b.known && a.negatives >= b.negatives));
            for point in &curve.points {
                let kept = known.iter().filter(|(confidence, _)| f64::from(*confidence) >= point.threshold).count();
                prop_assert!((point.known - kept as f64 / known.len() as f64).abs() < 1e-9);
            }
        }
    }
}
