//! A dense layer for one picture: it reads the weights of those inputs that are not zero, as fast as memory gives them.

use std::sync::atomic::Ordering;

use super::{Numbers, frame::Frame, map::Layout};
use crate::engine::kernels::{DENSE_BLOCK, DenseJob, OutputPixels};

/// What a dense layer's sums become.
#[derive(Clone, Debug)]
pub enum DenseOutput<A: Numbers> {
    /// Activations.
    Activations(A::Layer),
    /// Real numbers, in another way.
    Real(A::Real),
}

/// Rows of values in the arena, one for each picture.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Where the first one starts.
    pub at: usize,
    /// Values of a row, with padding.
    pub count: usize,
}

/// A dense layer with everything that follows it.
#[derive(Clone, Debug)]
pub struct Dense<A: Numbers> {
    /// The inputs, activations.
    pub from: Rows,
    /// Whether an input of zero adds nothing to any sum.
    pub skip_zeros: bool,
    /// The outputs, whole blocks.
    pub to: Rows,
    /// Number of outputs.
    pub real: usize,
    /// What the sums become.
    pub output: DenseOutput<A>,
    /// Which step of the program this is.
    pub step: usize,
    /// First phase of this layer, for [`Frame::claim`].
    pub phase: usize,
    /// Where the weights start.
    pub weights: usize,
}

impl<A: Numbers> Dense<A> {
    /// Places in a member's scratch memory: indices, values, sums; and its length.
    fn scratch_places(&self) -> ([usize; 3], usize) {
        let mut layout = Layout::default();
        let listed = self.from.count + 4;
        let bytes = [size_of::<u32>() * listed, size_of::<A::Activation>() * listed, size_of::<A::Sum>() * DENSE_BLOCK];
        let places = bytes.map(|bytes| layout.take(bytes));
        (places, layout.length)
    }

    /// Bytes of scratch memory for a member.
    pub fn scratch(&self) -> usize {
        self.scratch_places().1
    }

    /// Does a member's share of the work.
    pub fn run(&self, frame: &Frame<A>) {
        let ([indices, values, sums], _) = self.scratch_places();
        let (indices, values, sums) = (frame.own::<u32>(indices), frame.own(values), frame.own(sums));
        let count = self.list(frame, indices, values);
        if frame.member == 0 {
            frame.inputs_read[self.step].store(count, Ordering::Relaxed);
        }
        while let Some(blocks) = frame.claim(self.phase, self.to.count / DENSE_BLOCK) {
            for block in blocks {
                let job = DenseJob {
                    indices,
                    values,
                    count,
                    weights: frame
                        .packed::<A::Weight>(self.weights)
                        .wrapping_add(block * self.from.count * DENSE_BLOCK),
                    sums,
                };
                // SAFETY: the frame's two rules; the list was just written, with entries of value 0 behind it.
                unsafe { (frame.kernels.dense)(&job) };
                self.write(frame, block * DENSE_BLOCK, sums);
            }
        }
    }

    /// Lists the inputs that matter; every member for itself, which takes less time than waiting for one to do it.
    fn list(&self, frame: &Frame<A>, indices: *mut u32, values: *mut A::Activation) -> usize {
        let zero = A::Activation::default();
        let mut count = 0;
        // SAFETY: the frame's two rules; both lists take all inputs and 4 entries more.
        unsafe {
            let inputs = std::slice::from_raw_parts(frame.at::<A::Activation>(self.from.at), self.from.count);
            for (index, &value) in inputs.iter().enumerate() {
                indices.add(count).write(index as u32);
                values.add(count).write(value);
                count += usize::from(value != zero || !self.skip_zeros);
            }
            for entry in count..count + 4 {
                indices.add(entry).write(0);
                values.add(entry).write(zero);
            }
        }
        count
    }

    fn write(&self, frame: &Frame<A>, first: usize, sums: *const A::Sum) {
        match &self.output {
            DenseOutput::Activations(layer) => {
                let output = OutputPixels {
                    sums,
                    sums_stride: 0,
                    sums_row_stride: 0,
                    lanes: DENSE_BLOCK,
                    finish: A::finish(layer, first, DENSE_BLOCK),
                    pool: false,
                    to: frame.at::<A::Activation>(self.to.at).wrapping_add(first),
                    pixel_stride: 0,
                    count: 1,
                };
                // SAFETY: the frame's two rules; the sums were just written.
                unsafe { (frame.kernels.direct_output)(&output) };
            }
            DenseOutput::Real(real) => {
                let to = frame.at::<f32>(self.to.at);
                for o in first..self.real.min(first + DENSE_BLOCK) {
                    // SAFETY: the frame's two rules; the sums were just written.
                    unsafe { to.add(o).write(A::real(real, o, *sums.add(o - first))) };
                }
            }
        }
    }
}
