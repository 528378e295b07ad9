//! The matrix products of a training step.
//!
//! Every sum is taken in one order, by additions and multiplications alone: the result is the same to the bit on every
//! processor and with every number of threads. Shape letters: `N` rows, `F` features, `C` classes.

use rayon::prelude::*;

/// Partial sums side by side, which the compiler makes vectors of.
const LANES: usize = 8;
/// Classes of a block: a row of features is read once for all of them.
const CLASSES: usize = 4;
/// Rows whose products are added to a gradient at once.
const ROWS: usize = 4;
/// Products below which threads cost more than they save.
const WORTH_THREADS: usize = 1 << 18;

/// `out[c][n] = bias[c] + Σ_f weights[c][f] · rows[n][f]` for `C×F` weights and `N×F` rows; `out` has room for `C×N`.
pub fn logits(weights: &[f32], bias: &[f32], rows: &[f32], out: &mut [f32]) {
    let classes = bias.len();
    let (features, count) = (weights.len() / classes.max(1), out.len() / classes.max(1));
    if features == 0 || count == 0 {
        out.chunks_exact_mut(count.max(1)).zip(bias).for_each(|(out, &bias)| out.fill(bias));
        return;
    }
    let block = |((out, weights), bias): ((&mut [f32], &[f32]), &[f32])| {
        let mut classes = weights.chunks_exact(features);
        if let (Some(a), Some(b), Some(c), Some(d)) = (classes.next(), classes.next(), classes.next(), classes.next()) {
            for (n, row) in rows.chunks_exact(features).enumerate() {
                for (c, sum) in dots([a, b, c, d], row).into_iter().enumerate() {
                    out[c * count + n] = sum + bias[c];
                }
            }
            return;
        }
        for ((out, weights), bias) in out.chunks_exact_mut(count).zip(weights.chunks_exact(features)).zip(bias) {
            for (out, row) in out.iter_mut().zip(rows.chunks_exact(features)) {
                let [sum] = dots([weights], row);
                *out = sum + bias;
            }
        }
    };
    if weights.len() * count < WORTH_THREADS {
        let weights = weights.chunks(CLASSES * features);
        out.chunks_mut(CLASSES * count).zip(weights).zip(bias.chunks(CLASSES)).for_each(block);
    } else {
        let weights = weights.par_chunks(CLASSES * features);
        out.par_chunks_mut(CLASSES * count).zip(weights).zip(bias.par_chunks(CLASSES)).for_each(block);
    }
}

/// The products of a row of features with a row of weights for each of `R` classes.
fn dots<const R: usize>(weights: [&[f32]; R], row: &[f32]) -> [f32; R] {
    let mut sums = [[0.0f32; LANES]; R];
    let (whole, rest) = row.as_chunks::<LANES>();
    let weights = weights.map(|weights| weights[..row.len()].as_chunks::<LANES>());
    for (i, values) in whole.iter().enumerate() {
        for (sums, (weights, _)) in sums.iter_mut().zip(&weights) {
            let weights = &weights[i];
            for lane in 0..LANES {
                sums[lane] += weights[lane] * values[lane];
            }
        }
    }
    for (sums, (_, weights)) in sums.iter_mut().zip(&weights) {
        for ((sum, weight), value) in sums.iter_mut().zip(*weights).zip(rest) {
            *sum += weight * value;
        }
    }
    sums.map(|s| ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])))
}

/// `gradient[c][f] += Σ_n errors[c][n] · rows[n][f]`, and `bias[c] += Σ_n errors[c][n]`, in the order of the rows.
pub fn add_gradient(gradient: &mut [f32], bias: &mut [f32], errors: &[f32], rows: &[f32]) {
    let classes = bias.len().max(1);
    let (features, count) = (gradient.len() / classes, errors.len() / classes);
    for (bias, errors) in bias.iter_mut().zip(errors.chunks_exact(count.max(1))) {
        *bias = errors.iter().fold(*bias, |sum, error| sum + error);
    }
    if features == 0 || count == 0 {
        return;
    }
    let class = |(gradient, errors): (&mut [f32], &[f32])| {
        let (blocks, rest) = rows.split_at((count / ROWS) * ROWS * features);
        let (errors, last) = errors.split_at((count / ROWS) * ROWS);
        for (block, e) in blocks.chunks_exact(ROWS * features).zip(errors.as_chunks::<ROWS>().0) {
            let (a, b) = block.split_at(2 * features);
            let ((a, b), (c, d)) = (a.split_at(features), b.split_at(features));
            for ((((g, a), b), c), d) in gradient.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *g = (((*g + e[0] * a) + e[1] * b) + e[2] * c) + e[3] * d;
            }
        }
        for (row, error) in rest.chunks_exact(features).zip(last) {
            for (g, x) in gradient.iter_mut().zip(row) {
                *g += error * x;
            }
        }
    };
    if gradient.len() * count < WORTH_THREADS {
        gradient.chunks_exact_mut(features).zip(errors.chunks_exact(count)).for_each(class);
    } else {
        gradient.par_chunks_exact_mut(features).zip(errors.par_chunks_exact(count)).for_each(class);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finetune::random::Random;

    fn numbers(count: usize, random: &mut Random) -> Vec<f32> {
        (0..count).map(|_| random.unit() * 2.0 - 1.0).collect()
    }

    fn close(found: f32, expected: f64) -> bool {
        (f64::from(found) - expected).abs() < 1e-4
    }

    proptest! {
        #[test]
        fn both_products_are_those_of_their_definition(n in 0usize..11, f in 0usize..40, c in 0usize..11, seed: u64) {
            let mut random = Random::new(seed);
            let random = &mut random;
            let (weights, bias, rows) = (numbers(c * f, random), numbers(c, random), numbers(n * f, random));
            let mut found = vec![0.0; c * n];
            logits(&weights, &bias, &rows, &mut found);
            for class in 0..c {
                for row in 0..n {
                    let products = (0..f).map(|i| f64::from(weights[class * f + i]) * f64::from(rows[row * f + i]));
                    let expected = f64::from(bias[class]) + products.sum::<f64>();
                    prop_assert!(close(found[class * n + row], expected));
                }
            }
            let errors = numbers(c * n, random);
            let (mut gradient, mut sums) = (weights.clone(), bias.clone());
            add_gradient(&mut gradient, &mut sums, &errors, &rows);
            for class in 0..c {
                let of = |row: usize| f64::from(errors[class * n + row]);
                prop_assert!(close(sums[class], f64::from(bias[class]) + (0..n).map(of).sum::<f64>()));
                for i in 0..f {
                    let products = (0..n).map(|row| of(row) * f64::from(rows[row * f + i]));
                    let expected = f64::from(weights[class * f + i]) + products.sum::<f64>();
                    prop_assert!(close(gradient[class * f + i], expected));
                }
            }
        }
    }

    #[test]
    fn neither_blocks_nor_threads_change_a_bit() {
        let mut random = Random::new(4);
        let (n, f, c) = (67, 1003, 9);
        let (weights, bias, rows) = (numbers(c * f, &mut random), numbers(c, &mut random), numbers(n * f, &mut random));
        let mut whole = vec![0.0; c * n];
        logits(&weights, &bias, &rows, &mut whole);
        let mut gradient = vec![0.0; c * f];
        add_gradient(&mut gradient, &mut vec![0.0; c], &whole, &rows);
        for class in 0..c {
            // One class alone, which is too little for threads and no whole block.
            let weights = &weights[class * f..][..f];
            for row in 0..n {
                let mut one = [0.0];
                logits(weights, &bias[class..=class], &rows[row * f..][..f], &mut one);
                assert_eq!(one[0].to_bits(), whole[class * n + row].to_bits());
            }
            let mut one = vec![0.0; f];
            for row in 0..n {
                let error = &whole[class * n + row..][..1];
                add_gradient(&mut one, &mut [0.0], error, &rows[row * f..][..f]);
            }
            assert_eq!(one, gradient[class * f..][..f]);
        }
    }
}
