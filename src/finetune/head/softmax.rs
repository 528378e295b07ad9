//! Softmax and cross-entropy, the same to the bit on every machine: the standard library takes exponentials and logarithms
//! from the system, which differ in their last bit.

/// `exp(x) / Σ exp(x)`, shifted so that nothing overflows.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| libm::expf(logit - highest)).collect();
    let total: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / total).collect()
}

/// Minus the logarithm of the probability of the right class, at most 16.1.
pub fn cross_entropy(probabilities: &[f32], class: usize) -> f64 {
    -libm::log(f64::from(probabilities[class].max(1e-7)))
}
