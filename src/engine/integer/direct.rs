//! Direct 3×3 convolution: every pixel's three rows of neighbours lie in a row of the map, so the kernel reads them in place.

use super::{
    frame::{Frame, part},
    map::{Layout, Map},
    output::Requantization,
};
use crate::engine::kernels::{DotJob, Kernels, OutputPixels};

/// Bytes of all panels' weights up to which one unit of work goes through all panels.
const SMALL_WEIGHTS: usize = 64 * 1024;
/// Output rows of a unit of work.
const ROWS: usize = 4;

/// A direct convolution with everything that follows it.
#[derive(Clone, Debug)]
pub struct Direct {
    from: Map,
    to: Map,
    requantization: Requantization,
    pool: bool,
    /// Bytes along one row under the kernel, padded to a group.
    depth: usize,
    panels: usize,
    /// First phase of this layer, for [`Frame::claim`].
    phase: usize,
    /// Where the weights start.
    weights: usize,
}

impl Direct {
    /// Bytes along one row under the kernel, for a pixel of `channels` bytes.
    pub fn depth(kernels: &Kernels, channels: usize) -> usize {
        (3 * channels).next_multiple_of(kernels.group)
    }

    /// Lays out a convolution from one map to the other; its weights start at `weights`.
    pub fn new(
        kernels: &Kernels,
        (from, to): (Map, Map),
        requantization: Requantization,
        pool: bool,
        phase: usize,
        weights: usize,
    ) -> Self {
        let depth = Self::depth(kernels, from.channels);
        let panels = to.channels.div_ceil(kernels.panel);
        Direct { from, to, requantization, pool, depth, panels, phase, weights }
    }

    /// Bytes of a pixel that is read.
    pub fn channels(&self) -> usize {
        self.from.channels
    }

    /// Bytes along one row under the kernel, padded to a group.
    pub fn weight_depth(&self) -> usize {
        self.depth
    }

    /// Where the weights start.
    pub fn weights(&self) -> usize {
        self.weights
    }

    /// Bytes of scratch memory for a member.
    pub fn scratch(&self, kernels: &Kernels) -> usize {
        let mut layout = Layout::default();
        layout.take(2 * (kernels.pixels + 1) * kernels.panel * size_of::<i32>());
        layout.length
    }

    /// Does a member's share of the work.
    pub fn run(&self, frame: &Frame) {
        let rows_of_unit = ROWS.min(self.to.height);
        let row_blocks = self.to.height.div_ceil(ROWS);
        let together = self.panels * 3 * self.depth * frame.kernels.panel <= SMALL_WEIGHTS;
        let total = if together { row_blocks } else { row_blocks * self.panels };
        while let Some(units) = frame.claim(self.phase, total) {
            for unit in units {
                let first = unit % row_blocks * rows_of_unit;
                let rows = first..(first + rows_of_unit).min(self.to.height);
                let panels = if together { 0..self.panels } else { unit / row_blocks..unit / row_blocks + 1 };
                for y in rows {
                    for panel in panels.clone() {
                        self.row(frame, y, panel);
                    }
                }
            }
        }
    }

    /// One row of outputs, or of pooled outputs, for one panel.
    fn row(&self, frame: &Frame, y: usize, panel: usize) {
        let kernels = frame.kernels;
        let width = kernels.panel;
        let (step, most) = if self.pool { (2, (kernels.pixels / 2).max(1)) } else { (1, kernels.pixels) };
        let sums: *mut i32 = frame.own(0);
        let sums_row_stride = step * most * width;
        let first_output = panel * width;
        let lanes = width.min(self.to.channels - first_output);
        for index in 0..self.to.width.div_ceil(most) {
            let columns = part(self.to.width, most, index);
            for row in 0..step {
                let job = DotJob {
                    from: frame.at(self.from.before(y * step + row, columns.start * step)),
                    row_stride: self.from.row_stride,
                    pixel_stride: self.from.channels,
                    depth: self.depth,
                    pixels: columns.len() * step,
                    weights: frame.packed(self.weights + panel * 3 * self.depth * width),
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
                bias: self.requantization.bias[first_output..][..lanes].as_ptr(),
                factor: self.requantization.factor[first_output..][..lanes].as_ptr(),
                bounds: self.requantization.bounds(),
                pool: self.pool,
                to: frame.at(self.to.at(y, columns.start) + first_output),
                pixel_stride: self.to.channels,
                count: columns.len(),
            };
            // SAFETY: the frame's two rules; the sums were just written; `lanes` is a multiple of 16.
            unsafe { (kernels.direct_output)(&output) };
        }
    }
}
