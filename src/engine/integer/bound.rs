//! Proof that a channel's sums survive Winograd's output transform.

use crate::engine::kernels::transforms::MAX_SUM;

/// Largest positive and negative weight of the input transform's outputs, summed: an output lies between `−255 × negative`
/// and `255 × positive`.
const REACH: [(i64, i64); 6] = [(5, 5), (2, 8), (5, 5), (3, 3), (3, 3), (5, 5)];

/// Whether Winograd is exact for an output channel, whatever the input: `kernels` holds its `I×3×3` weights.
///
/// Two quotients must stay below [`MAX_SUM`]: the outputs themselves, and the one-dimensional convolutions that the first
/// axis of the output transform gives, whose weights and inputs are transformed along the other axis.
pub fn is_exact(kernels: &[i8]) -> bool {
    let mut outputs = (0i64, 0i64);
    let mut halves = [(0i64, 0i64); 6];
    for row in kernels.chunks_exact(3) {
        let [a, b, c] = [0, 1, 2].map(|i| i64::from(row[i]));
        for weight in [a, b, c] {
            add(&mut outputs, weight, (1, 0));
        }
        let transformed = [a, a + b + c, a - b + c, a + 2 * b + 4 * c, a - 2 * b + 4 * c, c];
        for ((half, weight), reach) in halves.iter_mut().zip(transformed).zip(REACH) {
            add(half, weight, reach);
        }
    }
    halves.iter().chain([&outputs]).all(|(low, high)| 255 * low > -MAX_SUM && 255 * high < MAX_SUM)
}

/// Widens the bounds of a sum by a product whose input lies between `−negative` and `positive`.
fn add(bounds: &mut (i64, i64), weight: i64, (positive, negative): (i64, i64)) {
    let ends = [weight * positive, -weight * negative];
    bounds.0 += ends[0].min(ends[1]);
    bounds.1 += ends[0].max(ends[1]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_weights_pass_and_extreme_ones_do_not() {
        assert!(is_exact(&[127; 64 * 9]));
        assert!(!is_exact(&[127; 512 * 9]));
        let mixed: Vec<i8> = (0..512 * 9).map(|i| ((i * 37 % 101) - 50) as i8).collect();
        assert!(is_exact(&mixed));
        assert!(is_exact(&[]));
    }
}
