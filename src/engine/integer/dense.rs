//! A dense layer: it reads the weights of those inputs that are not zero, as fast as memory gives them.

use std::sync::atomic::Ordering;

use super::{frame::Frame, map::Layout, output::Requantization};
use crate::engine::kernels::{DENSE_BLOCK, DenseJob, OutputPixels};

/// What a dense layer's sums become.
#[derive(Clone, Debug)]
pub enum DenseOutput {
    /// uint8 steps.
    Steps(Requantization),
    /// Real numbers: plus the bias, times the factor.
    Real {
        /// One for each output.
        bias: Vec<i32>,
        /// One for each output.
        factor: Vec<f32>,
    },
}

/// A dense layer with everything that follows it.
#[derive(Clone, Debug)]
pub struct Dense {
    /// Where the inputs, a row of uint8 steps, start in the arena.
    pub from: usize,
    /// Number of inputs, with padding.
    pub inputs: usize,
    /// Whether an input of 0 adds nothing to any sum.
    pub skip_zeros: bool,
    /// Where the outputs start in the arena.
    pub to: usize,
    /// Number of outputs, padded to whole blocks.
    pub outputs: usize,
    /// What the sums become.
    pub output: DenseOutput,
    /// Which step of the program this is.
    pub step: usize,
    /// First phase of this layer, for [`Frame::claim`].
    pub phase: usize,
    /// Where the weights start.
    pub weights: usize,
}

impl Dense {
    /// Places in a member's scratch memory: indices, values, sums; and its length.
    fn scratch_places(&self) -> ([usize; 3], usize) {
        let mut layout = Layout::default();
        let listed = self.inputs + 4;
        let places =
            [listed * size_of::<u32>(), listed, DENSE_BLOCK * size_of::<i32>()].map(|bytes| layout.take(bytes));
        (places, layout.length)
    }

    /// Bytes of scratch memory for a member.
    pub fn scratch(&self) -> usize {
        self.scratch_places().1
    }

    /// Does a member's share of the work.
    pub fn run(&self, frame: &Frame) {
        let ([indices, values, sums], _) = self.scratch_places();
        let (indices, values, sums) = (frame.own::<u32>(indices), frame.own::<u8>(values), frame.own::<i32>(sums));
        let count = self.list(frame, indices, values);
        if frame.member == 0 {
            frame.inputs_read[self.step].store(count, Ordering::Relaxed);
        }
        while let Some(blocks) = frame.claim(self.phase, self.outputs / DENSE_BLOCK) {
            for block in blocks {
                let job = DenseJob {
                    indices,
                    values,
                    count,
                    weights: frame.packed(self.weights + block * self.inputs * DENSE_BLOCK),
                    sums,
                };
                // SAFETY: the frame's two rules; the list was just written, with entries of value 0 behind it.
                unsafe { (frame.kernels.dense)(&job) };
                self.write(frame, block * DENSE_BLOCK, sums);
            }
        }
    }

    /// Lists the inputs that matter; every member for itself, which takes less time than waiting for one to do it.
    fn list(&self, frame: &Frame, indices: *mut u32, values: *mut u8) -> usize {
        let mut count = 0;
        // SAFETY: the frame's two rules; both lists take all inputs and 4 entries more.
        unsafe {
            let inputs = std::slice::from_raw_parts(frame.at::<u8>(self.from), self.inputs);
            for (index, &value) in inputs.iter().enumerate() {
                indices.add(count).write(index as u32);
                values.add(count).write(value);
                count += usize::from(value != 0 || !self.skip_zeros);
            }
            for entry in count..count + 4 {
                indices.add(entry).write(0);
                values.add(entry).write(0);
            }
        }
        count
    }

    fn write(&self, frame: &Frame, first: usize, sums: *const i32) {
        match &self.output {
            DenseOutput::Steps(requantization) => {
                let output = OutputPixels {
                    sums,
                    sums_stride: 0,
                    sums_row_stride: 0,
                    lanes: DENSE_BLOCK,
                    bias: requantization.bias[first..][..DENSE_BLOCK].as_ptr(),
                    factor: requantization.factor[first..][..DENSE_BLOCK].as_ptr(),
                    bounds: requantization.bounds(),
                    pool: false,
                    to: frame.at(self.to + first),
                    pixel_stride: 0,
                    count: 1,
                };
                // SAFETY: the frame's two rules; the sums were just written.
                unsafe { (frame.kernels.direct_output)(&output) };
            }
            DenseOutput::Real { bias, factor } => {
                let to = frame.at::<f32>(self.to);
                for (o, (&bias, &factor)) in bias.iter().zip(factor).enumerate().skip(first).take(DENSE_BLOCK) {
                    // SAFETY: the frame's two rules; the sums were just written.
                    unsafe { to.add(o).write((*sums.add(o - first)).wrapping_add(bias) as f32 * factor) };
                }
            }
        }
    }
}
