//! What is done for pictures, step by step, and where everything lies: everything about a network but its weights.

use std::ops::Range;

use super::{Numbers, dense::Dense, direct::Direct, frame::Frame, map::Map, matrix::Matrix, winograd::Winograd};
use crate::engine::kernels::Kernels;

/// A network laid out for one instruction set.
#[derive(Clone, Debug)]
pub struct Program<A: Numbers> {
    /// The kernels that it is laid out for.
    pub kernels: &'static Kernels<A>,
    /// Where the picture goes.
    pub input: Input,
    /// Most pictures of a run.
    pub pictures: usize,
    /// In order.
    pub steps: Vec<Step<A>>,
    /// All steps in order, in parts that take so many pictures at once.
    pub segments: Vec<Segment>,
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

/// Neighbouring steps that take the same number of pictures at once: few where a picture fills the cache, more where one
/// picture has too little work for what is done once for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which steps.
    pub steps: Range<usize>,
    /// Most pictures at once.
    pub pictures: usize,
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
    /// Values from one picture to the next.
    pub stride: usize,
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
    /// What a convolution leaves behind its max pool, if it has one.
    pub pooled: Option<Pooled>,
}

/// The channels of a map behind a max pool, and how its activations stand for real numbers: (activation − zero) × scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// Number of channels, without padding.
    pub channels: usize,
    /// Activation that stands for zero.
    pub zero: f32,
    /// Real value of a step.
    pub scale: f32,
}

/// The algorithm of a step.
#[derive(Clone, Debug)]
pub enum Work<A: Numbers> {
    Direct(Direct<A>),
    Winograd(Winograd<A>),
    Dense(Dense<A>),
    Matrix(Matrix<A>),
}

impl<A: Numbers> Work<A> {
    /// Name of the algorithm, for reports.
    pub fn algorithm(&self) -> String {
        match self {
            Work::Direct(_) => "direct".into(),
            Work::Winograd(winograd) => {
                format!("winograd {}, {}", winograd.transforms().outputs, winograd.order())
            }
            Work::Dense(_) => "dense".into(),
            Work::Matrix(_) => "matrix".into(),
        }
    }

    /// Where a convolution writes.
    pub fn to_map(&self) -> Option<&Map> {
        match self {
            Work::Direct(direct) => Some(direct.to()),
            Work::Winograd(winograd) => Some(winograd.to()),
            Work::Dense(_) | Work::Matrix(_) => None,
        }
    }

    /// Does a member's share.
    pub fn run(&self, frame: &Frame<A>) {
        match self {
            Work::Direct(direct) => direct.run(frame),
            Work::Winograd(winograd) => winograd.run(frame),
            Work::Dense(dense) => dense.run(frame),
            Work::Matrix(matrix) => matrix.run(frame),
        }
    }
}

impl<A: Numbers> Program<A> {
    /// Steps behind whose max pools the features of these convolutions are. The error names one that has no max pool.
    pub fn pooled(&self, layers: &[String]) -> Result<Vec<usize>, String> {
        let step = |layer: &String| {
            let found = self.steps.iter().position(|step| step.name == *layer && step.pooled.is_some());
            found.ok_or_else(|| format!("no max pool follows {layer:?}"))
        };
        layers.iter().map(step).collect()
    }

    /// Most times that a segment is gone through in a run.
    pub fn rounds(&self) -> usize {
        self.segments.iter().map(|segment| self.pictures.div_ceil(segment.pictures)).max().unwrap_or(0)
    }

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
            Work::Matrix(matrix) => matrix.scratch(self.kernels),
        };
        self.steps.iter().map(scratch).max().unwrap_or(0).next_multiple_of(4096)
    }
}
