//! What one call of a kernel works on.

use super::arithmetic::Arithmetic;
#[cfg(doc)]
use super::{CHANNEL_STEP, DENSE_BLOCK, Kernels, SLACK};

/// Direct convolution: sums for one panel of outputs at neighbouring pixels,
/// `sums[pixel][o] = Σ over rows and values of (value − dot_offset) × weight`.
///
/// # Safety of the kernel
///
/// - the processor has the instruction set;
/// - `pixels` is from 1 to [`Kernels::pixels`]; `depth` is a multiple of [`Kernels::group`];
/// - at `from`, each pixel and each of three rows may be read for `depth` values and [`SLACK`] bytes more;
/// - `weights` holds `3 × depth × P` values, and [`SLACK`] bytes more may be read; `sums` takes `pixels × P`.
#[derive(Debug)]
pub struct DotJob<A: Arithmetic> {
    /// The first pixel's upper left neighbour.
    pub from: *const A::Activation,
    /// Values from one row of the map to the next.
    pub row_stride: usize,
    /// Values from one pixel to the next.
    pub pixel_stride: usize,
    /// Values along one row under the kernel, rounded up to a group.
    pub depth: usize,
    /// Number of pixels.
    pub pixels: usize,
    /// One panel.
    pub weights: *const A::Weight,
    /// `[pixels][P]`.
    pub sums: *mut A::Sum,
}

/// Winograd's products at one position, for one panel of outputs and neighbouring tiles:
/// `sums[tile][o] (+)= Σ over channels of input × weight`, wrapping.
///
/// # Safety of the kernel
///
/// - the processor has the instruction set;
/// - `tiles` is from 1 to [`Kernels::tiles`]; `channels` is a multiple of [`CHANNEL_STEP`];
/// - `inputs` may be read for `tiles` × `L` values in each of `channels ÷ L` chunks, rounded up, `chunk_stride` apart;
/// - `weights` holds `channels × P` values; `sums` takes `tiles × P`.
#[derive(Debug)]
pub struct ProductJob<A: Arithmetic> {
    /// `[channels/L][tiles][L]`.
    pub inputs: *const A::Transformed,
    /// Values from one chunk to the next.
    pub chunk_stride: usize,
    /// Number of channels.
    pub channels: usize,
    /// Where the inputs of the next call may lie, if they are worth asking for: laid out like `inputs`, only a hint.
    pub next: Option<*const A::Transformed>,
    /// Number of tiles.
    pub tiles: usize,
    /// One panel at one position.
    pub weights: *const A::Transformed,
    /// `[tiles][P]`.
    pub sums: *mut A::Sum,
    /// Whether `sums` holds the sums of earlier channels.
    pub accumulate: bool,
}

/// A tile of pixels for Winograd's input transform.
#[derive(Debug)]
pub struct InputTile<A: Arithmetic> {
    /// Upper left pixel.
    pub pixels: *const A::Activation,
    /// Values from one row to the next.
    pub row_stride: usize,
    /// Values from one pixel to the next.
    pub pixel_stride: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// The tile's place in the first chunk at the first position.
    pub to: *mut A::Transformed,
    /// Values from one position to the next.
    pub position_stride: usize,
    /// Values from one chunk to the next.
    pub chunk_stride: usize,
}

/// Some weights of one panel for Winograd's weight transform.
#[derive(Debug)]
pub struct WeightPanel<A: Arithmetic> {
    /// Nine planes.
    pub from: *const A::Weight,
    /// Values from one plane to the next.
    pub from_stride: usize,
    /// A plane for each position.
    pub to: *mut A::Transformed,
    /// Values from one plane to the next.
    pub to_stride: usize,
    /// Values of each plane.
    pub length: usize,
}

/// A tile of products for Winograd's output transform.
#[derive(Debug)]
pub struct OutputTile<A: Arithmetic> {
    /// The tile's sums at the first position.
    pub sums: *const A::Sum,
    /// Values from one position to the next.
    pub position_stride: usize,
    /// Outputs of the panel that the map has.
    pub lanes: usize,
    /// What is done with each lane.
    pub finish: A::Finish,
    /// Whether a 2×2 max pool follows.
    pub pool: bool,
    /// The tile's first output.
    pub to: *mut A::Activation,
    /// Values from one row of the output to the next.
    pub row_stride: usize,
    /// Values from one pixel of the output to the next.
    pub pixel_stride: usize,
    /// Output rows of this tile that lie inside the map.
    pub rows: usize,
    /// Output columns of this tile that lie inside the map.
    pub columns: usize,
}

/// A run of pixels to requantize.
#[derive(Debug)]
pub struct OutputPixels<A: Arithmetic> {
    /// Sums of the first pixel.
    pub sums: *const A::Sum,
    /// Sums from one pixel to the next.
    pub sums_stride: usize,
    /// Sums from one row to the next, where a pool takes two.
    pub sums_row_stride: usize,
    /// Outputs for each pixel.
    pub lanes: usize,
    /// What is done with each lane.
    pub finish: A::Finish,
    /// Whether a 2×2 max pool follows.
    pub pool: bool,
    /// The first output.
    pub to: *mut A::Activation,
    /// Values from one output to the next.
    pub pixel_stride: usize,
    /// Number of outputs.
    pub count: usize,
}

/// A dense layer: sums for one block of outputs over the inputs that are listed,
/// `sums[o] = Σ over i of values[i] × weights[indices[i]][o]`, wrapping.
///
/// # Safety of the kernel
///
/// - the processor has the instruction set;
/// - `indices` and `values` hold `count` entries and then enough to fill a multiple of 4, of the value 0 and a valid index;
/// - `weights` holds [`DENSE_BLOCK`] values for each index; `sums` takes [`DENSE_BLOCK`].
#[derive(Debug)]
pub struct DenseJob<A: Arithmetic> {
    /// Which inputs.
    pub indices: *const u32,
    /// Their values.
    pub values: *const A::Activation,
    /// Number of them.
    pub count: usize,
    /// `[inputs][DENSE_BLOCK]`.
    pub weights: *const A::Weight,
    /// `[DENSE_BLOCK]`.
    pub sums: *mut A::Sum,
}
