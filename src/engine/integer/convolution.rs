//! A 3×3 convolution with everything that follows it, strip by strip.
//!
//! A strip is a few output rows: its patches are packed, multiplied by tract's integer kernel, and requantized at once,
//! so that patches and sums stay in cache. Strips are independent, and threads take one each.

use rayon::prelude::*;
use tract_onnx::{
    prelude::{
        multithread::{Executor, current_tract_executor},
        tract_linalg::{
            MmmDispatch,
            mmm::{AsInputValue, FusedSpec, MMMInputFormat, MMMInputValue, MatMatMul, Query},
        },
    },
    tract_core::internal::*,
};

use super::{
    ZERO,
    patches::{self, Bordered},
    requantize::Requantize,
};
use crate::model::quantized::QuantizedConv;

/// Bytes of packed patches that a strip aims at.
const STRIP_BYTES: usize = 192 * 1024;
/// Columns that a strip has at least, where the map has as many, so that weights are not read too often.
const STRIP_COLUMNS: usize = 256;

/// Bordered int8 planes `1×I×(H+2)×(W+2)` to the activations `1×O×…` behind the convolution, ReLU, and a 2×2 max pool
/// where one follows.
#[derive(Debug, Clone)]
pub struct Convolution {
    kernel: Box<dyn MatMatMul>,
    packing: usize,
    weights: Box<dyn MMMInputValue>,
    inputs: usize,
    outputs: usize,
    requantize: Requantize,
    /// Whether a 2×2 max pool with stride 2 follows.
    pool: bool,
    /// Whether the output has a border of one pixel that stands for zero.
    border: bool,
}

impl PartialEq for Convolution {
    fn eq(&self, other: &Self) -> bool {
        PartialEq::eq(&self.kernel, &other.kernel)
            && PartialEq::eq(&self.weights, &other.weights)
            && (self.packing, self.inputs, self.outputs) == (other.packing, other.inputs, other.outputs)
            && (&self.requantize, self.pool, self.border) == (&other.requantize, other.pool, other.border)
    }
}

impl Eq for Convolution {}

/// Rows and columns of a map.
type Size = (usize, usize);

impl Convolution {
    /// Packs the weights for the kernel that tract prefers on this processor for maps of `columns` pixels.
    pub fn new(
        conv: &QuantizedConv,
        requantize: Requantize,
        columns: usize,
        pool: bool,
        border: bool,
    ) -> TractResult<Self> {
        let (m, k) = (conv.outputs, conv.inputs * 9);
        let query = Query {
            weight: i8::datum_type().into(),
            activation: i8::datum_type(),
            accumulators: tvec![i32::datum_type()],
            store: Some(i32::datum_type()),
            allow_extractor: false,
            m: Some(m),
            k: Some(k),
            n: Some(columns),
        };
        let (kernel, packing, _) =
            MmmDispatch::native().pick(&query).context("tract has no integer kernel for this processor")?;
        let (weights_format, patches_format) = &kernel.packings()[packing];
        ensure!(patches::is_supported(&**patches_format), "tract's kernel {} reads {patches_format}", kernel.name());
        let weights = weights_format.prepare_one(&Tensor::from_shape(&[m, k], &conv.weights)?, 1, 0)?;
        let (inputs, outputs) = (conv.inputs, conv.outputs);
        Ok(Convolution { kernel, packing, weights, inputs, outputs, requantize, pool, border })
    }

    fn patches_format(&self) -> &dyn MMMInputFormat {
        &*self.kernel.packings()[self.packing].1
    }

    /// Output rows of a strip; even where a max pool follows.
    fn strip_rows(&self, (height, width): Size) -> usize {
        let columns = (STRIP_BYTES / (self.inputs * 9)).max(STRIP_COLUMNS);
        let rows = (columns / width).clamp(1, height);
        if self.pool { rows.next_multiple_of(2) } else { rows }
    }

    /// Rows and columns of the output for a map of `size`, and the width of its border.
    fn output_size(&self, (height, width): Size) -> (Size, usize) {
        let border = usize::from(self.border);
        let (height, width) = if self.pool { (height / 2, width / 2) } else { (height, width) };
        ((height + 2 * border, width + 2 * border), border)
    }

    fn activations(&self, map: Bordered) -> TractResult<Vec<i8>> {
        let size = (map.height, map.width);
        let step = self.strip_rows(size);
        let strip = |first_row: usize| self.strip(map, first_row, step.min(map.height - first_row));
        let firsts: Vec<usize> = (0..map.height).step_by(step).collect();
        let strips: Vec<Vec<i8>> = match current_tract_executor() {
            Executor::MultiThread(pool) => {
                pool.install(|| firsts.into_par_iter().map(strip).collect::<TractResult<_>>())?
            }
            _ => firsts.into_iter().map(strip).collect::<TractResult<_>>()?,
        };
        let ((out_height, out_width), border) = self.output_size(size);
        let mut out = vec![ZERO; self.outputs * out_height * out_width];
        let inner = out_width - 2 * border;
        for (channel, plane) in out.chunks_exact_mut(out_height * out_width).enumerate() {
            let rows = strips.iter().flat_map(|strip| {
                let length = strip.len() / self.outputs;
                strip[channel * length..][..length].chunks_exact(inner)
            });
            for (target, row) in plane.chunks_exact_mut(out_width).skip(border).zip(rows) {
                target[border..border + inner].copy_from_slice(row);
            }
        }
        Ok(out)
    }

    /// Activations of the output rows from `first_row` on, `rows` of them, without a border.
    fn strip(&self, map: Bordered, first_row: usize, rows: usize) -> TractResult<Vec<i8>> {
        let columns = rows * map.width;
        let patches = patches::pack(map, first_row, rows, self.inputs * 9, self.patches_format())?;
        let mut sums = Tensor::zero::<i32>(&[self.outputs, columns])?;
        let view = sums.view_mut();
        // SAFETY:
        // - the kernel was picked among those that this processor runs;
        // - both inputs were packed in the formats of `packing`, over the same `K`;
        // - the store covers `outputs` rows of `columns` int32 values, which is what `sums` holds.
        unsafe {
            let store = self.kernel.c_from_data_and_strides(size_of::<i32>(), columns as isize, 1).wrap(&view);
            let product = FusedSpec::AddMatMul {
                a: AsInputValue::Borrowed(&*self.weights),
                b: AsInputValue::Borrowed(&patches),
                packing: self.packing,
            };
            self.kernel.run(self.outputs, columns, &[product, FusedSpec::Store(store)])?;
        }
        let sums = sums.try_as_plain_ram()?;
        Ok(self.requantize.planes(sums.as_slice::<i32>()?, map.width, self.pool))
    }
}

impl Op for Convolution {
    fn name(&self) -> StaticName {
        "Convolution".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(vec![format!("{} over patches in {}", self.kernel.name(), self.patches_format())])
    }

    op_as_typed_op!();
}

impl EvalOp for Convolution {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let &[1, _, padded_height, padded_width] = input.shape() else {
            bail!("a map of the shape {:?}", input.shape())
        };
        let (height, width) = (padded_height - 2, padded_width - 2);
        let planes = input.try_as_plain_ram()?;
        let out = self.activations(Bordered { planes: planes.as_slice::<i8>()?, height, width })?;
        let ((out_height, out_width), _) = self.output_size((height, width));
        Ok(tvec!(Tensor::from_shape(&[1, self.outputs, out_height, out_width], &out)?.into_tvalue()))
    }
}

impl TypedOp for Convolution {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].datum_type == i8::datum_type());
        match inputs[0].shape.as_concrete() {
            Some(&[1, channels, height, width]) if channels == self.inputs && height > 2 && width > 2 => {
                let ((height, width), _) = self.output_size((height - 2, width - 2));
                Ok(tvec!(i8::fact([1, self.outputs, height, width])))
            }
            _ => bail!("a map of the shape {:?}", inputs[0].shape),
        }
    }

    as_op!();
}
