//! Weights in the order in which the kernels read them; see [`kernels`](crate::engine::kernels) for the shapes.

use crate::engine::kernels::{Arithmetic, DENSE_BLOCK, Kernels, Transforms, WeightPanel};

/// Kernels of a convolution, `O×I×3×3`, read by output, input, row and column; zero outside.
#[derive(Clone, Copy)]
pub struct Taps<'a, W> {
    /// Row-major.
    pub weights: &'a [W],
    /// `I`.
    pub inputs: usize,
    /// `O`.
    pub outputs: usize,
    /// Whether a map's channels come in the opposite order.
    pub reversed: bool,
}

impl<W: Copy + Default> Taps<'_, W> {
    fn at(&self, output: usize, input: usize, tap: usize) -> W {
        if output >= self.outputs || input >= self.inputs {
            return W::default();
        }
        let input = if self.reversed { self.inputs - 1 - input } else { input };
        self.weights[(output * self.inputs + input) * 9 + tap]
    }
}

/// One panel for direct convolution of a map of `channels`.
pub fn direct_panel<A: Arithmetic>(
    kernels: &Kernels<A>,
    taps: Taps<A::Weight>,
    channels: usize,
    depth: usize,
    panel: usize,
) -> Vec<A::Weight> {
    let mut packed = Vec::with_capacity(3 * depth * kernels.panel);
    for row in 0..3 {
        for first in (0..depth).step_by(kernels.group) {
            for output in panel * kernels.panel..(panel + 1) * kernels.panel {
                packed.extend((first..first + kernels.group).map(|k| {
                    if k < 3 * channels {
                        taps.at(output, k % channels, row * 3 + k / channels)
                    } else {
                        A::Weight::default()
                    }
                }));
            }
        }
    }
    packed
}

/// One panel for Winograd convolution of a map of `channels`, before its transform.
pub fn winograd_panel<A: Arithmetic>(
    kernels: &Kernels<A>,
    taps: Taps<A::Weight>,
    channels: usize,
    panel: usize,
) -> Vec<A::Weight> {
    let mut packed = Vec::with_capacity(9 * channels * kernels.panel);
    for tap in 0..9 {
        for first in (0..channels).step_by(kernels.pair) {
            for output in panel * kernels.panel..(panel + 1) * kernels.panel {
                packed.extend((first..first + kernels.pair).map(|input| taps.at(output, input, tap)));
            }
        }
    }
    packed
}

/// The same panel, transformed.
pub fn transformed<A: Arithmetic>(transforms: &Transforms<A>, panel: &[A::Weight]) -> Vec<A::Transformed> {
    let length = panel.len() / 9;
    let mut to = vec![A::Transformed::default(); transforms.positions() * length];
    let job = WeightPanel { from: panel.as_ptr(), from_stride: length, to: to.as_mut_ptr(), to_stride: length, length };
    // SAFETY: nine planes of `length` are read, and one written for each position; a plane is whole channels of a panel, which is a multiple of
    // every vector's lanes; who gave the table has checked the processor.
    unsafe { (transforms.weights)(&job) };
    to
}

/// One block of dense weights: `order[i]` is the place of the block's `i`-th input in a row of `weights`, which has `inputs`
/// values for each output; `None` is padding.
pub fn dense_block<W: Copy + Default>(
    weights: &[W],
    inputs: usize,
    outputs: usize,
    order: &[Option<u32>],
    block: usize,
) -> Vec<W> {
    /// Inputs whose packed weights stay in cache while all outputs are written.
    const SOME: usize = 256;
    let mut packed = vec![W::default(); order.len() * DENSE_BLOCK];
    let rows = block * DENSE_BLOCK..outputs.min((block + 1) * DENSE_BLOCK);
    for (order, packed) in order.chunks(SOME).zip(packed.chunks_mut(SOME * DENSE_BLOCK)) {
        for (o, row) in rows.clone().enumerate() {
            let row = &weights[row * inputs..][..inputs];
            for (i, place) in order.iter().enumerate() {
                if let Some(place) = place {
                    packed[i * DENSE_BLOCK + o] = row[*place as usize];
                }
            }
        }
    }
    packed
}

/// One panel of dense weights for products, `[inputs/G][P][G]`; `order` as in [`dense_block`].
pub fn dense_panel<A: Arithmetic>(
    kernels: &Kernels<A>,
    weights: &[A::Weight],
    inputs: usize,
    outputs: usize,
    order: &[Option<u32>],
    panel: usize,
) -> Vec<A::Transformed> {
    /// Inputs whose packed weights stay in cache while all outputs are written.
    const SOME: usize = 256;
    let (width, pair) = (kernels.panel, kernels.pair);
    let mut packed = vec![A::Transformed::default(); order.len() * width];
    let rows = panel * width..outputs.min((panel + 1) * width);
    for (order, packed) in order.chunks(SOME).zip(packed.chunks_mut(SOME * width)) {
        for (o, row) in rows.clone().enumerate() {
            let row = &weights[row * inputs..][..inputs];
            for (i, place) in order.iter().enumerate() {
                if let Some(place) = place {
                    packed[(i / pair * width + o) * pair + i % pair] = row[*place as usize].into();
                }
            }
        }
    }
    packed
}
