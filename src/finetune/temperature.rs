//! Temperature scaling: confidences that mean what they say.
//!
//! One number, the temperature, divides all logits before the softmax (Guo et al., *On Calibration of Modern Neural Networks*,
//! 2017). It changes no answer, only how sure it is. It is folded into the last layer, so that a model file needs nothing
//! beside it.

use serde::Serialize;

use super::{head::softmax, reliability::Reliability};
use crate::{
    engine::classifier::likeliest,
    model::{network::Dense, quantized::QuantizedDense},
};

/// The lowest and the highest temperature that are tried.
const RANGE: (f64, f64) = (0.05, 20.0);
/// Steps of the search; each takes more than a third off the interval.
const STEPS: usize = 60;

/// What a temperature does to the confidences of one form of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemperatureScaling {
    /// What the logits were divided by.
    pub temperature: f32,
    /// Without it, on all validation pictures.
    pub before: Reliability,
    /// With it, each half of the pictures by a temperature that was fitted on the other half.
    pub after: Reliability,
}

/// Fits the temperature on validation `logits` with the right `classes`, and measures what it does for pictures that it was
/// not fitted on.
pub fn fit(logits: &[Vec<f32>], classes: &[usize]) -> TemperatureScaling {
    let mut after = vec![];
    for half in 0..2 {
        let of = |parity: usize| (0..classes.len()).filter(move |index| index % 2 == parity);
        let fitted: Vec<&[f32]> = of(1 - half).map(|index| logits[index].as_slice()).collect();
        let truths: Vec<usize> = of(1 - half).map(|index| classes[index]).collect();
        let temperature = temperature(&fitted, &truths);
        after.extend(of(half).map(|index| seen(&logits[index], classes[index], temperature)));
    }
    let rows: Vec<&[f32]> = logits.iter().map(Vec::as_slice).collect();
    let temperature = temperature(&rows, classes);
    TemperatureScaling { temperature, after: Reliability::of(after), ..none(logits, classes) }
}

/// The same for answers that are left as they are, at a temperature of 1.
pub fn none(logits: &[Vec<f32>], classes: &[usize]) -> TemperatureScaling {
    let as_they_are = Reliability::of(logits.iter().zip(classes).map(|(row, &class)| seen(row, class, 1.0)));
    TemperatureScaling { temperature: 1.0, before: as_they_are.clone(), after: as_they_are }
}

/// The temperature with the smallest cross-entropy.
///
/// Targets are those of Platt (1999), a little below certainty: without them, a few pictures that are all answered right would
/// ask for a temperature of nothing.
pub fn temperature(logits: &[&[f32]], classes: &[usize]) -> f32 {
    if logits.is_empty() {
        return 1.0;
    }
    let loss = |log: f64| {
        logits.iter().zip(classes).map(|(row, &class)| loss(row, class, libm::exp(log), classes.len())).sum::<f64>()
    };
    // Golden section: the loss has one valley.
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let (mut low, mut high) = (libm::log(RANGE.0), libm::log(RANGE.1));
    for _ in 0..STEPS {
        let (a, b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if loss(a) <= loss(b) { high = b } else { low = a }
    }
    libm::exp((low + high) / 2.0) as f32
}

/// Cross-entropy of one picture against its smoothed target, of a validation folder of `images`.
fn loss(logits: &[f32], class: usize, temperature: f64, images: usize) -> f64 {
    let others = logits.len().saturating_sub(1).max(1) as f64;
    let doubt = 1.0 / (images as f64 + 2.0);
    let scaled = |logit: f32| f64::from(logit) / temperature;
    let highest = logits.iter().map(|&logit| scaled(logit)).fold(f64::NEG_INFINITY, f64::max);
    let total = highest + libm::log(logits.iter().map(|&logit| libm::exp(scaled(logit) - highest)).sum());
    let target = |index: usize| if index == class { 1.0 - doubt } else { doubt / others };
    logits.iter().enumerate().map(|(index, &logit)| target(index) * (total - scaled(logit))).sum()
}

/// Confidence of the answer at a temperature, and whether it is right.
fn seen(logits: &[f32], class: usize, temperature: f32) -> (f32, bool) {
    let (answer, confidence) = likeliest(&softmax(&logits.iter().map(|logit| logit / temperature).collect::<Vec<_>>()));
    (confidence, answer == class)
}

/// The last layer whose logits are those of `head`, divided by `temperature`.
pub fn fold(mut head: Dense, temperature: f32) -> Dense {
    head.weights.iter_mut().chain(&mut head.bias).for_each(|value| *value /= temperature);
    head
}

/// The same for an int8 layer: its steps stay, and stand for as much less. The bias is counted in the same steps.
pub fn fold_quantized(mut head: QuantizedDense, temperature: f32) -> QuantizedDense {
    head.weight_scales.iter_mut().for_each(|scale| *scale /= temperature);
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::{head::answer, int8::quantize::quantize_head, random::Random};
    use proptest::prelude::*;

    /// Logits whose softmax at temperature 1 is right as often as it says, times `sharpness`.
    fn synthetic(count: usize, sharpness: f32, seed: u64) -> (Vec<Vec<f32>>, Vec<usize>) {
        let mut random = Random::new(seed);
        let one = |_| {
            let logits: Vec<f32> = (0..3).map(|_| random.unit() * 6.0 - 3.0).collect();
            let mut dice = random.unit();
            let class = softmax(&logits).iter().position(|p| {
                dice -= p;
                dice < 0.0
            });
            (logits.iter().map(|logit| logit * sharpness).collect(), class.unwrap_or(2))
        };
        (0..count).map(one).unzip()
    }

    #[test]
    fn the_temperature_of_synthetic_logits_is_found() {
        for sharpness in [0.3, 1.0, 4.0] {
            let (logits, classes) = synthetic(4000, sharpness, 7);
            let found = fit(&logits, &classes);
            assert!((found.temperature / sharpness - 1.0).abs() < 0.08, "{} not {sharpness}", found.temperature);
            assert!(found.after.expected_calibration_error < 0.03, "{}", found.after.expected_calibration_error);
            if sharpness != 1.0 {
                assert!(found.before.expected_calibration_error > 0.1, "{}", found.before.expected_calibration_error);
            }
        }
    }

    #[test]
    fn answers_that_are_all_right_are_not_taken_for_certain() {
        let logits = vec![vec![2.0, -2.0]; 8];
        let found = fit(&logits, &[0; 8]);
        let confidence = softmax(&[2.0 / found.temperature, -2.0 / found.temperature])[0];
        assert!((0.85..0.95).contains(&confidence), "{confidence}");
        assert_eq!(fit(&[], &[]).temperature, 1.0);
    }

    proptest! {
        #[test]
        fn a_folded_head_gives_the_softmax_at_its_temperature(
            weights in prop::collection::vec(-1.0f32..1.0, 12),
            bias in prop::collection::vec(-1.0f32..1.0, 3),
            steps in prop::collection::vec(0u8..=255, 4),
            temperature in 0.1f32..10.0,
        ) {
            let head = Dense { name: "head".into(), inputs: 4, outputs: 3, weights, bias, relu: false };
            let row: Vec<f32> = steps.iter().map(|&step| f32::from(step) * 0.02).collect();
            let logits: Vec<f32> = answer(&head, &row).iter().map(|p| p.ln() / temperature).collect();
            for (a, b) in answer(&fold(head.clone(), temperature), &row).iter().zip(softmax(&logits)) {
                prop_assert!((a - b).abs() < 1e-4);
            }
            let plain = quantize_head(&head, 0.02);
            let folded = fold_quantized(plain.clone(), temperature);
            prop_assert_eq!((&folded.weights, &folded.bias), (&plain.weights, &plain.bias));
            for (a, b) in folded.weight_scales.iter().zip(&plain.weight_scales) {
                prop_assert!((a * temperature - b).abs() <= b * 1e-6);
            }
        }
    }
}
