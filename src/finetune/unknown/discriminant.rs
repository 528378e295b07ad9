//! Weights that tell class features from those of other pictures.
//!
//! Classes and others are taken for Gaussian clouds `N(μ, Σ)` with one covariance `Σ`, the mean of the classes' and the others'.
//! Half the difference of the squared Mahalanobis distances of `x` from the others and from a class is then linear in `x`:
//! `wᵀx + b` with `w = Σ⁻¹(μ_class − μ_others)` and `b = (μ_othersᵀΣ⁻¹μ_others − μ_classᵀΣ⁻¹μ_class) ÷ 2`. As there may be more
//! features than pictures, `Σ` is shrunk towards its diagonal.
//!
//! Shape letters: `C` classes, `F` features, `N` pictures.

use anyhow::{Context, ensure};
use rayon::prelude::*;

use crate::model::familiarity::{familiarity, roots};

/// How much of the covariance between different features is left out.
const SHRINKAGE: f64 = 0.2;
/// Added to every variance, as a part of the mean variance: a feature that hardly varies must not decide alone.
const RIDGE: f64 = 1e-3;

/// What the classes' training pictures say.
pub struct Known {
    /// `C×F` means.
    means: Vec<Vec<f64>>,
    /// `F×F` covariance within the classes; below the diagonal only.
    covariance: Vec<f64>,
}

/// Weights of each class.
#[derive(Clone, Debug, PartialEq)]
pub struct Discriminant {
    /// `C` values.
    pub bias: Vec<f32>,
    /// `C×F`, row-major.
    pub weights: Vec<f32>,
}

impl Known {
    /// From descriptions of pictures, class by class.
    pub fn of(classes: &[Vec<Vec<f32>>]) -> Self {
        let classes: Vec<_> = classes.iter().map(|rows| rooted(rows)).collect();
        let means: Vec<_> = classes.iter().map(|rows| mean(rows)).collect();
        let centred: Vec<_> = classes.iter().zip(&means).flat_map(|(rows, mean)| centred(rows, mean)).collect();
        Known { covariance: covariance(&centred, means.first().map_or(0, Vec::len)), means }
    }
}

impl Discriminant {
    /// Sets the classes against `others`, descriptions of pictures of none of them.
    pub fn fit(known: &Known, others: &[Vec<f32>]) -> anyhow::Result<Self> {
        ensure!(!others.is_empty(), "there are no pictures to tell the classes from");
        let others = rooted(others);
        let other_mean = mean(&others);
        let features = other_mean.len();
        let spread = covariance(&centred(&others, &other_mean), features);
        let mut matrix: Vec<f64> = known.covariance.iter().zip(&spread).map(|(a, b)| (a + b) / 2.0).collect();
        let mean_variance = (0..features).map(|i| matrix[i * features + i]).sum::<f64>() / features.max(1) as f64;
        for (i, row) in matrix.chunks_exact_mut(features.max(1)).enumerate() {
            row[..i].iter_mut().for_each(|value| *value *= 1.0 - SHRINKAGE);
            // Where nothing varies at all, any number does.
            row[i] += RIDGE * mean_variance + f64::MIN_POSITIVE.sqrt();
        }
        decompose(&mut matrix, features).context("the pictures' features do not vary")?;
        let (mut bias, mut weights) = (vec![], vec![]);
        for class in &known.means {
            let apart: Vec<f64> = class.iter().zip(&other_mean).map(|(a, b)| a - b).collect();
            let row = solve(&matrix, apart);
            // μ_othersᵀΣ⁻¹μ_others − μ_classᵀΣ⁻¹μ_class = −(μ_class + μ_others)ᵀ w
            let sum = class.iter().zip(&other_mean).map(|(a, b)| a + b);
            bias.push((-sum.zip(&row).map(|(sum, weight)| sum * weight).sum::<f64>() / 2.0) as f32);
            weights.extend(row.into_iter().map(|weight| weight as f32));
        }
        Ok(Discriminant { bias, weights })
    }

    /// The familiarity of a picture, from its description.
    pub fn of(&self, row: &[f32]) -> f32 {
        familiarity(&self.bias, &self.weights, row)
    }
}

fn rooted(rows: &[Vec<f32>]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| roots(row).into_iter().map(f64::from).collect()).collect()
}

fn mean(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
    }
    mean.iter_mut().for_each(|mean| *mean /= rows.len() as f64);
    mean
}

fn centred(rows: &[Vec<f64>], mean: &[f64]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| row.iter().zip(mean).map(|(value, mean)| value - mean).collect()).collect()
}

/// `F×F` mean products of centred rows; below the diagonal only.
fn covariance(rows: &[Vec<f64>], features: usize) -> Vec<f64> {
    let mut matrix = vec![0.0; features * features];
    matrix.par_chunks_exact_mut(features.max(1)).enumerate().for_each(|(i, sums)| {
        for row in rows {
            let factor = row[i];
            sums[..=i].iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
        }
        sums.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
    });
    matrix
}

/// Replaces the lower half of a symmetric positive definite matrix by its Cholesky factor; `None` if it is not one.
fn decompose(matrix: &mut [f64], size: usize) -> Option<()> {
    for i in 0..size {
        let (above, row) = matrix.split_at_mut(i * size);
        for j in 0..i {
            let other = &above[j * size..][..=j];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let rest = row[i] - dot(&row[..i], &row[..i]);
        row[i] = rest.sqrt();
        if !(rest > 0.0 && rest.is_finite()) {
            return None;
        }
    }
    Some(())
}

/// Solves `L Lᵀ x = right` for a Cholesky factor `L`.
fn solve(factor: &[f64], mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for i in 0..size {
        let row = &factor[i * size..][..=i];
        right[i] = (right[i] - dot(&row[..i], &right[..i])) / row[i];
    }
    for i in (0..size).rev() {
        let row = &factor[i * size..][..=i];
        right[i] /= row[i];
        let value = right[i];
        right[..i].iter_mut().zip(row).for_each(|(right, factor)| *right -= factor * value);
    }
    right
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Squared Mahalanobis distance, by Gaussian elimination of the whole matrix.
    fn distance(x: &[f64], mean: &[f64], covariance: &[Vec<f64>]) -> f64 {
        let apart: Vec<f64> = x.iter().zip(mean).map(|(a, b)| a - b).collect();
        let size = apart.len();
        let mut rows: Vec<Vec<f64>> =
            covariance.iter().zip(&apart).map(|(row, &b)| [&row[..], &[b]].concat()).collect();
        for i in 0..size {
            for j in (0..size).filter(|&j| j != i) {
                let factor = rows[j][i] / rows[i][i];
                let pivot = rows[i].clone();
                rows[j].iter_mut().zip(pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
        (0..size).map(|i| apart[i] * rows[i][size] / rows[i][i]).sum()
    }

    /// Covariance by its definition, class by class, shrunk.
    fn plain_covariance(known: &[Vec<Vec<f32>>], others: &[Vec<f32>]) -> Vec<Vec<f64>> {
        let size = others[0].len();
        let root = |value: f32| f64::from(value.max(0.0).sqrt());
        let within = |groups: &[&[Vec<f32>]], i: usize, j: usize| {
            let count: usize = groups.iter().map(|group| group.len()).sum();
            let products = groups.iter().flat_map(|group| {
                let mean = |f: usize| group.iter().map(|row| root(row[f])).sum::<f64>() / group.len() as f64;
                let (a, b) = (mean(i), mean(j));
                group.iter().map(move |row| (root(row[i]) - a) * (root(row[j]) - b))
            });
            products.sum::<f64>() / count as f64
        };
        let classes: Vec<&[Vec<f32>]> = known.iter().map(Vec::as_slice).collect();
        let both = |i, j| (within(&classes, i, j) + within(&[others], i, j)) / 2.0;
        let ridge = RIDGE * (0..size).map(|i| both(i, i)).sum::<f64>() / size as f64;
        let value = |i, j| if i == j { both(i, j) + ridge } else { both(i, j) * (1.0 - SHRINKAGE) };
        (0..size).map(|i| (0..size).map(|j| value(i, j)).collect()).collect()
    }

    fn rows(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Vec<f32>>> {
        prop::collection::vec(prop::collection::vec(0.0f32..9.0, 4), count)
    }

    proptest! {
        #[test]
        fn familiarity_is_half_the_difference_of_the_distances(
            known in prop::collection::vec(rows(4..9), 2..4),
            others in rows(3..9),
            x in prop::collection::vec(0.0f32..9.0, 4),
        ) {
            let found = Discriminant::fit(&Known::of(&known), &others).unwrap().of(&x);
            let covariance = plain_covariance(&known, &others);
            let point: Vec<f64> = x.iter().map(|&value| f64::from(value.sqrt())).collect();
            let from = |group: &[Vec<f32>]| distance(&point, &mean(&rooted(group)), &covariance);
            let nearest = known.iter().map(|class| from(class)).fold(f64::INFINITY, f64::min);
            let expected = (from(&others) - nearest) / 2.0;
            prop_assert!((f64::from(found) - expected).abs() < 1e-3 * (1.0 + expected.abs()), "{found} not {expected}");
        }
    }

    #[test]
    fn features_that_never_vary_do_no_harm() {
        let row = |value: f32| vec![value, 0.0, 0.0];
        let known = [vec![row(1.0), row(2.0)], vec![row(4.0), row(5.0)]];
        let found = Discriminant::fit(&Known::of(&known), &[row(25.0), row(30.0)]).unwrap();
        assert!(found.weights.iter().chain(&found.bias).all(|value| value.is_finite()), "{found:?}");
        assert!(found.of(&row(4.5)) > 0.0 && found.of(&row(27.0)) < 0.0);
        let same = [vec![row(0.0)], vec![row(0.0)]];
        let found = Discriminant::fit(&Known::of(&same), &[row(0.0)]).unwrap();
        assert_eq!(found.of(&row(0.0)), 0.0);
        assert!(Discriminant::fit(&Known::of(&same), &[]).is_err());
    }
}
