//! What is done for a picture, step by step, and where everything lies: everything about a network but its weights.

use super::{Numbers, dense::Dense, direct::Direct, frame::Frame, map::Map, winograd::Winograd};
use crate::engine::kernels::Kernels;

/// A network laid out for one instruction set.
#[derive(Clone, Debug)]
pub struct Program<A: Numbers> {
    /// The kernels that it is laid out for.
    pub kernels: &'static Kernels<A>,
    /// Where the picture goes.
    pub input: Input,
    /// In order.
    pub steps: Vec<Step<A>>,
    /// Where the answer is.
    pub output: Output,
    /// Bytes of the arena that all members share; their scratch memory follows.
    pub shared_bytes: usize,
    /// Bytes of the packed weights.
    pub weight_bytes: usize,
    /// Counters that steps claim their units from.
    pub phases: usize,
    /// Parts of the arena that hold a border: start, length, and the bytes that are repeated there.
    pub borders: Vec<(usize, usize, Vec<u8>)>,
}

/// How the network takes its picture.
#[derive(Clone, Debug)]
pub enum Input {
    /// uint8 RGB, rows of pixels.
    Picture {
        /// Where it goes.
        map: Map,
    },
    /// uint8 RGB, rows of pixels, whose mean is subtracted.
    Centred {
        /// Where it goes.
        map: Map,
        /// Of red, green and blue.
        mean_rgb: [f32; 3],
    },
    /// Float planes, rounded to steps.
    Real {
        /// Where it goes.
        map: Map,
        /// Real value of a step.
        scale: f32,
        /// Step that stands for zero.
        zero_point: u8,
    },
}

/// What the last step leaves in the arena.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Where it starts.
    pub at: usize,
    /// Number of values.
    pub count: usize,
    /// Float values if `None`; else uint8 steps.
    pub steps: Option<(f32, u8)>,
}

/// A layer with everything that follows it.
#[derive(Clone, Debug)]
pub struct Step<A: Numbers> {
    /// Name of the layer.
    pub name: String,
    /// What is done.
    pub work: Work<A>,
    /// Multiply-accumulates of the layer by its definition.
    pub macs: u64,
    /// Why another algorithm than the usual one was taken, if so.
    pub note: Option<String>,
}

/// The algorithm of a step.
#[derive(Clone, Debug)]
pub enum Work<A: Numbers> {
    Direct(Direct<A>),
    Winograd(Winograd<A>),
    Dense(Dense<A>),
}

impl<A: Numbers> Work<A> {
    /// Name of the algorithm, for reports.
    pub fn algorithm(&self) -> String {
        match self {
            Work::Direct(_) => "direct".into(),
            Work::Winograd(winograd) => format!("winograd, {}", winograd.order()),
            Work::Dense(_) => "dense".into(),
        }
    }

    /// Does a member's share.
    pub fn run(&self, frame: &Frame<A>) {
        match self {
            Work::Direct(direct) => direct.run(frame),
            Work::Winograd(winograd) => winograd.run(frame),
            Work::Dense(dense) => dense.run(frame),
        }
    }
}

impl<A: Numbers> Program<A> {
    /// Bytes of the arena for so many members.
    pub fn arena_bytes(&self, members: usize) -> usize {
        self.shared_bytes + members * self.scratch_bytes(members)
    }

    /// Bytes of scratch memory that each of so many members needs.
    pub fn scratch_bytes(&self, members: usize) -> usize {
        let scratch = |step: &Step<A>| match &step.work {
            Work::Direct(direct) => direct.scratch(self.kernels),
            Work::Winograd(winograd) => winograd.scratch(self.kernels, members),
            Work::Dense(dense) => dense.scratch(),
        };
        self.steps.iter().map(scratch).max().unwrap_or(0).next_multiple_of(4096)
    }
}
