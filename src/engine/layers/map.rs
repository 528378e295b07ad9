//! Where a layer's activations lie.

use std::ops::Range;

use crate::engine::kernels::SLACK;

/// A map of activations in the arena, for some pictures: rows of pixels of channels.
///
/// A map that a convolution reads has a border that holds zero, or the step for it: one pixel above and to the left, and below and
/// to the right as many as the last tiles reach beyond the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Bytes from the start of the arena to the first picture's first pixel inside the border.
    pub origin: usize,
    /// Rows without the border.
    pub height: usize,
    /// Columns without the border.
    pub width: usize,
    /// Values of a pixel: its channels, with padding.
    pub channels: usize,
    /// Values of a row, with its border.
    pub row_stride: usize,
    /// Values from one picture to the next.
    pub picture_stride: usize,
    /// Whether it holds all pictures of a run, and not only those that its step works on at once.
    pub whole: bool,
    /// Bytes of a value.
    pub value: usize,
}

/// What a map holds.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Number of pictures.
    pub pictures: usize,
    /// Rows without the border.
    pub height: usize,
    /// Columns without the border.
    pub width: usize,
    /// Channels of a pixel, with padding.
    pub channels: usize,
    /// Bytes of a value.
    pub value: usize,
}

impl Map {
    /// Bytes from the arena's start to a pixel of the map's `picture`-th picture.
    pub fn at(&self, picture: usize, y: usize, x: usize) -> usize {
        self.origin + (picture * self.picture_stride + y * self.row_stride + x * self.channels) * self.value
    }

    /// Bytes from the arena's start to the upper left neighbour of a pixel, which a bordered map has.
    pub fn before(&self, picture: usize, y: usize, x: usize) -> usize {
        self.at(picture, y, x) - (self.row_stride + self.channels) * self.value
    }

    /// Rows and columns of tiles of `outputs`×`outputs` that cover a picture.
    pub fn tiles(&self, outputs: usize) -> (usize, usize) {
        (self.height.div_ceil(outputs), self.width.div_ceil(outputs))
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

    /// A map without a border; `whole` as in [`Map`].
    pub fn plain(&mut self, shape: Shape, whole: bool) -> Map {
        let Shape { pictures, height, width, channels, value } = shape;
        let row_stride = width * channels;
        let picture_stride = height * row_stride;
        let origin = self.take(pictures * picture_stride * value);
        Map { origin, height, width, channels, row_stride, picture_stride, whole, value }
    }

    /// A map that a convolution reads whose tiles cover `rows` and `columns`, and its bytes from the first one of the border
    /// on; `whole` as in [`Map`].
    pub fn bordered(&mut self, shape: Shape, (rows, columns): (usize, usize), whole: bool) -> (Map, Range<usize>) {
        let Shape { pictures, height, width, channels, value } = shape;
        let row_stride = (columns + 2) * channels;
        let picture_stride = (rows + 2) * row_stride;
        let length = pictures * picture_stride * value;
        let start = self.take(length);
        let origin = start + (row_stride + channels) * value;
        (Map { origin, height, width, channels, row_stride, picture_stride, whole, value }, start..start + length)
    }
}
