//! Folding batch norms into the layers beside them.
//!
//! A batch norm (Ioffe & Szegedy, 2015) computes `γ·(x − mean) / √(variance + ε) + β`: in use it is a factor and a shift for
//! each channel. Between a layer and its ReLU they go into that layer; behind the ReLU, into the dense layer that follows.

use super::{
    outline::Weighted,
    read,
    weights::{DenseNorm, Found, Group},
};
use crate::model::network::Dense;

/// Factor and shift of each channel.
pub struct Affine {
    factor: Vec<f64>,
    shift: Vec<f64>,
}

/// Reads a batch norm.
pub fn read_norm(found: &Found, group: &Group) -> Result<Affine, String> {
    let epsilon = found.norms.of(&group.name).unwrap_or(found.norms.epsilon);
    let [gamma, beta, mean, variance] = read::norm(found, group)?;
    if let Some(variance) = variance.iter().find(|&&variance| f64::from(variance) + epsilon <= 0.0) {
        return Err(format!("layer {:?} has the variance {variance}; the file is damaged", group.name));
    }
    let factor: Vec<f64> =
        gamma.iter().zip(variance).map(|(&gamma, v)| f64::from(gamma) / (f64::from(v) + epsilon).sqrt()).collect();
    let shift = beta.iter().zip(mean).zip(&factor).map(|((&b, m), f)| f64::from(b) - f64::from(m) * f).collect();
    Ok(Affine { factor, shift })
}

/// Whether the batch norm behind `layer` stands behind its ReLU.
pub fn behind_relu(found: &Found, layer: &Weighted) -> bool {
    match &found.norms.relus {
        Some(relus) => relus.contains(&layer.group.name),
        None => found.norms.behind_dense == DenseNorm::AfterRelu,
    }
}

impl Affine {
    /// Folds it into the layer before it, `weights` with a row for each output.
    pub fn into_outputs(self, weights: &mut [f32], bias: &mut [f32]) {
        let row = (weights.len() / bias.len().max(1)).max(1);
        let outputs = weights.chunks_exact_mut(row).zip(bias).zip(self.factor.iter().zip(&self.shift));
        for ((row, bias), (factor, shift)) in outputs {
            row.iter_mut().for_each(|weight| *weight = (f64::from(*weight) * factor) as f32);
            *bias = (f64::from(*bias) * factor + shift) as f32;
        }
    }

    /// Folds it into the dense layer behind it.
    pub fn into_inputs(self, dense: &mut Dense) {
        for (row, bias) in dense.weights.chunks_exact_mut(dense.inputs.max(1)).zip(&mut dense.bias) {
            let mut sum = f64::from(*bias);
            for (weight, (factor, shift)) in row.iter_mut().zip(self.factor.iter().zip(&self.shift)) {
                sum += f64::from(*weight) * shift;
                *weight = (f64::from(*weight) * factor) as f32;
            }
            *bias = sum as f32;
        }
    }
}
