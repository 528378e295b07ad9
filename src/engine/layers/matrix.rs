//! A dense layer for many pictures: a matrix product, which reads the weights once for all of them.
//!
//! ```text
//! gather the pictures' inputs into chunks
//! for each panel of outputs
//!     for each range of inputs
//!         for each few pictures: multiply
//!     for each picture: write its outputs
//! ```

use super::{
    Numbers,
    dense::{DenseOutput, Rows},
    frame::{Frame, part},
};
use crate::engine::kernels::{Kernels, OutputPixels, ProductJob};

/// Inputs whose weights stay in cache while all pictures are multiplied with them.
const DEPTH: usize = 256;

/// A dense layer with everything that follows it.
#[derive(Clone, Debug)]
pub struct Matrix<A: Numbers> {
    /// The inputs, activations.
    pub from: Rows,
    /// The outputs, whole panels.
    pub to: Rows,
    /// Number of outputs.
    pub real: usize,
    /// What the sums become.
    pub output: DenseOutput<A>,
    /// Most pictures.
    pub pictures: usize,
    /// First of two phases of this layer, for [`Frame::claim`].
    pub phase: usize,
    /// Where the weights start.
    pub weights: usize,
    /// Where the gathered inputs start in the arena.
    pub gathered: usize,
}

impl<A: Numbers> Matrix<A> {
    /// Bytes of gathered inputs, which members share.
    pub fn shared_inputs(&self, kernels: &Kernels<A>) -> usize {
        self.from.count.next_multiple_of(kernels.chunk) * self.pictures * size_of::<A::Transformed>()
    }

    /// Bytes of scratch memory for a member.
    pub fn scratch(&self, kernels: &Kernels<A>) -> usize {
        self.pictures * kernels.panel * size_of::<A::Sum>()
    }

    /// Does a member's share of the work.
    pub fn run(&self, frame: &Frame<A>) {
        while let Some(chunks) = frame.claim(self.phase, self.from.count.div_ceil(frame.kernels.chunk)) {
            chunks.for_each(|chunk| self.gather(frame, chunk));
        }
        frame.barrier.wait();
        while let Some(panels) = frame.claim(self.phase + 1, self.to.count / frame.kernels.panel) {
            for panel in panels {
                self.multiply(frame, panel);
                self.write(frame, panel);
            }
        }
    }

    /// Copies all pictures' inputs of a chunk.
    fn gather(&self, frame: &Frame<A>, chunk: usize) {
        let length = frame.kernels.chunk;
        let inputs = chunk * length..self.from.count.min((chunk + 1) * length);
        let to = frame.at::<A::Transformed>(self.gathered).wrapping_add(chunk * length * frame.pictures);
        for picture in 0..frame.pictures {
            let from = frame.at::<A::Activation>(self.from.at).wrapping_add(picture * self.from.count);
            for input in inputs.clone() {
                // SAFETY: the frame's two rules.
                unsafe {
                    to.add(picture * length + input - inputs.start).write(A::Transformed::from(*from.add(input)));
                }
            }
        }
    }

    /// Sums one panel's outputs for all pictures in scratch memory.
    fn multiply(&self, frame: &Frame<A>, panel: usize) {
        let kernels = frame.kernels;
        let sums: *mut A::Sum = frame.own(0);
        let inputs = frame.at::<A::Transformed>(self.gathered).cast_const();
        let weights =
            frame.packed::<A::Transformed>(self.weights).wrapping_add(panel * self.from.count * kernels.panel);
        for start in (0..self.from.count).step_by(DEPTH) {
            for index in 0..frame.pictures.div_ceil(kernels.tiles) {
                let some = part(frame.pictures, kernels.tiles, index);
                let job = ProductJob {
                    inputs: inputs.wrapping_add(start * frame.pictures + some.start * kernels.chunk),
                    chunk_stride: kernels.chunk * frame.pictures,
                    channels: DEPTH.min(self.from.count - start),
                    next: None,
                    tiles: some.len(),
                    weights: weights.wrapping_add(start * kernels.panel),
                    sums: sums.wrapping_add(some.start * kernels.panel),
                    accumulate: start > 0,
                };
                // SAFETY: the frame's two rules; `DEPTH` is whole chunks, and rows are whole steps of channels.
                unsafe { (kernels.product)(&job) };
            }
        }
    }

    fn write(&self, frame: &Frame<A>, panel: usize) {
        let lanes = frame.kernels.panel;
        let first = panel * lanes;
        for picture in 0..frame.pictures {
            let sums = frame.own::<A::Sum>(0).wrapping_add(picture * lanes).cast_const();
            match &self.output {
                DenseOutput::Activations(layer) => {
                    let output = OutputPixels {
                        sums,
                        sums_stride: 0,
                        sums_row_stride: 0,
                        lanes,
                        finish: A::finish(layer, first, lanes),
                        pool: false,
                        to: frame.at::<A::Activation>(self.to.at).wrapping_add(picture * self.to.count + first),
                        pixel_stride: 0,
                        count: 1,
                    };
                    // SAFETY: the frame's two rules; the sums were just written.
                    unsafe { (frame.kernels.direct_output)(&output) };
                }
                DenseOutput::Real(real) => {
                    let to = frame.at::<f32>(self.to.at).wrapping_add(picture * self.to.count);
                    for o in first..self.real.min(first + lanes) {
                        // SAFETY: the frame's two rules; the sums were just written.
                        unsafe { to.add(o).write(A::real(real, o, *sums.add(o - first))) };
                    }
                }
            }
        }
    }
}
