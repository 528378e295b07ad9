//! Proof that a channel's sums survive Winograd's output transform.

use crate::engine::kernels::integer::transforms::MAX_SUM;

/// Whether Winograd is exact for an output channel, whatever the input: `kernel` holds its weights.
///
/// An output is then below [`MAX_SUM`] where all inputs under weights of one sign are 255, and all others 0.
pub fn is_exact(kernel: &[i8]) -> bool {
    let sum = |sign: i64| kernel.iter().map(|&weight| (sign * i64::from(weight)).max(0)).sum::<i64>();
    255 * sum(1).max(sum(-1)) < MAX_SUM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_weights_pass_and_extreme_ones_do_not() {
        assert!(is_exact(&[127; 64 * 9]) && is_exact(&[-128; 64 * 9]));
        assert!(!is_exact(&[127; 512 * 9]) && !is_exact(&[-127; 512 * 9]));
        let alternating: Vec<i8> = (0..128 * 18).map(|i| [127, -127][i % 2]).collect();
        assert!(!is_exact(&alternating) && is_exact(&alternating[..2000]));
        let mixed: Vec<i8> = (0..512 * 9).map(|i| ((i * 37 % 101) - 50) as i8).collect();
        assert!(is_exact(&mixed));
        assert!(is_exact(&[]));
    }
}
