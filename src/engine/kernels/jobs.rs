//! What one call of a kernel works on.

use super::lanes::Bounds;
#[cfg(doc)]
use super::{CHANNEL_STEP, DENSE_BLOCK, Kernels, SLACK};

/// Direct convolution: sums for one panel of outputs at neighbouring pixels,
/// `sums[pixel][o] = Σ over rows and bytes of (byte − dot_offset) × weight`.
///
/// # Safety of the kernel
///
/// - the processor has the instruction set;
/// - `pixels` is from 1 to [`Kernels::pixels`]; `depth` is a multiple of [`Kernels::group`];
/// - at `from`, each pixel and each of three rows may be read for `depth` bytes and [`SLACK`] more;
/// - `weights` holds `3 × depth × P` values, and [`SLACK`] more may be read; `sums` takes `pixels × P`.
#[derive(Debug)]
pub struct DotJob {
    /// The first pixel's upper left neighbour.
    pub from: *const u8,
    /// Bytes from one row of the map to the next.
    pub row_stride: usize,
    /// Bytes from one pixel to the next.
    pub pixel_stride: usize,
    /// Bytes along one row under the kernel, rounded up to a group.
    pub depth: usize,
    /// Number of pixels.
    pub pixels: usize,
    /// One panel.
    pub weights: *const i8,
    /// `[pixels][P]`.
    pub sums: *mut i32,
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
pub struct ProductJob {
    /// `[channels/L][tiles][L]`.
    pub inputs: *const i16,
    /// Values from one chunk to the next.
    pub chunk_stride: usize,
    /// Number of channels.
    pub channels: usize,
    /// Where the inputs of the next call may lie, if they are worth asking for: laid out like `inputs`, only a hint.
    pub next: Option<*const i16>,
    /// Number of tiles.
    pub tiles: usize,
    /// One panel at one position.
    pub weights: *const i16,
    /// `[tiles][P]`.
    pub sums: *mut i32,
    /// Whether `sums` holds the sums of earlier channels.
    pub accumulate: bool,
}

/// A tile of 6×6 pixels for Winograd's input transform.
#[derive(Debug)]
pub struct InputTile {
    /// Upper left pixel.
    pub pixels: *const u8,
    /// Bytes from one row to the next.
    pub row_stride: usize,
    /// Bytes from one pixel to the next.
    pub pixel_stride: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// The tile's place in the first chunk at the first position.
    pub to: *mut i16,
    /// Values from one position to the next.
    pub position_stride: usize,
    /// Values from one chunk to the next.
    pub chunk_stride: usize,
}

/// Some weights of one panel for Winograd's weight transform.
#[derive(Debug)]
pub struct WeightPanel {
    /// Nine planes.
    pub from: *const i8,
    /// Values from one plane to the next.
    pub from_stride: usize,
    /// Thirty-six planes.
    pub to: *mut i16,
    /// Values from one plane to the next.
    pub to_stride: usize,
    /// Values of each plane.
    pub length: usize,
}

/// A tile of products for Winograd's output transform.
#[derive(Debug)]
pub struct OutputTile {
    /// The tile's sums at the first position.
    pub sums: *const i32,
    /// Values from one position to the next.
    pub position_stride: usize,
    /// Outputs of the panel that the map has.
    pub lanes: usize,
    /// One for each lane.
    pub bias: *const i32,
    /// One for each lane.
    pub factor: *const f32,
    /// Steps of the output.
    pub bounds: Bounds,
    /// Whether a 2×2 max pool follows.
    pub pool: bool,
    /// The tile's first output.
    pub to: *mut u8,
    /// Bytes from one row of the output to the next.
    pub row_stride: usize,
    /// Bytes from one pixel of the output to the next.
    pub pixel_stride: usize,
    /// Output rows of this tile that lie inside the map.
    pub rows: usize,
    /// Output columns of this tile that lie inside the map.
    pub columns: usize,
}

/// A run of pixels to requantize.
#[derive(Debug)]
pub struct OutputPixels {
    /// Sums of the first pixel.
    pub sums: *const i32,
    /// Sums from one pixel to the next.
    pub sums_stride: usize,
    /// Sums from one row to the next, where a pool takes two.
    pub sums_row_stride: usize,
    /// Outputs for each pixel.
    pub lanes: usize,
    /// One for each lane.
    pub bias: *const i32,
    /// One for each lane.
    pub factor: *const f32,
    /// Steps of the output.
    pub bounds: Bounds,
    /// Whether a 2×2 max pool follows.
    pub pool: bool,
    /// The first output.
    pub to: *mut u8,
    /// Bytes from one output to the next.
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
pub struct DenseJob {
    /// Which inputs.
    pub indices: *const u32,
    /// Their values, 0 to 255.
    pub values: *const u8,
    /// Number of them.
    pub count: usize,
    /// `[inputs][DENSE_BLOCK]`.
    pub weights: *const i8,
    /// `[DENSE_BLOCK]`.
    pub sums: *mut i32,
}
