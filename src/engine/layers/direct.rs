//! Direct 3×3 convolution: every pixel's three rows of neighbours lie in a row of the map, so the kernel reads them in place.

use super::{
    Numbers,
    frame::{Frame, Slot, part},
    map::{Layout, Map},
};
use crate::engine::kernels::{DotJob, Kernels, OutputPixels};

/// Bytes of all panels' weights up to which one unit of work goes through all panels.
const SMALL_WEIGHTS: usize = 64 * 1024;
/// Output rows of a unit of work.
const ROWS: usize = 4;

/// A direct convolution with everything that follows it.
#[derive(Clone, Debug)]
pub struct Direct<A: Numbers> {
    from: Map,
    to: Map,
    finish: A::Layer,
    pool: bool,
    /// Values along one row under the kernel, padded to a group.
    depth: usize,
    panels: usize,
    /// First phase of this layer, for [`Frame::claim`].
    phase: usize,
    /// Where the weights start.
    weights: usize,
}

impl<A: Numbers> Direct<A> {
    /// Values along one row under the kernel, for a pixel of `channels`.
    pub fn depth(kernels: &Kernels<A>, channels: usize) -> usize {
        (3 * channels).next_multiple_of(kernels.group)
    }

    /// Lays out a convolution from one map to the other.
    pub fn new(
        kernels: &Kernels<A>,
        (from, to): (Map, Map),
        finish: A::Layer,
        pool: bool,
        Slot { phase, weights, .. }: Slot,
    ) -> Self {
        let depth = Self::depth(kernels, from.channels);
        let panels = to.channels.div_ceil(kernels.panel);
        Direct { from, to, finish, pool, depth, panels, phase, weights }
    }

    /// Values of a pixel that is read.
    pub fn channels(&self) -> usize {
        self.from.channels
    }

    /// Values along one row under the kernel, padded to a group.
    pub fn weight_depth(&self) -> usize {
        self.depth
    }

    /// The map that is written.
    pub fn to(&self) -> &Map {
        &self.to
    }

    /// Where the weights start.
    pub fn weights(&self) -> usize {
        self.weights
    }

    /// Bytes of scratch memory for a member.
    pub fn scratch(&self, kernels: &Kernels<A>) -> usize {
        let mut layout = Layout::default();
        layout.take(2 * (kernels.pixels + 1) * kernels.panel * size_of::<A::Sum>());
        layout.length
    }

    /// Does a member's share of the work.
    pub fn run(&self, frame: &Frame<A>) {
        let rows_of_unit = ROWS.min(self.to.height);
        let row_blocks = self.to.height.div_ceil(ROWS);
        let together = self.panels * 3 * self.depth * frame.kernels.panel * size_of::<A::Weight>() <= SMALL_WEIGHTS;
        let blocks = frame.pictures * row_blocks;
        let total = if together { blocks } else { blocks * self.panels };
        while let Some(units) = frame.claim(self.phase, total) {
            for unit in units {
                let (picture, first) = (unit % blocks / row_blocks, unit % row_blocks * rows_of_unit);
                let rows = first..(first + rows_of_unit).min(self.to.height);
                let panels = if together { 0..self.panels } else { unit / blocks..unit / blocks + 1 };
                for y in rows {
                    for panel in panels.clone() {
                        self.row(frame, picture, y, panel);
                    }
                }
            }
        }
    }

    /// One row of outputs, or of pooled outputs, for one panel.
    fn row(&self, frame: &Frame<A>, picture: usize, y: usize, panel: usize) {
        let (from, to) = (frame.place(&self.from, picture), frame.place(&self.to, picture));
        let kernels = frame.kernels;
        let width = kernels.panel;
        let (step, most) = if self.pool { (2, (kernels.pixels / 2).max(1)) } else { (1, kernels.pixels) };
        let sums: *mut A::Sum = frame.own(0);
        let sums_row_stride = step * most * width;
        let first_output = panel * width;
        let lanes = width.min(self.to.channels - first_output);
        for index in 0..self.to.width.div_ceil(most) {
            let columns = part(self.to.width, most, index);
            for row in 0..step {
                let job = DotJob {
                    from: frame.at(self.from.before(from, y * step + row, columns.start * step)),
                    row_stride: self.from.row_stride,
                    pixel_stride: self.from.channels,
                    depth: self.depth,
                    pixels: columns.len() * step,
                    weights: frame.packed::<A::Weight>(self.weights).wrapping_add(panel * 3 * self.depth * width),
                    sums: sums.wrapping_add(row * sums_row_stride),
                };
                // SAFETY: the frame's two rules; the map has a border; scratch memory holds two rows of `pixels` sums.
                unsafe { (kernels.dot)(&job) };
            }
            let output = OutputPixels {
                sums,
                sums_stride: width,
                sums_row_stride,
                lanes,
                finish: A::finish(&self.finish, first_output, lanes),
                pool: self.pool,
                to: frame.at::<A::Activation>(self.to.at(to, y, columns.start)).wrapping_add(first_output),
                pixel_stride: self.to.channels,
                count: columns.len(),
            };
            // SAFETY: the frame's two rules; the sums were just written; `lanes` is a multiple of 16.
            unsafe { (kernels.direct_output)(&output) };
        }
    }
}
