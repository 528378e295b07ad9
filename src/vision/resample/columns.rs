//! From one row of sums to the components of the outputs.

use std::ops::Range;

use super::axis::Axis;
use crate::vision::layout::Pattern;

/// Values that are multiplied at once, after which every pattern repeats.
const LANES: usize = 8;

/// For each output column: where its values start, and their weights, in a row of one pattern.
pub struct Columns {
    pattern: Pattern,
    /// First value of each output.
    starts: Vec<usize>,
    /// As many for each output, those that are left over zero.
    weights: Vec<f32>,
    /// Values, and weights, of each output.
    length: usize,
    /// The bytes of a row that count; `starts` begin at the first of them.
    pub bytes: Range<usize>,
    /// Values that [`Columns::sum`] reads, more than `bytes`: the rest is weighed with zero, and has to be finite.
    pub row_values: usize,
}

impl Columns {
    /// Spreads the weights of the picture's columns over the values of a row; they are scaled by `scale`.
    pub fn new(axis: &Axis, pattern: Pattern, scale: f32) -> Self {
        let period = match pattern {
            Pattern::Single => 1,
            Pattern::ChromaPairs => 2,
            Pattern::Yuyv | Pattern::Uyvy => 4,
        };
        let span = |(start, weights): &(usize, Vec<f32>)| {
            let first = places(pattern, *start).into_iter().flatten().min().unwrap_or(0) / period * period;
            let last = places(pattern, start + weights.len() - 1).into_iter().flatten().max().unwrap_or(0);
            first..last + 1
        };
        let spans: Vec<_> = axis.outputs().iter().map(span).collect();
        let length = spans.iter().map(Range::len).max().unwrap_or(0).next_multiple_of(LANES);
        let bytes = spans.iter().map(|span| span.start).min().unwrap_or(0)
            ..spans.iter().map(|span| span.end).max().unwrap_or(0);
        let mut weights = vec![0.0; length * spans.len()];
        for (output, (start, parts)) in axis.outputs().iter().enumerate() {
            for (column, part) in (*start..).zip(parts) {
                for place in places(pattern, column).into_iter().flatten() {
                    weights[output * length + place - spans[output].start] += part * scale;
                }
            }
        }
        let starts: Vec<_> = spans.iter().map(|span| span.start - bytes.start).collect();
        let row_values = starts.iter().max().map_or(0, |last| last + length);
        Self { pattern, starts, weights, length, bytes, row_values }
    }

    /// Sums a row: one list of outputs for each component of the pattern, the first ones of `components`.
    #[inline(always)]
    pub fn sum(&self, row: &[f32], components: &mut [&mut [f32]]) {
        match self.length / LANES {
            1 => self.sum_blocks::<1>(row, components),
            2 => self.sum_blocks::<2>(row, components),
            3 => self.sum_blocks::<3>(row, components),
            4 => self.sum_blocks::<4>(row, components),
            _ => self.sum_blocks::<0>(row, components),
        }
    }

    /// [`Columns::sum`] for `BLOCKS` times [`LANES`] values, or for any number where `BLOCKS` is 0.
    #[inline(always)]
    fn sum_blocks<const BLOCKS: usize>(&self, row: &[f32], components: &mut [&mut [f32]]) {
        let outputs = self.starts.len();
        match (self.pattern, components) {
            (Pattern::Single, [only, ..]) => {
                let only = &mut only[..outputs];
                for (output, only) in only.iter_mut().enumerate() {
                    let s = self.weigh::<BLOCKS>(row, output);
                    *only = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
                }
            }
            (Pattern::ChromaPairs, [us, vs, ..]) => {
                let (us, vs) = (&mut us[..outputs], &mut vs[..outputs]);
                for output in 0..outputs {
                    let s = self.weigh::<BLOCKS>(row, output);
                    us[output] = (s[0] + s[4]) + (s[2] + s[6]);
                    vs[output] = (s[1] + s[5]) + (s[3] + s[7]);
                }
            }
            (Pattern::Yuyv, [ys, us, vs, ..]) => {
                let (ys, us, vs) = (&mut ys[..outputs], &mut us[..outputs], &mut vs[..outputs]);
                for output in 0..outputs {
                    let s = self.weigh::<BLOCKS>(row, output);
                    ys[output] = (s[0] + s[4]) + (s[2] + s[6]);
                    us[output] = s[1] + s[5];
                    vs[output] = s[3] + s[7];
                }
            }
            (Pattern::Uyvy, [ys, us, vs, ..]) => {
                let (ys, us, vs) = (&mut ys[..outputs], &mut us[..outputs], &mut vs[..outputs]);
                for output in 0..outputs {
                    let s = self.weigh::<BLOCKS>(row, output);
                    ys[output] = (s[1] + s[5]) + (s[3] + s[7]);
                    us[output] = s[0] + s[4];
                    vs[output] = s[2] + s[6];
                }
            }
            _ => {}
        }
    }

    /// The sums of every eighth product of an output; of `BLOCKS` times [`LANES`], or of any number where `BLOCKS` is 0.
    #[inline(always)]
    fn weigh<const BLOCKS: usize>(&self, row: &[f32], output: usize) -> [f32; LANES] {
        let start = self.starts[output];
        let values = row[start..start + self.length].as_chunks::<LANES>().0;
        let weights = self.weights[output * self.length..][..self.length].as_chunks::<LANES>().0;
        let mut sums = [0.0; LANES];
        if BLOCKS > 0 {
            // Of a constant number, so that the loop is unrolled.
            let (Some(values), Some(weights)) = (values.first_chunk::<BLOCKS>(), weights.first_chunk::<BLOCKS>())
            else {
                return sums;
            };
            for (values, weights) in values.iter().zip(weights) {
                for lane in 0..LANES {
                    sums[lane] += values[lane] * weights[lane];
                }
            }
        } else {
            for (values, weights) in values.iter().zip(weights) {
                for lane in 0..LANES {
                    sums[lane] += values[lane] * weights[lane];
                }
            }
        }
        sums
    }
}

/// Places, in a row, of the values that stand for a column of the picture.
fn places(pattern: Pattern, column: usize) -> [Option<usize>; 3] {
    let pair = column / 2;
    match pattern {
        Pattern::Single => [Some(column), None, None],
        Pattern::ChromaPairs => [Some(pair * 2), Some(pair * 2 + 1), None],
        Pattern::Yuyv => [Some(column * 2), Some(pair * 4 + 1), Some(pair * 4 + 3)],
        Pattern::Uyvy => [Some(column * 2 + 1), Some(pair * 4), Some(pair * 4 + 2)],
    }
}
