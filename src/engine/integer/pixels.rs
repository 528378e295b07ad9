//! The picture as the first convolution reads it.

use tract_onnx::tract_core::internal::*;

/// RGB bytes `1×H×W×3` to int8 planes `1×3×(H+2)×(W+2)` in BGR order, bordered with the value that stands for zero.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
pub struct Pixels {
    /// Zero points of red, green and blue.
    pub mean_rgb: [u8; 3],
}

impl Pixels {
    fn planes(&self, rgb: &[u8], height: usize, width: usize) -> Vec<i8> {
        let shift = |byte: u8| (byte ^ 0x80) as i8;
        let padded_width = width + 2;
        let plane = (height + 2) * padded_width;
        let mut planes = Vec::with_capacity(3 * plane);
        for channel in [2, 1, 0] {
            let start = planes.len();
            planes.resize(start + plane, shift(self.mean_rgb[channel]));
            for (y, row) in rgb.chunks_exact(width * 3).enumerate() {
                let out = &mut planes[start + (y + 1) * padded_width + 1..][..width];
                for (value, pixel) in out.iter_mut().zip(row.as_chunks::<3>().0) {
                    *value = shift(pixel[channel]);
                }
            }
        }
        planes
    }
}

impl Op for Pixels {
    fn name(&self) -> StaticName {
        "Pixels".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Pixels {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let picture = args_1!(inputs);
        let &[1, height, width, 3] = picture.shape() else { bail!("a picture of the shape {:?}", picture.shape()) };
        let planes = self.planes(picture.try_as_plain_ram()?.as_slice::<u8>()?, height, width);
        Ok(tvec!(Tensor::from_shape(&[1, 3, height + 2, width + 2], &planes)?.into_tvalue()))
    }
}

impl TypedOp for Pixels {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].rank() == 4 && inputs[0].datum_type == u8::datum_type());
        let shape = &inputs[0].shape;
        Ok(tvec!(i8::fact([1.to_dim(), 3.to_dim(), shape[1].clone() + 2, shape[2].clone() + 2])))
    }

    as_op!();
}
