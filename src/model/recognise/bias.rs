//! Biases: float constants, or integer constants behind `DequantizeLinear`.

use super::weights::{Scales, dequantized};
use crate::model::onnx::{
    graph::{Graph, describe, input},
    tensor::Elements,
};

/// A layer's bias.
#[derive(Debug)]
pub enum Bias {
    /// Float.
    Real(Vec<f32>),
    /// int32, in steps of the input's scale times the weights' scale.
    Steps(Vec<i32>),
}

impl Bias {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Bias::Real(values) => values.len(),
            Bias::Steps(steps) => steps.len(),
        }
    }
}

/// Reads the bias called `name` of a layer with float weights.
pub fn read_real(graph: &Graph, name: &str) -> Result<Bias, String> {
    match graph.constant(name)?.elements {
        Elements::F32(values) => Ok(Bias::Real(values)),
        _ => Err(format!("the bias {name:?} is not float")),
    }
}

/// Reads the bias called `name` of a layer whose sums come in `steps`, one real value for each output.
///
/// A float bias, or one in other steps, is rounded to these, half to even.
pub fn read_steps(graph: &Graph, name: &str, steps: &[f32]) -> Result<Bias, String> {
    let real: Vec<f64> = if graph.is_constant(name) {
        match graph.constant(name)?.elements {
            Elements::F32(values) => values.into_iter().map(f64::from).collect(),
            _ => return Err(format!("the bias {name:?} is not float")),
        }
    } else {
        let node = dequantized(graph, name)?;
        let elements = graph.constant(input(node, 0).unwrap_or_default())?.elements;
        let Scales { scales, zeros } = Scales::read(graph, node, &[elements.len()], 0)?;
        match elements {
            Elements::I32(values) if zeros.iter().all(|&zero| zero == 0) && same(&scales, steps) => {
                return Ok(Bias::Steps(values));
            }
            elements => {
                let integers =
                    elements.integers().ok_or_else(|| format!("{} dequantizes what is float", describe(node)))?;
                let real = |(value, (&zero, &scale))| (value - i64::from(zero)) as f64 * f64::from(scale);
                integers.into_iter().zip(zeros.iter().zip(&scales)).map(real).collect()
            }
        }
    };
    if real.len() != steps.len() {
        return Err(format!("the bias {name:?} has {} values for {} outputs", real.len(), steps.len()));
    }
    let rounded = real.iter().zip(steps).map(|(&real, &step)| {
        let steps = (real / f64::from(step)).round_ties_even();
        let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&steps);
        if fits { Ok(steps as i32) } else { Err(format!("the bias {name:?} holds {real}, too many steps of {step}")) }
    });
    rounded.collect::<Result<_, _>>().map(Bias::Steps)
}

/// Whether scales are equal but for the rounding of a product.
fn same(scales: &[f32], expected: &[f32]) -> bool {
    let near = |(scale, expected): (&f32, &f32)| (scale - expected).abs() <= expected.abs() * 1e-5;
    scales.len() == expected.len() && scales.iter().zip(expected).all(near)
}
