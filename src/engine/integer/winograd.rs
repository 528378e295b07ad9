//! Winograd convolution F(4×4, 3×3), in one of two orders.
//!
//! ```text
//! blocks first (large maps, few channels)        panels first (small maps, many channels)
//! for each block of tiles                        for each tile: transform its input     all members share them
//!     transform its inputs     stays in cache    for each panel of outputs
//!     for each panel of outputs                      transform the panel's weights       stays in cache
//!         multiply, transform back                   for each block of tiles
//!                                                        multiply, transform back
//! ```
//!
//! In the first order, every block reads all weights. Where they stay in cache, they are transformed when they are packed. In
//! the second, a panel's weights are read once for each picture, and transforming them on the way costs less than reading
//! them transformed, which are eight times as many bytes; [`Winograd::stored`] says which is done.

use super::{
    frame::{Frame, part},
    map::{Layout, Map, TILE, spread},
    output::Requantization,
};
use crate::engine::kernels::{CHANNEL_STEP, InputTile, Kernels, OutputTile, ProductJob, WeightPanel};

/// Places where a tile's transforms are multiplied.
pub const POSITIONS: usize = 36;

/// A convolution by Winograd's algorithm with everything that follows it.
#[derive(Clone, Debug)]
pub struct Winograd {
    from: Map,
    to: Map,
    requantization: Requantization,
    pool: bool,
    panels: usize,
    /// Tiles of a block.
    block: usize,
    /// Whether panels come first.
    panels_first: bool,
    /// Whether the packed weights are transformed already.
    stored: bool,
    /// Channels whose weights are transformed at once.
    depth: usize,
    /// Where all members' transformed inputs start in the arena, where they share them.
    inputs: usize,
    /// First phase of this layer, for [`Frame::claim`].
    phase: usize,
    /// Where the weights start.
    weights: usize,
}

impl Winograd {
    /// Lays out a convolution from one map to the other; its weights start at `weights`.
    pub fn new(
        kernels: &Kernels,
        (from, to): (Map, Map),
        requantization: Requantization,
        pool: bool,
        phase: usize,
        weights: usize,
    ) -> Self {
        let channels = from.channels.next_multiple_of(kernels.chunk);
        let (rows, columns) = from.tiles();
        let tiles = rows * columns;
        let input_bytes = POSITIONS * channels * size_of::<i16>();
        let shared = POSITIONS * input_stride(channels, tiles) * size_of::<i16>();
        let blocking = kernels.blocking;
        let panels = to.channels.div_ceil(kernels.panel);
        let all_weights = POSITIONS * from.channels * panels * kernels.panel * size_of::<i16>();
        let panels_first = all_weights > blocking.few_weights && shared <= blocking.shared_inputs;
        // Blocks enough for every member of a team, and tiles enough for the kernel.
        let block = if panels_first { tiles } else { (blocking.own_inputs / input_bytes).min(tiles.div_ceil(8)) };
        let whole = (block / kernels.tiles * kernels.tiles).max(kernels.tiles);
        let block = if panels_first { tiles } else { whole }.clamp(1, blocking.tiles.min(tiles));
        let panel_channel = POSITIONS * kernels.panel * size_of::<i16>();
        let step = kernels.chunk.max(CHANNEL_STEP);
        let depth = (blocking.own_weights / panel_channel / step * step).max(step);
        // As equal parts as whole steps allow.
        let parts = from.channels.div_ceil(depth);
        let depth = from.channels.div_ceil(parts).next_multiple_of(step).min(from.channels);
        let stored = !panels_first && all_weights <= blocking.stored_weights;
        Winograd {
            from,
            to,
            requantization,
            pool,
            panels,
            block,
            panels_first,
            stored,
            depth: if stored { from.channels } else { depth },
            inputs: 0,
            phase,
            weights,
        }
    }

    /// Multiply-accumulates of the products, the padding of tiles, channels and outputs included.
    pub fn product_macs(&self, kernels: &Kernels) -> u64 {
        let (rows, columns) = self.from.tiles();
        (rows * columns * POSITIONS * self.from.channels * self.panels * kernels.panel) as u64
    }

    /// Bytes of transformed inputs that members share.
    pub fn shared_inputs(&self, kernels: &Kernels) -> usize {
        let (rows, columns) = self.from.tiles();
        let channels = self.from.channels.next_multiple_of(kernels.chunk);
        if self.panels_first { POSITIONS * input_stride(channels, rows * columns) * size_of::<i16>() } else { 0 }
    }

    /// Says where they are.
    pub fn share_inputs_at(&mut self, place: usize) {
        self.inputs = place;
    }

    /// Whether the packed weights are transformed already.
    pub fn stored(&self) -> bool {
        self.stored
    }

    /// Channels of the map that is read.
    pub fn channels(&self) -> usize {
        self.from.channels
    }

    /// Where the weights start.
    pub fn weights(&self) -> usize {
        self.weights
    }

    /// How the work is ordered, for reports.
    pub fn order(&self) -> &'static str {
        match (self.panels_first, self.stored) {
            (false, true) => "blocks first",
            (false, false) => "blocks first, weights transformed for each",
            (true, _) => "panels first",
        }
    }

    /// Places in a member's scratch memory: inputs, weights, products; and its length.
    fn scratch_places(&self, kernels: &Kernels) -> ([usize; 3], usize) {
        let mut layout = Layout::default();
        let channels = self.from.channels.next_multiple_of(kernels.chunk);
        let inputs = if self.panels_first { 0 } else { POSITIONS * input_stride(channels, self.block) };
        let weights = if self.stored { 0 } else { POSITIONS * weight_stride(self.depth, kernels.panel) };
        let products = POSITIONS * product_stride(self.block, kernels.panel);
        let places = [inputs * size_of::<i16>(), weights * size_of::<i16>(), products * size_of::<i32>()];
        (places.map(|bytes| layout.take(bytes)), layout.length)
    }

    /// Bytes of scratch memory for a member.
    pub fn scratch(&self, kernels: &Kernels) -> usize {
        self.scratch_places(kernels).1
    }

    /// Does a member's share of the work.
    pub fn run(&self, frame: &Frame) {
        let ([inputs, weights, products], _) = self.scratch_places(frame.kernels);
        let (rows, columns) = self.from.tiles();
        let tiles = rows * columns;
        let blocks = tiles.div_ceil(self.block);
        if self.panels_first {
            while let Some(units) = frame.claim(self.phase, tiles) {
                for tile in units {
                    self.transform_input(frame, tile, frame.at(self.inputs), tile, tiles);
                }
            }
            frame.barrier.wait();
            let mut ready = None;
            while let Some(units) = frame.claim(self.phase + 1, self.panels * blocks) {
                for unit in units {
                    let (panel, block) = (unit / blocks, part(tiles, self.block, unit % blocks));
                    let run = Run {
                        inputs: frame.at::<i16>(self.inputs).wrapping_add(block.start * frame.kernels.chunk),
                        input_tiles: tiles,
                        weights: frame.own(weights),
                        products: frame.own(products),
                    };
                    self.block(frame, panel, block, run, &mut ready);
                }
            }
        } else {
            while let Some(units) = frame.claim(self.phase, blocks) {
                for unit in units {
                    let block = part(tiles, self.block, unit);
                    for (i, tile) in block.clone().enumerate() {
                        self.transform_input(frame, tile, frame.own(inputs), i, self.block);
                    }
                    for panel in 0..self.panels {
                        let run = Run {
                            inputs: frame.own(inputs),
                            input_tiles: self.block,
                            weights: frame.own(weights),
                            products: frame.own(products),
                        };
                        self.block(frame, panel, block.clone(), run, &mut None);
                    }
                }
            }
        }
    }

    /// Transforms a tile's inputs to the `place`-th of `places` at `to`.
    fn transform_input(&self, frame: &Frame, tile: usize, to: *mut i16, place: usize, places: usize) {
        let (_, columns) = self.from.tiles();
        let (y, x) = (tile / columns * TILE, tile % columns * TILE);
        let chunk = frame.kernels.chunk;
        let job = InputTile {
            pixels: frame.at(self.from.before(y, x)),
            row_stride: self.from.row_stride,
            pixel_stride: self.from.channels,
            channels: self.from.channels,
            to: to.wrapping_add(place * chunk),
            position_stride: input_stride(self.from.channels.next_multiple_of(chunk), places),
            chunk_stride: chunk * places,
        };
        // SAFETY: the frame's two rules; the map's border reaches as far as its last tiles.
        unsafe { (frame.kernels.input)(&job) };
    }

    /// Multiplies a block of tiles with a panel of weights, and transforms the products back. `ready` is the panel whose
    /// transformed weights lie in scratch memory.
    fn block(&self, frame: &Frame, panel: usize, tiles: std::ops::Range<usize>, run: Run, ready: &mut Option<usize>) {
        let kernels = frame.kernels;
        let width = kernels.panel;
        let channels = self.from.channels;
        let count = tiles.len();
        let chunk_stride = kernels.chunk * run.input_tiles;
        let input_stride = input_stride(channels.next_multiple_of(kernels.chunk), run.input_tiles);
        let product_stride = product_stride(count, width);
        for start in (0..channels).step_by(self.depth) {
            let depth = self.depth.min(channels - start);
            let (weights, weight_stride) = if self.stored {
                let weights = frame.packed::<i16>(self.weights).wrapping_add(panel * POSITIONS * channels * width);
                (weights, channels * width)
            } else {
                if self.depth < channels || *ready != Some(panel) {
                    self.transform_weights(frame, panel, start, depth, run.weights);
                    *ready = Some(panel);
                }
                (run.weights.cast_const(), weight_stride(depth, width))
            };
            let next = if start + depth < channels { (panel, start + depth) } else { (panel + 1, 0) };
            for position in 0..POSITIONS {
                if !self.stored && next.0 < self.panels {
                    self.prefetch_weights(frame, next, position);
                }
                let inputs = run.inputs.wrapping_add(position * input_stride + start * run.input_tiles);
                for index in 0..count.div_ceil(kernels.tiles) {
                    let some = part(count, kernels.tiles, index);
                    let job = ProductJob {
                        inputs: inputs.wrapping_add(some.start * kernels.chunk),
                        chunk_stride,
                        channels: depth,
                        tiles: some.len(),
                        weights: weights.wrapping_add(position * weight_stride),
                        sums: run.products.wrapping_add(position * product_stride + some.start * width),
                        accumulate: start > 0,
                    };
                    // SAFETY: the frame's two rules; `depth` is whole chunks but for the last one.
                    unsafe { (kernels.product)(&job) };
                }
            }
        }
        let (_, columns) = self.from.tiles();
        let first_output = panel * width;
        let lanes = width.min(self.to.channels - first_output);
        let step = if self.pool { TILE / 2 } else { TILE };
        for (i, tile) in tiles.enumerate() {
            let (y, x) = (tile / columns * step, tile % columns * step);
            if y >= self.to.height || x >= self.to.width {
                continue;
            }
            let job = OutputTile {
                sums: run.products.wrapping_add(i * width),
                position_stride: product_stride,
                lanes,
                bias: self.requantization.bias[first_output..][..lanes].as_ptr(),
                factor: self.requantization.factor[first_output..][..lanes].as_ptr(),
                bounds: self.requantization.bounds(),
                pool: self.pool,
                to: frame.at(self.to.at(y, x) + first_output),
                row_stride: self.to.row_stride,
                pixel_stride: self.to.channels,
                rows: (self.to.height - y).min(step),
                columns: (self.to.width - x).min(step),
            };
            // SAFETY: the frame's two rules; `rows` and `columns` keep the tile inside the map.
            unsafe { (kernels.output)(&job) };
        }
    }

    /// Asks for a part of the weights that will be transformed next, one of as many parts as there are positions.
    fn prefetch_weights(&self, frame: &Frame, (panel, start): (usize, usize), position: usize) {
        let width = frame.kernels.panel;
        let plane = self.from.channels * width;
        let (tap, quarter) = (position / 4, position % 4);
        let bytes = self.depth.min(self.from.channels - start) * width / 4;
        let from =
            frame.packed::<u8>(self.weights).wrapping_add((panel * 9 + tap) * plane + start * width + quarter * bytes);
        // SAFETY: the processor has the kernels' instruction set.
        unsafe { (frame.kernels.prefetch)(from, bytes) };
    }

    /// Transforms a panel's weights for `depth` channels from `start` on.
    fn transform_weights(&self, frame: &Frame, panel: usize, start: usize, depth: usize, to: *mut i16) {
        let width = frame.kernels.panel;
        let plane = self.from.channels * width;
        let job = WeightPanel {
            from: frame.packed::<i8>(self.weights).wrapping_add(panel * 9 * plane + start * width),
            from_stride: plane,
            to,
            to_stride: weight_stride(depth, width),
            length: depth * width,
        };
        // SAFETY: the frame's two rules; scratch memory holds the transforms of `depth` channels.
        unsafe { (frame.kernels.weights)(&job) };
    }
}

/// Values from one position of transformed inputs to the next.
fn input_stride(channels: usize, tiles: usize) -> usize {
    spread(channels * tiles * size_of::<i16>()) / size_of::<i16>()
}

/// Values from one position of transformed weights in scratch memory to the next.
fn weight_stride(channels: usize, panel: usize) -> usize {
    spread(channels * panel * size_of::<i16>()) / size_of::<i16>()
}

/// Values from one position of products to the next.
fn product_stride(tiles: usize, panel: usize) -> usize {
    spread(tiles * panel * size_of::<i32>()) / size_of::<i32>()
}

/// Where a block's inputs, weights and products lie.
struct Run {
    inputs: *const i16,
    /// Tiles that the inputs hold.
    input_tiles: usize,
    weights: *mut i16,
    products: *mut i32,
}
