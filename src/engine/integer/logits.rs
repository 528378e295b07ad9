//! The last layer's sums as real numbers.

use tract_onnx::tract_core::internal::*;

/// `1×O` int32 sums to float: plus the bias, times the channel's scale.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
pub struct Logits {
    /// Added to each output's sum.
    pub bias: Arc<Vec<i32>>,
    /// Bits of the real value of one step of an output's sum.
    pub scale_bits: Arc<Vec<u32>>,
}

impl Op for Logits {
    fn name(&self) -> StaticName {
        "Logits".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Logits {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let input = input.try_as_plain_ram()?;
        let sums = input.as_slice::<i32>()?;
        ensure!(sums.len() == self.bias.len() && sums.len() == self.scale_bits.len());
        let real: Vec<f32> = sums
            .iter()
            .zip(self.bias.iter().zip(self.scale_bits.iter()))
            .map(|(&sum, (&bias, &bits))| sum.wrapping_add(bias) as f32 * f32::from_bits(bits))
            .collect();
        Ok(tvec!(Tensor::from_shape(&[1, real.len()], &real)?.into_tvalue()))
    }
}

impl TypedOp for Logits {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].datum_type == i32::datum_type());
        Ok(tvec!(f32::fact(inputs[0].shape.iter())))
    }

    as_op!();
}
