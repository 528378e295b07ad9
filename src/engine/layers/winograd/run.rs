//! What each member of the team does for a Winograd convolution.

use std::ops::Range;

use super::{Order, Winograd, input_stride, product_stride, weight_stride};
use crate::engine::{
    kernels::{InputTile, OutputTile, ProductJob, WeightPanel},
    layers::{
        Numbers,
        frame::{Frame, part},
    },
};

/// Transformed inputs of neighbouring tiles.
#[derive(Clone, Copy)]
struct Inputs<T> {
    at: *mut T,
    tiles: usize,
}

impl<A: Numbers> Winograd<A> {
    /// Does a member's part of the work.
    pub fn run(&self, frame: &Frame<A>) {
        let (rows, columns) = self.from.tiles(self.transforms.outputs);
        let tiles = frame.pictures * rows * columns;
        match self.order {
            Order::Blocks | Order::Shares => self.run_shares(frame, tiles, self.share(frame.members)),
            Order::Panels => {
                let inputs =
                    Inputs { at: frame.own(self.scratch_places(frame.kernels, frame.members).0.inputs), tiles };
                (0..tiles).for_each(|tile| self.transform_input(frame, tile, inputs, tile));
                self.run_panels(frame, self.phase, 0..tiles, inputs);
            }
            Order::SharedPanels => self.run_rounds(frame, tiles),
        }
    }

    /// Takes shares of at most `most` tiles through all panels.
    fn run_shares(&self, frame: &Frame<A>, tiles: usize, most: usize) {
        let at = frame.own(self.scratch_places(frame.kernels, frame.members).0.inputs);
        while let Some(units) = frame.claim(self.phase, tiles.div_ceil(most)) {
            for share in units.map(|unit| part(tiles, most, unit)) {
                let inputs = Inputs { at, tiles: share.len() };
                for (place, tile) in share.clone().enumerate() {
                    self.transform_input(frame, tile, inputs, place);
                }
                let mut ready = None;
                for panel in 0..self.panels {
                    for index in 0..share.len().div_ceil(self.block) {
                        let block = part(share.len(), self.block, index);
                        self.block(frame, panel, (share.start, block), inputs, &mut ready);
                    }
                }
            }
        }
    }

    /// Takes rounds of tiles, all members together, through all panels.
    fn run_rounds(&self, frame: &Frame<A>, tiles: usize) {
        for round in 0..tiles.div_ceil(self.kept) {
            let share = part(tiles, self.kept, round);
            let inputs = Inputs { at: frame.at(self.inputs), tiles: share.len() };
            let phase = self.phase + 2 * round;
            if round > 0 {
                // Nobody reads the inputs of the round before any more.
                frame.barrier.wait();
            }
            while let Some(places) = frame.claim(phase, share.len()) {
                places.for_each(|place| self.transform_input(frame, share.start + place, inputs, place));
            }
            frame.barrier.wait();
            self.run_panels(frame, phase + 1, share, inputs);
        }
    }

    /// Takes panels of outputs over tiles whose inputs are transformed.
    fn run_panels(&self, frame: &Frame<A>, phase: usize, share: Range<usize>, inputs: Inputs<A::Transformed>) {
        let blocks = share.len().div_ceil(self.block);
        let mut ready = None;
        while let Some(units) = frame.claim(phase, self.panels * blocks) {
            for unit in units {
                let block = part(share.len(), self.block, unit % blocks);
                self.block(frame, unit / blocks, (share.start, block), inputs, &mut ready);
            }
        }
    }

    /// Picture, row and column of a tile.
    fn tile(&self, tile: usize) -> (usize, usize, usize) {
        let (rows, columns) = self.from.tiles(self.transforms.outputs);
        (tile / (rows * columns), tile / columns % rows, tile % columns)
    }

    /// Transforms a tile's inputs to the `place`-th of `inputs`.
    fn transform_input(&self, frame: &Frame<A>, tile: usize, inputs: Inputs<A::Transformed>, place: usize) {
        let (picture, y, x) = self.tile(tile);
        let (y, x) = (y * self.transforms.outputs, x * self.transforms.outputs);
        let chunk = frame.kernels.chunk;
        let job = InputTile {
            pixels: frame.at(self.from.before(frame.place(&self.from, picture), y, x)),
            row_stride: self.from.row_stride,
            pixel_stride: self.from.channels,
            channels: self.from.channels,
            to: inputs.at.wrapping_add(place * chunk),
            position_stride: input_stride::<A>(self.from.channels.next_multiple_of(chunk), inputs.tiles),
            chunk_stride: chunk * inputs.tiles,
        };
        // SAFETY: the frame's two rules; the map's border reaches as far as its last tiles.
        unsafe { (self.transforms.input)(&job) };
    }

    /// Multiplies a block of tiles with a panel of weights, and transforms the products back. `inputs` starts with the tile
    /// `first`, and the block with the `block.start`-th after it. `ready` is the panel whose transformed weights lie in
    /// scratch memory.
    fn block(
        &self,
        frame: &Frame<A>,
        panel: usize,
        (first, block): (usize, Range<usize>),
        inputs: Inputs<A::Transformed>,
        ready: &mut Option<usize>,
    ) {
        let kernels = frame.kernels;
        let places = self.scratch_places(kernels, frame.members).0;
        let (own_weights, products) =
            (frame.own::<A::Transformed>(places.weights), frame.own::<A::Sum>(places.products));
        let width = kernels.panel;
        let positions = self.transforms.positions();
        let channels = self.from.channels;
        let count = block.len();
        let chunk_stride = kernels.chunk * inputs.tiles;
        let input_stride = input_stride::<A>(channels.next_multiple_of(kernels.chunk), inputs.tiles);
        let from = inputs.at.wrapping_add(block.start * kernels.chunk);
        let product_stride = product_stride::<A>(count, width);
        for start in (0..channels).step_by(self.depth) {
            let depth = self.depth.min(channels - start);
            let (weights, weight_stride) = if self.stored() {
                let weights =
                    frame.packed::<A::Transformed>(self.weights).wrapping_add(panel * positions * channels * width);
                (weights, channels * width)
            } else {
                if self.depth < channels || *ready != Some(panel) {
                    self.transform_weights(frame, panel, start, depth, own_weights);
                    *ready = Some(panel);
                }
                (own_weights.cast_const(), weight_stride::<A>(depth, width))
            };
            let next = if start + depth < channels { (panel, start + depth) } else { (panel + 1, 0) };
            for position in 0..positions {
                if !self.stored() && next.0 < self.panels {
                    self.prefetch_weights(frame, next, position);
                }
                let from = from.wrapping_add(position * input_stride + start * inputs.tiles);
                for index in 0..count.div_ceil(kernels.tiles) {
                    let some = part(count, kernels.tiles, index);
                    // Blocks have the same tiles at all positions, and their inputs fit no cache but the last.
                    let next = match self.order {
                        Order::Blocks => None,
                        _ if some.end < count => Some(from.wrapping_add(some.end * kernels.chunk).cast_const()),
                        _ => Some(from.wrapping_add(input_stride).cast_const()),
                    };
                    let job = ProductJob {
                        inputs: from.wrapping_add(some.start * kernels.chunk),
                        next,
                        chunk_stride,
                        channels: depth,
                        tiles: some.len(),
                        weights: weights.wrapping_add(position * weight_stride),
                        sums: products.wrapping_add(position * product_stride + some.start * width),
                        accumulate: start > 0,
                    };
                    // SAFETY: the frame's two rules; `depth` is whole chunks but for the last one.
                    unsafe { (kernels.product)(&job) };
                }
            }
        }
        let first_output = panel * width;
        let lanes = width.min(self.to.channels - first_output);
        let step = if self.pool { self.transforms.outputs / 2 } else { self.transforms.outputs };
        for (i, place) in block.enumerate() {
            let tile = first + place;
            let (picture, y, x) = self.tile(tile);
            let (y, x) = (y * step, x * step);
            if y >= self.to.height || x >= self.to.width {
                continue;
            }
            let job = OutputTile {
                sums: products.wrapping_add(i * width),
                position_stride: product_stride,
                lanes,
                finish: A::finish(&self.finish, first_output, lanes),
                pool: self.pool,
                to: frame
                    .at::<A::Activation>(self.to.at(frame.place(&self.to, picture), y, x))
                    .wrapping_add(first_output),
                row_stride: self.to.row_stride,
                pixel_stride: self.to.channels,
                rows: (self.to.height - y).min(step),
                columns: (self.to.width - x).min(step),
            };
            // SAFETY: the frame's two rules; `rows` and `columns` keep the tile inside the map.
            unsafe { (self.transforms.output)(&job) };
        }
    }

    /// Asks for a part of the weights that will be transformed next, one for each of the first positions.
    fn prefetch_weights(&self, frame: &Frame<A>, (panel, start): (usize, usize), position: usize) {
        let width = frame.kernels.panel;
        let value = size_of::<A::Weight>();
        let plane = self.from.channels * width * value;
        let (tap, quarter) = (position / 4, position % 4);
        if tap >= 9 {
            return;
        }
        let bytes = self.depth.min(self.from.channels - start) * width * value / 4;
        let from = frame
            .packed::<u8>(self.weights)
            .wrapping_add((panel * 9 + tap) * plane + start * width * value + quarter * bytes);
        // SAFETY: the processor has the kernels' instruction set.
        unsafe { (frame.kernels.prefetch)(from, bytes) };
    }

    /// Transforms a panel's weights for `depth` channels from `start` on.
    fn transform_weights(&self, frame: &Frame<A>, panel: usize, start: usize, depth: usize, to: *mut A::Transformed) {
        let width = frame.kernels.panel;
        let plane = self.from.channels * width;
        let job = WeightPanel {
            from: frame.packed::<A::Weight>(self.weights).wrapping_add(panel * 9 * plane + start * width),
            from_stride: plane,
            to,
            to_stride: weight_stride::<A>(depth, width),
            length: depth * width,
        };
        // SAFETY: the frame's two rules; scratch memory holds the transforms of `depth` channels.
        unsafe { (self.transforms.weights)(&job) };
    }
}
