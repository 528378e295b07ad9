//! Winograd convolution F(n×n, 3×3): how a layer is cut into pieces. `run` does the work.
//!
//! ```text
//! by blocks, by shares                        by panels
//! for each of them                            for each round
//!     for each tile                               for each tile
//!         transform its inputs                        transform its inputs
//!     for each panel of outputs                   for each panel of outputs
//!         transform the panel's weights               transform the panel's weights
//!         for each block of tiles                     for each block of tiles
//!             multiply, transform back                    multiply, transform back
//! ```
//!
//! [`Order`] says which is taken when. Transformed weights are eight times as many bytes as the weights, and transforming them
//! on the way costs less than reading them; only where every small block reads all weights, which stay in cache then, they
//! are transformed when they are packed: [`Winograd::stored`] says so.

mod run;

use super::{
    Numbers,
    frame::Slot,
    map::{Layout, Map, spread},
};
use crate::engine::kernels::{Blocking, CHANNEL_STEP, Kernels, Transforms};

/// What a layer's work is cut by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Small blocks of tiles, for few channels: a block's transformed inputs stay in cache, and so do all weights.
    Blocks,
    /// Ranges of tiles, at least one for each member of the team, for many tiles: every member transforms all weights.
    Shares,
    /// Panels of outputs, for few tiles and many channels: every member transforms all inputs.
    Panels,
    /// Panels of outputs, and rounds of tiles, whose transformed inputs members share.
    SharedPanels,
}

impl Order {
    /// The one for a layer with so many bytes of transformed weights, and so many tiles.
    fn of(blocking: Blocking, weights: usize, tiles: usize) -> Order {
        if weights <= blocking.few_weights {
            Order::Blocks
        } else if !blocking.distant_cores {
            Order::SharedPanels
        } else if tiles >= 2 * blocking.tiles {
            Order::Shares
        } else {
            Order::Panels
        }
    }
}

/// A convolution by Winograd's algorithm with everything that follows it.
#[derive(Clone, Debug)]
pub struct Winograd<A: Numbers> {
    transforms: &'static Transforms<A>,
    from: Map,
    to: Map,
    /// Most pictures at once.
    pictures: usize,
    finish: A::Layer,
    pool: bool,
    panels: usize,
    order: Order,
    /// Most tiles whose transformed inputs are kept at once.
    kept: usize,
    /// Tiles of a block.
    block: usize,
    /// Channels whose weights are transformed at once.
    depth: usize,
    /// Where all members' transformed inputs start in the arena, where they share them.
    inputs: usize,
    /// First phase of this layer, for [`Frame::claim`](super::frame::Frame::claim).
    phase: usize,
    /// Where the weights start.
    weights: usize,
}

impl<A: Numbers> Winograd<A> {
    /// Lays out a convolution from one map to the other.
    pub fn new(
        kernels: &Kernels<A>,
        transforms: &'static Transforms<A>,
        (from, to): (Map, Map),
        finish: A::Layer,
        pool: bool,
        Slot { pictures, phase, weights }: Slot,
    ) -> Self {
        let positions = transforms.positions();
        let channels = from.channels.next_multiple_of(kernels.chunk);
        let (rows, columns) = from.tiles(transforms.outputs);
        let tiles = pictures * rows * columns;
        let input_bytes = positions * channels * size_of::<A::Transformed>();
        let blocking = kernels.blocking;
        let panels = to.channels.div_ceil(kernels.panel);
        let all_weights = positions * from.channels * panels * kernels.panel * size_of::<A::Transformed>();
        let order = Order::of(blocking, all_weights, tiles);
        // As many as the kernel takes at once, or a multiple.
        let whole = |most: usize| (most / kernels.tiles * kernels.tiles).max(kernels.tiles).min(tiles);
        let block = whole(blocking.tiles * 36 / positions);
        let kept = match order {
            // Enough blocks for every member of a team.
            Order::Blocks => whole((blocking.own_inputs / input_bytes).min(tiles.div_ceil(8)).min(block)),
            Order::Shares | Order::SharedPanels => whole(blocking.whole_inputs / input_bytes),
            Order::Panels => tiles,
        };
        let panel_channel = positions * kernels.panel * size_of::<A::Transformed>();
        let step = kernels.chunk.max(CHANNEL_STEP);
        let depth = (blocking.own_weights / panel_channel / step * step).max(step);
        // As equal parts as whole steps allow.
        let parts = from.channels.div_ceil(depth);
        let depth = from.channels.div_ceil(parts).next_multiple_of(step).min(from.channels);
        Winograd {
            transforms,
            from,
            to,
            pictures,
            finish,
            pool,
            panels,
            order,
            kept,
            block: kept.min(block),
            depth: if order == Order::Blocks { from.channels } else { depth },
            inputs: 0,
            phase,
            weights,
        }
    }

    /// Tiles of as many pictures as there may be.
    fn tiles(&self) -> usize {
        let (rows, columns) = self.from.tiles(self.transforms.outputs);
        self.pictures * rows * columns
    }

    /// The transforms.
    pub fn transforms(&self) -> &'static Transforms<A> {
        self.transforms
    }

    /// Multiply-accumulates of the products of as many pictures as there may be, the padding of tiles, channels and outputs included.
    pub fn product_macs(&self, kernels: &Kernels<A>) -> u64 {
        (self.tiles() * self.transforms.positions() * self.from.channels * self.panels * kernels.panel) as u64
    }

    /// Bytes of transformed inputs that members share.
    pub fn shared_inputs(&self, kernels: &Kernels<A>) -> usize {
        let channels = self.from.channels.next_multiple_of(kernels.chunk);
        let shared = self.order == Order::SharedPanels;
        if shared {
            self.transforms.positions() * input_stride::<A>(channels, self.kept) * size_of::<A::Transformed>()
        } else {
            0
        }
    }

    /// Says where they are.
    pub fn share_inputs_at(&mut self, place: usize) {
        self.inputs = place;
    }

    /// Phases that the work has, for [`Frame::claim`](super::frame::Frame::claim).
    pub fn phases(&self) -> usize {
        if self.order == Order::SharedPanels { 2 * self.tiles().div_ceil(self.kept) } else { 1 }
    }

    /// Whether the packed weights are transformed already.
    pub fn stored(&self) -> bool {
        self.order == Order::Blocks
    }

    /// Channels of the map that is read.
    pub fn channels(&self) -> usize {
        self.from.channels
    }

    /// The map that is written.
    pub fn to(&self) -> &Map {
        &self.to
    }

    /// Where the weights start.
    pub fn weights(&self) -> usize {
        self.weights
    }

    /// How the work is ordered, for reports.
    pub fn order(&self) -> &'static str {
        match self.order {
            Order::Blocks => "by blocks",
            Order::Shares => "by shares",
            Order::Panels => "by panels",
            Order::SharedPanels => "by panels, inputs shared",
        }
    }

    /// Most tiles whose transformed inputs one of so many members keeps at once.
    fn share(&self, members: usize) -> usize {
        if self.order == Order::Shares { self.kept.min(self.tiles().div_ceil(members)) } else { self.kept }
    }

    /// Places in the scratch memory of one of so many members, and its length.
    fn scratch_places(&self, kernels: &Kernels<A>, members: usize) -> (Places, usize) {
        let mut layout = Layout::default();
        let positions = self.transforms.positions();
        let channels = self.from.channels.next_multiple_of(kernels.chunk);
        let shared = self.order == Order::SharedPanels;
        let inputs = if shared { 0 } else { positions * input_stride::<A>(channels, self.share(members)) };
        let weights = if self.stored() { 0 } else { positions * weight_stride::<A>(self.depth, kernels.panel) };
        let products = positions * product_stride::<A>(self.block, kernels.panel);
        let places = Places {
            inputs: layout.take(inputs * size_of::<A::Transformed>()),
            weights: layout.take(weights * size_of::<A::Transformed>()),
            products: layout.take(products * size_of::<A::Sum>()),
        };
        (places, layout.length)
    }

    /// Bytes of scratch memory for one of so many members.
    pub fn scratch(&self, kernels: &Kernels<A>, members: usize) -> usize {
        self.scratch_places(kernels, members).1
    }
}

/// Places in a member's scratch memory, in bytes from its start.
struct Places {
    inputs: usize,
    weights: usize,
    products: usize,
}

/// Values from one position of transformed inputs to the next.
fn input_stride<A: Numbers>(channels: usize, tiles: usize) -> usize {
    spread(channels * tiles * size_of::<A::Transformed>()) / size_of::<A::Transformed>()
}

/// Values from one position of transformed weights in scratch memory to the next.
fn weight_stride<A: Numbers>(channels: usize, panel: usize) -> usize {
    spread(channels * panel * size_of::<A::Transformed>()) / size_of::<A::Transformed>()
}

/// Values from one position of products to the next.
fn product_stride<A: Numbers>(tiles: usize, panel: usize) -> usize {
    spread(tiles * panel * size_of::<A::Sum>()) / size_of::<A::Sum>()
}
