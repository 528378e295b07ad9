//! From int32 sums to the next layer's int8 activations.

use tract_onnx::tract_core::internal::*;

use super::ZERO;

/// `1×O×H×W` or `1×O` int32 sums to int8 activations, with ReLU, and optionally a 2×2 max pool and a border of one.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
pub struct Requantize {
    /// Added to each channel's sums.
    pub bias: Arc<Vec<i32>>,
    /// Bits of the factor from a channel's sums to output steps, a positive float.
    pub factor_bits: Arc<Vec<u32>>,
    /// Whether a 2×2 max pool with stride 2 comes first.
    pub pool: bool,
    /// Whether the output has a border of one pixel that stands for zero.
    pub border: bool,
}

/// Adding this to a float from 0 to 255 rounds it, half to even, and leaves the whole number in the lowest bits.
const ROUNDER: f32 = (3 << 22) as f32;

/// Cuts to 0…255, rounds half to even and shifts to int8.
fn steps(sum: i32, factor: f32) -> i8 {
    let step = (sum as f32 * factor).clamp(0.0, 255.0) + ROUNDER;
    (step.to_bits() as u8 ^ 0x80) as i8
}

impl Requantize {
    fn size_of_output(&self, height: usize, width: usize) -> (usize, usize) {
        let border = if self.border { 2 } else { 0 };
        if self.pool { (height / 2 + border, width / 2 + border) } else { (height + border, width + border) }
    }

    fn plane(&self, channel: usize, sums: &[i32], width: usize, out: &mut [i8], out_width: usize) {
        let bias = self.bias[channel];
        let factor = f32::from_bits(self.factor_bits[channel]);
        let border = usize::from(self.border);
        if self.pool {
            for (y, rows) in sums.chunks_exact(2 * width).enumerate() {
                let (top, bottom) = rows.split_at(width);
                let row = &mut out[(y + border) * out_width + border..][..width / 2];
                for ((value, t), b) in row.iter_mut().zip(top.as_chunks::<2>().0).zip(bottom.as_chunks::<2>().0) {
                    let highest = t[0].max(t[1]).max(b[0]).max(b[1]);
                    *value = steps(highest.wrapping_add(bias), factor);
                }
            }
        } else {
            for (y, sums) in sums.chunks_exact(width).enumerate() {
                let row = &mut out[(y + border) * out_width + border..][..width];
                for (value, &sum) in row.iter_mut().zip(sums) {
                    *value = steps(sum.wrapping_add(bias), factor);
                }
            }
        }
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
        let (channels, height, width, flat) = match *input.shape() {
            [1, channels, height, width] => (channels, height, width, false),
            [1, channels] => (channels, 1, 1, true),
            _ => bail!("sums of the shape {:?}", input.shape()),
        };
        ensure!(channels == self.bias.len() && channels == self.factor_bits.len());
        let (out_height, out_width) = self.size_of_output(height, width);
        let mut out = vec![ZERO; channels * out_height * out_width];
        let input = input.try_as_plain_ram()?;
        let planes = input.as_slice::<i32>()?.chunks_exact(height * width);
        for (channel, (sums, out)) in planes.zip(out.chunks_exact_mut(out_height * out_width)).enumerate() {
            self.plane(channel, sums, width, out, out_width);
        }
        let shape: &[usize] = if flat { &[1, channels] } else { &[1, channels, out_height, out_width] };
        Ok(tvec!(Tensor::from_shape(shape, &out)?.into_tvalue()))
    }
}

impl TypedOp for Requantize {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].datum_type == i32::datum_type());
        let shape = inputs[0].shape.as_concrete().context("sums of a known shape")?;
        match *shape {
            [1, channels, height, width] => {
                let (height, width) = self.size_of_output(height, width);
                Ok(tvec!(i8::fact([1, channels, height, width])))
            }
            [1, channels] => Ok(tvec!(i8::fact([1, channels]))),
            _ => bail!("sums of the shape {shape:?}"),
        }
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
    fn pooling_leaves_a_border_and_drops_an_odd_row_and_column() {
        let op = Requantize {
            bias: Arc::new(vec![1, 0]),
            factor_bits: Arc::new(vec![1f32.to_bits(), 2f32.to_bits()]),
            pool: true,
            border: true,
        };
        let sums: Vec<i32> = (0..18).collect();
        let input = Tensor::from_shape(&[1, 2, 3, 3], &sums).unwrap().into_tvalue();
        let output = op.eval(&EvalContext::out_of_plan(), tvec!(input)).unwrap().remove(0);
        assert_eq!(output.shape(), &[1, 2, 3, 3]);
        let values: Vec<i32> =
            output.try_as_plain_ram().unwrap().as_slice::<i8>().unwrap().iter().map(|&v| i32::from(v) + 128).collect();
        // The highest of 0, 1, 3, 4 plus 1; twice the highest of 9, 10, 12, 13.
        assert_eq!(values, [0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 26, 0, 0, 0, 0]);
    }
}
