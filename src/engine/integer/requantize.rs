//! From int32 sums to the next layer's int8 activations.

use tract_onnx::tract_core::internal::*;

/// `1×O` int32 sums to int8 activations, with ReLU.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
pub struct Requantize {
    /// Added to each channel's sums.
    pub bias: Arc<Vec<i32>>,
    /// Bits of the factor from a channel's sums to output steps, a positive float.
    pub factor_bits: Arc<Vec<u32>>,
}

/// Adding this to a float from 0 to 255 rounds it, half to even, and leaves the whole number in the lowest bits.
const ROUNDER: f32 = (3 << 22) as f32;

/// Cuts to 0…255, rounds half to even and shifts to int8.
#[inline(always)]
fn steps(sum: i32, factor: f32) -> i8 {
    let step = (sum as f32 * factor).clamp(0.0, 255.0) + ROUNDER;
    (step.to_bits() as u8 ^ 0x80) as i8
}

impl Requantize {
    /// Requantizes planes of whole rows of `width` sums, as many planes as channels. With `pool`, takes the highest of
    /// each 2×2 sums; an odd last row or column is left out.
    pub fn planes(&self, sums: &[i32], width: usize, pool: bool) -> Vec<i8> {
        let plane = (sums.len() / self.bias.len().max(1)).max(1);
        let rows = plane / width;
        let out_plane = if pool { (rows / 2) * (width / 2) } else { plane };
        let mut out = vec![0; out_plane * self.bias.len()];
        let channels = self.bias.iter().zip(&*self.factor_bits);
        let planes = sums.chunks_exact(plane).zip(out.chunks_exact_mut(out_plane.max(1)));
        for ((sums, out), (&bias, &bits)) in planes.zip(channels) {
            let factor = f32::from_bits(bits);
            if pool {
                let mut highest = vec![0; width / 2];
                for (sums, out) in sums.chunks_exact(2 * width).zip(out.chunks_exact_mut((width / 2).max(1))) {
                    let (top, bottom) = sums.split_at(width);
                    let squares = top.as_chunks::<2>().0.iter().zip(bottom.as_chunks::<2>().0);
                    for (highest, (t, b)) in highest.iter_mut().zip(squares) {
                        *highest = t[0].max(t[1]).max(b[0].max(b[1]));
                    }
                    scale(&highest, bias, factor, out);
                }
            } else {
                scale(sums, bias, factor, out);
            }
        }
        out
    }
}

fn scale(sums: &[i32], bias: i32, factor: f32, out: &mut [i8]) {
    for (out, &sum) in out.iter_mut().zip(sums) {
        *out = steps(sum.wrapping_add(bias), factor);
    }
}

impl Op for Requantize {
    fn name(&self) -> StaticName {
        "Requantize".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Requantize {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        ensure!(input.shape() == [1, self.bias.len()] && self.bias.len() == self.factor_bits.len());
        let sums = input.try_as_plain_ram()?;
        let out = self.planes(sums.as_slice::<i32>()?, 1, false);
        Ok(tvec!(Tensor::from_shape(&[1, out.len()], &out)?.into_tvalue()))
    }
}

impl TypedOp for Requantize {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].datum_type == i32::datum_type());
        Ok(tvec!(i8::fact(inputs[0].shape.iter())))
    }

    as_op!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_step_rounds_to_even_and_negative_sums_to_zero() {
        let reals = [-7, 0, 1, 2, 3, 5, 509, 511, 600];
        let expected = [0, 0, 0, 1, 2, 2, 254, 255, 255];
        let rounded: Vec<i32> = reals.iter().map(|&sum| i32::from(steps(sum, 0.5)) + 128).collect();
        assert_eq!(rounded, expected);
    }

    #[test]
    fn pooling_drops_an_odd_row_and_column() {
        let op = Requantize { bias: Arc::new(vec![1, 0]), factor_bits: Arc::new(vec![1f32.to_bits(), 2f32.to_bits()]) };
        let sums: Vec<i32> = (0..18).collect();
        let values: Vec<i32> = op.planes(&sums, 3, true).iter().map(|&v| i32::from(v) + 128).collect();
        // The highest of 0, 1, 3, 4 plus 1; twice the highest of 9, 10, 12, 13.
        assert_eq!(values, [5, 26]);
    }
}
