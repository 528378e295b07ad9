//! The whole network as one op of a tract plan.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;

use super::{
    Numbers,
    engine::{Engine, Pixels},
    program::Input,
};
use crate::model::familiarity::Familiarity;

/// A picture to the last layer's output: float values `1×O`, or uint8 steps `1×O` where that layer is quantized and ends
/// the network. Where asked for, the picture's familiarity, float `1×1`, is a second output.
#[derive(Clone)]
pub struct FusedNetwork<A: Numbers> {
    /// What runs.
    pub engine: Engine<A>,
    /// Whether quantized outputs are given as steps and not as real numbers.
    pub steps: bool,
    /// What computes familiarity.
    pub familiarity: Option<Arc<Familiarity>>,
}

impl<A: Numbers> FusedNetwork<A> {
    /// The tensor that the op takes.
    pub fn input_fact(&self) -> TypedFact {
        match &self.engine.program().input {
            Input::Picture { map } | Input::Centred { map, .. } => u8::fact([1, map.height, map.width, map.channels]),
            Input::Real { map, .. } => f32::fact([1, map.channels, map.height, map.width]),
        }
    }

    /// Runs the network and gives its values as floats, and familiarity.
    fn values(&self, input: &Tensor) -> TractResult<(Vec<f32>, Option<f32>)> {
        let output = self.engine.program().output;
        let mut values = vec![0.0; output.count];
        let plain = input.try_as_plain_ram()?;
        let pixels = match &self.engine.program().input {
            Input::Picture { .. } | Input::Centred { .. } => Pixels::Bytes(plain.as_slice::<u8>()?),
            Input::Real { .. } => Pixels::Real(plain.as_slice::<f32>()?),
        };
        let Some(familiarity) = &self.familiarity else {
            self.engine.run(&[pixels], &mut values, None)?;
            return Ok((values, None));
        };
        let steps = self.engine.program().pooled(&familiarity.layers).map_err(TractError::msg)?;
        let pooled = self.engine.run_pooled(pixels, &mut values, &steps)?;
        Ok((values, Some(familiarity.of(&pooled))))
    }
}

impl<A: Numbers> std::fmt::Debug for FusedNetwork<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FusedNetwork of {} steps", self.engine.program().steps.len())
    }
}

impl<A: Numbers> PartialEq for FusedNetwork<A> {
    fn eq(&self, other: &Self) -> bool {
        self.engine.is(&other.engine) && self.steps == other.steps && self.familiarity == other.familiarity
    }
}

impl<A: Numbers> Eq for FusedNetwork<A> {}

impl<A: Numbers> Op for FusedNetwork<A> {
    fn name(&self) -> StaticName {
        "FusedNetwork".into()
    }

    op_as_typed_op!();
}

impl<A: Numbers> EvalOp for FusedNetwork<A> {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let (values, familiarity) = self.values(&input)?;
        let shape = [1, values.len()];
        let output = match self.engine.program().output.steps {
            Some(_) if self.steps => {
                let steps: Vec<u8> = values.iter().map(|&value| value as u8).collect();
                Tensor::from_shape(&shape, &steps)?
            }
            Some((scale, zero_point)) => {
                let real: Vec<f32> = values.iter().map(|value| (value - f32::from(zero_point)) * scale).collect();
                Tensor::from_shape(&shape, &real)?
            }
            None => Tensor::from_shape(&shape, &values)?,
        };
        let mut outputs = tvec!(output.into_tvalue());
        if let Some(familiarity) = familiarity {
            outputs.push(Tensor::from_shape(&[1, 1], &[familiarity])?.into_tvalue());
        }
        Ok(outputs)
    }
}

impl<A: Numbers> TypedOp for FusedNetwork<A> {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let expected = self.input_fact();
        ensure!(
            inputs.len() == 1 && inputs[0].datum_type == expected.datum_type && inputs[0].shape == expected.shape,
            "a network for {expected:?} gets {inputs:?}"
        );
        let output = self.engine.program().output;
        let shape = [1, output.count];
        let mut facts = tvec!(if self.steps && output.steps.is_some() { u8::fact(shape) } else { f32::fact(shape) });
        if self.familiarity.is_some() {
            facts.push(f32::fact([1, 1]));
        }
        Ok(facts)
    }

    as_op!();
}
