//! Where a layer's activations lie.

use crate::engine::kernels::{CHANNEL_STEP, SLACK};

/// Rows and columns of a Winograd tile's outputs.
pub const TILE: usize = 4;

/// A map of activations in the arena: rows of pixels of channels.
///
/// A map that a convolution reads has a border that holds zero, or the step for it: one pixel above and to the left, and below and
/// to the right as many as the last tiles reach beyond the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Bytes from the start of the arena to the first pixel inside the border.
    pub origin: usize,
    /// Rows without the border.
    pub height: usize,
    /// Columns without the border.
    pub width: usize,
    /// Values of a pixel: its channels, with padding.
    pub channels: usize,
    /// Values of a row, with its border.
    pub row_stride: usize,
    /// Bytes of a value.
    pub value: usize,
}

impl Map {
    /// Bytes from the arena's start to a pixel.
    pub fn at(&self, y: usize, x: usize) -> usize {
        self.origin + (y * self.row_stride + x * self.channels) * self.value
    }

    /// Bytes from the arena's start to the upper left neighbour of a pixel, which a bordered map has.
    pub fn before(&self, y: usize, x: usize) -> usize {
        self.at(y, x) - (self.row_stride + self.channels) * self.value
    }

    /// Rows and columns of tiles that cover the map.
    pub fn tiles(&self) -> (usize, usize) {
        (self.height.div_ceil(TILE), self.width.div_ceil(TILE))
    }
}

/// A distance of at least `bytes` between arrays that are used side by side: an odd number of cache lines, so that equal
/// places of many arrays fall into different sets of the cache.
pub fn spread(bytes: usize) -> usize {
    (bytes.div_ceil(64) | 1) * 64
}

/// Gives out parts of the arena, one after the other.
#[derive(Debug, Default)]
pub struct Layout {
    /// Bytes given out.
    pub length: usize,
}

impl Layout {
    /// `bytes` bytes that start at a multiple of 128, and may be read a little beyond their end.
    pub fn take(&mut self, bytes: usize) -> usize {
        let start = self.length;
        self.length = (start + bytes + SLACK).next_multiple_of(128);
        start
    }

    /// A map without a border, of values of so many bytes.
    pub fn plain(&mut self, height: usize, width: usize, channels: usize, value: usize) -> Map {
        let channels = channels.next_multiple_of(CHANNEL_STEP);
        let row_stride = width * channels;
        Map { origin: self.take(height * row_stride * value), height, width, channels, row_stride, value }
    }

    /// A map that a convolution reads, with `channels` as they are.
    pub fn bordered(&mut self, height: usize, width: usize, channels: usize, value: usize) -> Map {
        let rows = height.next_multiple_of(TILE) + 2;
        let row_stride = (width.next_multiple_of(TILE) + 2) * channels;
        let start = self.take(rows * row_stride * value);
        Map { origin: start + (row_stride + channels) * value, height, width, channels, row_stride, value }
    }
}
