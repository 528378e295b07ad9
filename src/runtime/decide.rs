//! From the probabilities and the familiarity of each picture to a label that does not flicker.

use std::time::{Duration, Instant};

use crate::{
    engine::classifier::Prediction,
    model::{labels::UNKNOWN, metadata::Metadata},
};

/// How much the past counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Smoothing {
    /// Time after which an old picture's part in the average has fallen to 1/e; zero counts the newest only.
    pub time_constant: Duration,
    /// Time for which another label must lead before it is shown.
    pub hold: Duration,
}

impl Default for Smoothing {
    fn default() -> Self {
        Self { time_constant: Duration::from_millis(300), hold: Duration::from_millis(400) }
    }
}

/// The answer after a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Index of the class that is shown; `None` means unknown.
    pub label: Option<usize>,
    /// Smoothed probability of that class, of the likeliest one where the label is unknown; 0 to 1.
    pub confidence: f32,
    /// Smoothed probability of each class.
    pub probabilities: Vec<f32>,
    /// Smoothed familiarity, where the model computes it.
    pub familiarity: Option<f32>,
}

impl Decision {
    /// The label in words.
    pub fn name<'a>(&self, labels: &'a [String]) -> &'a str {
        self.label.and_then(|index| labels.get(index)).map_or(UNKNOWN, String::as_str)
    }
}

/// Below what an answer is unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Of the confidence, 0 to 1; 0 switches that off.
    pub confidence: f32,
    /// Of the familiarity; negative infinity switches that off.
    pub familiarity: f32,
}

impl Thresholds {
    /// Those of a model.
    pub fn of(metadata: &Metadata) -> Self {
        let familiarity = metadata.familiarity.as_ref().map_or(f32::NEG_INFINITY, |familiarity| familiarity.threshold);
        Self { confidence: metadata.unknown_threshold, familiarity }
    }
}

/// Smooths probabilities and familiarity, and holds labels.
#[derive(Clone, Debug)]
pub struct Decider {
    smoothing: Smoothing,
    thresholds: Thresholds,
    past: Option<Past>,
}

/// What is remembered of the pictures before.
#[derive(Clone, Debug)]
struct Past {
    source: String,
    at: Instant,
    probabilities: Vec<f32>,
    familiarity: Option<f32>,
    label: Option<usize>,
    /// A label other than the shown one that leads, and since when.
    challenger: Option<(Option<usize>, Instant)>,
}

impl Decider {
    /// Nothing is known of the past yet.
    pub fn new(smoothing: Smoothing, thresholds: Thresholds) -> Self {
        Self { smoothing, thresholds, past: None }
    }

    /// Takes the answer for a picture seen at `at`. `source` is the name of a still picture or empty: another
    /// name is another scene, for which the past does not count.
    pub fn update(&mut self, prediction: &Prediction, source: &str, at: Instant) -> Decision {
        let Prediction { probabilities, familiarity } = prediction;
        let same_scene = |past: &Past| past.source == source && past.probabilities.len() == probabilities.len();
        let past = match self.past.take().filter(same_scene) {
            None => {
                let (probabilities, familiarity) = (probabilities.clone(), *familiarity);
                let label = self.leader(&probabilities, familiarity);
                Past { source: source.into(), at, probabilities, familiarity, label, challenger: None }
            }
            Some(mut past) => {
                let weight = self.weight_of_new(at.saturating_duration_since(past.at));
                for (smooth, &new) in past.probabilities.iter_mut().zip(probabilities) {
                    *smooth = *smooth * (1.0 - weight) + new * weight;
                }
                let both = past.familiarity.zip(*familiarity);
                past.familiarity = both.map_or(*familiarity, |(old, new)| Some(old * (1.0 - weight) + new * weight));
                past.at = at;
                self.challenge(&mut past);
                past
            }
        };
        let shown = past.label.or(likeliest(&past.probabilities)).unwrap_or(0);
        let confidence = past.probabilities.get(shown).copied().unwrap_or(0.0);
        let (probabilities, familiarity) = (past.probabilities.clone(), past.familiarity);
        let decision = Decision { label: past.label, confidence, probabilities, familiarity };
        self.past = Some(past);
        decision
    }

    /// Starts anew: what was seen does not count any more.
    pub fn forget(&mut self) {
        self.past = None;
    }

    fn weight_of_new(&self, elapsed: Duration) -> f32 {
        let time_constant = self.smoothing.time_constant.as_secs_f32();
        if time_constant == 0.0 { 1.0 } else { 1.0 - (-elapsed.as_secs_f32() / time_constant).exp() }
    }

    /// Lets the leader replace the label once it has led for long enough.
    fn challenge(&self, past: &mut Past) {
        let leader = self.leader(&past.probabilities, past.familiarity);
        if leader == past.label {
            past.challenger = None;
            return;
        }
        let since = match past.challenger {
            Some((label, since)) if label == leader => since,
            _ => past.at,
        };
        past.challenger = Some((leader, since));
        if past.at.saturating_duration_since(since) >= self.smoothing.hold {
            past.label = leader;
            past.challenger = None;
        }
    }

    fn leader(&self, probabilities: &[f32], familiarity: Option<f32>) -> Option<usize> {
        let Thresholds { confidence, familiarity: least } = self.thresholds;
        let familiar = familiarity.is_none_or(|familiarity| familiarity >= least);
        likeliest(probabilities).filter(|&index| familiar && probabilities[index] >= confidence)
    }
}

/// Index of the largest probability, the first of equals.
fn likeliest(probabilities: &[f32]) -> Option<usize> {
    (0..probabilities.len()).rev().max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAT: Option<usize> = Some(0);
    const DOG: Option<usize> = Some(1);

    fn answer(cat: f32, familiarity: Option<f32>) -> Prediction {
        Prediction { probabilities: vec![cat, 1.0 - cat], familiarity }
    }

    fn confident(confidence: f32) -> Thresholds {
        Thresholds { confidence, familiarity: f32::NEG_INFINITY }
    }

    /// Feeds (milliseconds, source, probability of cat) and returns the label and confidence after each.
    fn script(smoothing: Smoothing, threshold: f32, steps: &[(u64, &str, f32)]) -> Vec<(Option<usize>, f32)> {
        let start = Instant::now();
        let mut decider = Decider::new(smoothing, confident(threshold));
        let step = |&(ms, source, cat): &(u64, &str, f32)| {
            let decision = decider.update(&answer(cat, None), source, start + Duration::from_millis(ms));
            (decision.label, decision.confidence)
        };
        steps.iter().map(step).collect()
    }

    fn labels(smoothing: Smoothing, threshold: f32, steps: &[(u64, &str, f32)]) -> Vec<Option<usize>> {
        script(smoothing, threshold, steps).into_iter().map(|(label, _)| label).collect()
    }

    fn smoothing(time_constant_ms: u64, hold_ms: u64) -> Smoothing {
        Smoothing { time_constant: Duration::from_millis(time_constant_ms), hold: Duration::from_millis(hold_ms) }
    }

    #[test]
    fn the_past_fades_by_time_and_not_by_frame() {
        // After one time constant 1/e of the old value is left, however many frames came in between.
        let few = script(smoothing(1000, 0), 0.0, &[(0, "", 1.0), (1000, "", 0.0)]);
        let steps: Vec<_> = std::iter::once((0, "", 1.0)).chain((1..=100).map(|i| (i * 10, "", 0.0))).collect();
        let many = script(smoothing(1000, 0), 0.0, &steps);
        let expected = 1.0 - (-1.0f32).exp();
        assert!((few[1].1 - expected).abs() < 1e-5, "{few:?}");
        assert!((many[100].1 - expected).abs() < 1e-4, "{:?}", many[100]);
    }

    #[test]
    fn a_label_must_lead_for_the_hold_time() {
        let steps = [(0, "", 0.9), (100, "", 0.1), (200, "", 0.1), (399, "", 0.1), (400, "", 0.1), (500, "", 0.1)];
        assert_eq!(labels(smoothing(0, 300), 0.0, &steps), [CAT, CAT, CAT, CAT, DOG, DOG]);
    }

    #[test]
    fn a_lead_that_is_lost_starts_anew() {
        let steps = [(0, "", 0.9), (100, "", 0.1), (300, "", 0.9), (400, "", 0.1), (600, "", 0.1), (700, "", 0.1)];
        assert_eq!(labels(smoothing(0, 300), 0.0, &steps), [CAT, CAT, CAT, CAT, CAT, DOG]);
    }

    #[test]
    fn the_held_label_shows_its_own_confidence() {
        let after = script(smoothing(0, 300), 0.0, &[(0, "", 0.9), (100, "", 0.2)]);
        assert_eq!(after[1], (CAT, 0.2));
    }

    #[test]
    fn another_still_picture_starts_anew() {
        let steps = [(0, "a.jpg", 0.9), (1, "b.jpg", 0.2), (2, "", 0.6)];
        assert_eq!(script(Smoothing::default(), 0.0, &steps), [(CAT, 0.9), (DOG, 0.8), (CAT, 0.6)]);
    }

    #[test]
    fn what_is_not_confident_is_unknown() {
        let steps = [(0, "a", 0.6), (0, "b", 0.7), (0, "c", 0.31), (0, "d", 0.3)];
        assert_eq!(labels(smoothing(0, 0), 0.7, &steps), [None, CAT, None, DOG]);
        assert_eq!(script(smoothing(0, 0), 0.7, &[(0, "a", 0.4)]), [(None, 0.6)]);
    }

    #[test]
    fn unknown_is_held_like_any_label() {
        let steps = [(0, "", 0.9), (100, "", 0.5), (200, "", 0.9), (300, "", 0.5), (700, "", 0.5), (800, "", 0.9)];
        assert_eq!(labels(smoothing(0, 300), 0.7, &steps), [CAT, CAT, CAT, CAT, None, None]);
    }

    #[test]
    fn familiarity_fades_and_decides_like_confidence() {
        let start = Instant::now();
        let mut decider = Decider::new(smoothing(1000, 0), Thresholds { confidence: 0.0, familiarity: 2.0 });
        let mut seen = |ms, familiarity| {
            let decision = decider.update(&answer(0.9, Some(familiarity)), "", start + Duration::from_millis(ms));
            (decision.label, decision.familiarity.unwrap_or(f32::NAN))
        };
        assert_eq!(seen(0, 3.0), (CAT, 3.0));
        let (label, familiarity) = seen(1000, 0.0);
        assert!(label.is_none() && (familiarity - 3.0 * (-1.0f32).exp()).abs() < 1e-5, "{familiarity}");
        assert_eq!(seen(20_000, 2.5).0, CAT);
    }

    #[test]
    fn takes_what_should_not_come() {
        let mut decider = Decider::new(Smoothing::default(), confident(0.5));
        let now = Instant::now();
        let nothing = Prediction { probabilities: vec![], familiarity: None };
        let decision = Decision { label: None, confidence: 0.0, probabilities: vec![], familiarity: None };
        assert_eq!(decider.update(&nothing, "", now), decision);
        assert_eq!(decider.update(&answer(0.2, None), "", now).label, DOG);
        decider.update(&answer(f32::NAN, Some(f32::NAN)), "", now);
    }

    #[test]
    fn names_the_label() {
        let decision = |label| Decision { label, confidence: 0.5, probabilities: vec![], familiarity: None };
        let names = ["cat".to_owned(), "dog".to_owned()];
        assert_eq!([CAT, DOG, None].map(|label| decision(label).name(&names).to_owned()), ["cat", "dog", "unknown"]);
    }

    proptest! {
        #[test]
        fn smoothed_probabilities_still_sum_to_one(steps in prop::collection::vec((0u64..500, 0f32..1.0), 1..40)) {
            let mut decider = Decider::new(Smoothing::default(), confident(0.0));
            let mut at = Instant::now();
            for (ms, cat) in steps {
                at += Duration::from_millis(ms);
                let decision = decider.update(&answer(cat, None), "", at);
                prop_assert!((decision.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4);
                prop_assert!(decision.probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
            }
        }
    }
}
