//! Lays out a network layer by layer.

use super::{
    Numbers,
    dense::{Dense, DenseOutput, Rows},
    direct::Direct,
    frame::Slot,
    map::{Layout, Map, Shape},
    matrix::Matrix,
    program::{Input, Output, Pooled, Program, Segment, Step, Work},
    winograd::Winograd,
};
use crate::engine::kernels::{CHANNEL_STEP, DENSE_BLOCK, Kernels, Transforms};

/// A network that is being laid out.
pub struct Planner<A: Numbers> {
    kernels: &'static Kernels<A>,
    arena: Layout,
    weights: Layout,
    borders: Vec<(usize, usize, Vec<u8>)>,
    /// Most pictures of a run.
    pictures: usize,
    sums: Sums,
    steps: Vec<Step<A>>,
    segments: Vec<Segment>,
    /// Pictures that the step takes at once which reads the last map.
    reads: usize,
    /// Phases that the steps have so far.
    phases: usize,
    /// Most bytes of transformed inputs that members share in any step.
    shared_inputs: usize,
}

/// A convolution to lay out.
pub struct Convolution<A: Numbers> {
    /// Name of the layer.
    pub name: String,
    /// Input channels, without padding.
    pub inputs: usize,
    /// Output channels, without padding.
    pub outputs: usize,
    /// The map that is read and the map that is written.
    pub maps: (Map, Map),
    /// What makes activations of the sums.
    pub finish: A::Layer,
    /// Whether a 2×2 max pool follows.
    pub pool: bool,
    /// Activation that stands for zero, and real value of a step.
    pub steps: (f32, f32),
    /// Winograd's algorithm, where it is taken.
    pub winograd: Option<&'static Transforms<A>>,
    /// Why another algorithm than the usual one is taken, if so.
    pub note: Option<String>,
}

/// A dense layer to lay out.
pub struct FullyConnected<A: Numbers> {
    /// Name of the layer.
    pub name: String,
    /// Inputs, without padding.
    pub inputs: usize,
    /// Outputs, without padding.
    pub outputs: usize,
    /// Where the inputs are.
    pub from: Rows,
    /// Whether an input of zero adds nothing.
    pub skip_zeros: bool,
    /// What the sums become.
    pub output: DenseOutput<A>,
}

/// Side of the tiles of Winograd's algorithm that is as fast as any on some processor, and not much slower on the others.
const TILE_ALIKE: usize = 4;

/// In which order floats are summed up, on which the last bits of a result depend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// As it is fastest on this processor, for so many pictures.
    Fastest,
    /// The same for any number of pictures, on every processor that multiplies and adds in one instruction: their results are the
    /// same to the bit.
    Alike,
}

impl<A: Numbers> Planner<A> {
    /// Nothing yet, for runs of so many pictures at most.
    pub fn new(kernels: &'static Kernels<A>, pictures: usize, sums: Sums) -> Self {
        Planner {
            kernels,
            sums,
            arena: Layout::default(),
            weights: Layout::default(),
            borders: vec![],
            pictures,
            steps: vec![],
            segments: vec![],
            reads: 0,
            phases: 0,
            shared_inputs: 0,
        }
    }

    /// A map that a convolution reads, with a border that holds `zero` over and over.
    pub fn bordered(&mut self, height: usize, width: usize, channels: usize, zero: Vec<u8>) -> Map {
        let at_once = self.at_once(height, width);
        let (shape, whole) = self.shape((height, width), channels, at_once);
        let tiles = self.kernels.winograd.iter().map(|transforms| transforms.outputs);
        let covered = |side: usize| tiles.clone().map(|tile| side.next_multiple_of(tile)).max().unwrap_or(side);
        let (map, bytes) = self.arena.bordered(shape, (covered(height), covered(width)), whole);
        self.borders.push((bytes.start, bytes.len(), zero));
        map
    }

    /// A map without a border, which a dense layer reads.
    pub fn plain(&mut self, height: usize, width: usize, channels: usize) -> Map {
        let channels = channels.next_multiple_of(CHANNEL_STEP);
        let (shape, whole) = self.shape((height, width), channels, self.pictures);
        self.arena.plain(shape, whole)
    }

    /// What the next map holds, whose reader takes so many pictures at once, and whether that is all pictures of a run.
    fn shape(&mut self, (height, width): (usize, usize), channels: usize, at_once: usize) -> (Shape, bool) {
        let whole = at_once != self.reads;
        self.reads = at_once;
        let pictures = if whole { self.pictures } else { at_once };
        (Shape { pictures, height, width, channels, value: size_of::<A::Activation>() }, whole)
    }

    /// Pictures that a convolution of maps of this size takes at once: enough tiles for the transform of its weights.
    fn at_once(&self, height: usize, width: usize) -> usize {
        let tiles = height.div_ceil(4) * width.div_ceil(4);
        (2 * self.kernels.blocking.tiles).div_ceil(tiles.max(1)).next_power_of_two().min(self.pictures)
    }

    /// Whether no layer is laid out yet.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Winograd's algorithm in its fastest form, counted in multiply-accumulates of its products; `None` where direct
    /// convolution takes less time.
    pub fn winograd(&self, from: Map, outputs: usize) -> Option<&'static Transforms<A>> {
        let (inputs, outputs) = (from.channels as f32, outputs as f32);
        // The transform of the weights is for all pictures at once.
        let pictures = match self.sums {
            Sums::Fastest => self.at_once(from.height, from.width) as f32,
            Sums::Alike => 1.0,
        };
        let time = |transforms: &Transforms<A>| {
            let (costs, (rows, columns)) = (transforms.costs, from.tiles(transforms.outputs));
            let products = transforms.positions() as f32 * inputs * outputs;
            (rows * columns) as f32 * (products + costs.input * inputs + costs.output * outputs)
                + costs.weights * inputs * outputs / pictures
        };
        let direct = (from.height * from.width * 9) as f32 * inputs * outputs / self.kernels.dot_rate;
        let forms = self.kernels.winograd.iter();
        let allowed = forms.filter(|transforms| self.sums == Sums::Fastest || transforms.outputs == TILE_ALIKE);
        let fastest = allowed.min_by(|a, b| time(a).total_cmp(&time(b)));
        fastest.filter(|transforms| time(transforms) < direct)
    }

    /// Lays out a convolution.
    pub fn convolution(&mut self, convolution: Convolution<A>) {
        let Convolution { name, inputs, outputs, maps, finish, pool, steps: (zero, scale), winograd, note } =
            convolution;
        let (kernels, (from, to)) = (self.kernels, maps);
        let panels = to.channels.div_ceil(kernels.panel);
        let weight = size_of::<A::Weight>();
        let pictures = self.at_once(from.height, from.width);
        let slot = Slot { pictures, phase: self.phases, weights: self.weights.length };
        let work = if let Some(transforms) = winograd {
            let work = Winograd::new(kernels, transforms, maps, finish, pool, slot);
            self.phases += work.phases();
            self.shared_inputs = self.shared_inputs.max(work.shared_inputs(kernels));
            let taps = if work.stored() { transforms.positions() * size_of::<A::Transformed>() } else { 9 * weight };
            self.weights.take(taps * from.channels * panels * kernels.panel);
            Work::Winograd(work)
        } else {
            let bytes = 3 * Direct::depth(kernels, from.channels) * panels * kernels.panel * weight;
            self.weights.take(bytes);
            self.phases += 1;
            Work::Direct(Direct::new(kernels, maps, finish, pool, slot))
        };
        let macs = 9 * inputs * outputs * from.height * from.width;
        let pooled = pool.then_some(Pooled { channels: outputs, zero, scale });
        self.step(Step { name, work, macs: macs as u64, note, pooled }, pictures);
    }

    /// Lays out a dense layer; gives where its outputs are.
    pub fn dense(&mut self, dense: FullyConnected<A>) -> Rows {
        let FullyConnected { name, inputs, outputs, from, skip_zeros, output } = dense;
        let macs = (inputs * outputs) as u64;
        let count = outputs.next_multiple_of(DENSE_BLOCK);
        let value = match output {
            DenseOutput::Activations(_) => size_of::<A::Activation>(),
            DenseOutput::Real(_) => size_of::<f32>(),
        };
        let to = Rows { at: self.arena.take(self.pictures * count * value), count };
        let (phase, step) = (self.phases, self.steps.len());
        let work = if self.pictures > 1 {
            let weights = self.weights.take(from.count * count * size_of::<A::Transformed>());
            self.phases += 2;
            let pictures = self.pictures;
            let work = Matrix { from, to, real: outputs, output, pictures, phase, weights, gathered: 0 };
            self.shared_inputs = self.shared_inputs.max(work.shared_inputs(self.kernels));
            Work::Matrix(work)
        } else {
            let weights = self.weights.take(from.count * count * size_of::<A::Weight>());
            self.phases += 1;
            Work::Dense(Dense { from, skip_zeros, to, real: outputs, output, step, phase, weights })
        };
        self.step(Step { name, work, macs, note: None, pooled: None }, self.pictures);
        to
    }

    /// Adds a step that takes so many pictures at once.
    fn step(&mut self, step: Step<A>, pictures: usize) {
        let end = self.steps.len() + 1;
        self.steps.push(step);
        match self.segments.last_mut() {
            Some(segment) if segment.pictures == pictures => segment.steps.end = end,
            _ => self.segments.push(Segment { steps: end - 1..end, pictures }),
        }
    }

    /// The program.
    pub fn program(mut self, input: Input, output: Output) -> Program<A> {
        let shared = self.arena.take(self.shared_inputs);
        for step in &mut self.steps {
            match &mut step.work {
                Work::Winograd(winograd) => winograd.share_inputs_at(shared),
                Work::Matrix(matrix) => matrix.gathered = shared,
                Work::Direct(_) | Work::Dense(_) => {}
            }
        }
        Program {
            kernels: self.kernels,
            input,
            pictures: self.pictures,
            phases: self.phases,
            steps: self.steps,
            segments: self.segments,
            output,
            shared_bytes: self.arena.length.next_multiple_of(4096),
            weight_bytes: self.weights.length,
            borders: self.borders,
        }
    }
}
