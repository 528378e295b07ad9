//! How familiar a picture is: whether it is near the pictures that a model was trained on, or rather near others.
//!
//! The picture is described by what stands behind two max pools: the mean and the highest value of every channel, and the square
//! roots of these. Class features and those of other pictures are taken for clouds of one common shape; familiarity is how much
//! nearer the picture is to the nearest class than to the others, by half the difference of the squared Mahalanobis distances
//! (Lee et al., 2018; Ren et al., 2021). With one common shape the squares cancel, so that each class needs one weight for a
//! feature and no matrix stands in the file.
//!
//! Shape letters: `C` classes, `F` features.

use serde::{Deserialize, Serialize};

/// What computes the familiarity of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Familiarity {
    /// Familiarity below which the answer is `unknown`.
    pub threshold: f32,
    /// Names of the convolutions behind whose max pools the features are, in their order in the network.
    pub layers: Vec<String>,
    /// One value a class.
    pub bias: Vec<f32>,
    /// `C×F`, row-major. For each layer in order, the means of its channels, then their highest values.
    pub weights: Vec<f32>,
}

impl Familiarity {
    /// `F`.
    pub fn features(&self) -> usize {
        self.weights.len() / self.bias.len().max(1)
    }

    /// Whether its numbers make sense. The error says which do not.
    pub fn check(&self) -> Result<(), String> {
        let finite = self.bias.iter().chain(&self.weights).all(|value| value.is_finite()) && self.threshold.is_finite();
        if self.bias.is_empty() || self.layers.is_empty() || self.features() == 0 {
            return Err("it has no classes, no layers or no weights".into());
        }
        if !self.weights.len().is_multiple_of(self.bias.len()) {
            return Err(format!("{} weights cannot belong to {} classes", self.weights.len(), self.bias.len()));
        }
        if finite { Ok(()) } else { Err("it holds numbers that are not finite".into()) }
    }

    /// The familiarity of a picture, from the mean and highest value of every channel, in the order of the weights.
    pub fn of(&self, pooled: &[f32]) -> f32 {
        familiarity(&self.bias, &self.weights, pooled)
    }
}

/// The familiarity of a picture, as [`Familiarity::of`], by a bias and a row of weights for each class.
///
/// Sums are in a fixed order, in float64: the same features give the same number on every machine.
pub fn familiarity(bias: &[f32], weights: &[f32], pooled: &[f32]) -> f32 {
    let roots = roots(pooled);
    let nearness = |(row, &bias): (&[f32], &f32)| {
        let products = row.iter().zip(&roots).map(|(&weight, &root)| f64::from(weight) * f64::from(root));
        products.fold(f64::from(bias), |sum, product| sum + product)
    };
    let classes = weights.chunks_exact(roots.len().max(1)).zip(bias);
    classes.map(nearness).fold(f64::NEG_INFINITY, f64::max) as f32
}

/// The square roots of activations behind ReLU, which make a few high values count less.
pub fn roots(pooled: &[f32]) -> Vec<f32> {
    pooled.iter().map(|value| value.max(0.0).sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Familiarity {
        Familiarity {
            threshold: 0.5,
            layers: vec!["block1_conv2".into()],
            bias: vec![1.0, -1.0],
            weights: vec![1.0, 0.0, 0.0, 2.0],
        }
    }

    #[test]
    fn the_nearest_class_counts() {
        assert_eq!(sample().of(&[9.0, 1.0]), 4.0);
        assert_eq!(sample().of(&[0.0, 16.0]), 7.0);
        assert_eq!(sample().of(&[-4.0, 0.0]), 1.0);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let says = |change: fn(&mut Familiarity), text: &str| {
            let mut familiarity = sample();
            change(&mut familiarity);
            let error = familiarity.check().unwrap_err();
            assert!(error.contains(text), "{error}");
        };
        assert_eq!(sample().check(), Ok(()));
        says(|f| f.bias.clear(), "no classes");
        says(|f| f.layers.clear(), "no layers");
        says(|f| f.weights.truncate(3), "3 weights cannot belong to 2 classes");
        says(|f| f.weights[1] = f32::NAN, "not finite");
    }
}
