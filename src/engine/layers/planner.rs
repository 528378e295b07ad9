//! Lays out a network layer by layer.

use super::{
    Numbers,
    dense::{Dense, DenseOutput},
    direct::Direct,
    map::{Layout, Map, TILE},
    program::{Input, Output, Program, Step, Work},
    winograd::{POSITIONS, Winograd},
};
use crate::engine::kernels::{DENSE_BLOCK, Kernels};

/// A network that is being laid out.
pub struct Planner<A: Numbers> {
    kernels: &'static Kernels<A>,
    arena: Layout,
    weights: Layout,
    borders: Vec<(usize, usize, Vec<u8>)>,
    steps: Vec<Step<A>>,
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
    /// Whether Winograd's algorithm is taken.
    pub winograd: bool,
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
    /// Where the inputs start in the arena, and how many there are, with padding.
    pub from: (usize, usize),
    /// Whether an input of zero adds nothing.
    pub skip_zeros: bool,
    /// What the sums become.
    pub output: DenseOutput<A>,
}

impl<A: Numbers> Planner<A> {
    /// Nothing yet.
    pub fn new(kernels: &'static Kernels<A>) -> Self {
        Planner {
            kernels,
            arena: Layout::default(),
            weights: Layout::default(),
            borders: vec![],
            steps: vec![],
            phases: 0,
            shared_inputs: 0,
        }
    }

    /// A map with a border that holds `zero` over and over.
    pub fn bordered(&mut self, height: usize, width: usize, channels: usize, zero: Vec<u8>) -> Map {
        let start = self.arena.length;
        let map = self.arena.bordered(height, width, channels, size_of::<A::Activation>());
        let length = (height.next_multiple_of(TILE) + 2) * map.row_stride * map.value;
        self.borders.push((start, length, zero));
        map
    }

    /// A map without a border.
    pub fn plain(&mut self, height: usize, width: usize, channels: usize) -> Map {
        self.arena.plain(height, width, channels, size_of::<A::Activation>())
    }

    /// Whether no layer is laid out yet.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether Winograd takes less time, counted in multiply-accumulates of its products.
    pub fn winograd_wins(&self, from: Map, outputs: usize) -> bool {
        let costs = self.kernels.costs;
        let (rows, columns) = from.tiles();
        let (inputs, outputs, tiles) = (from.channels as f32, outputs as f32, (rows * columns) as f32);
        let products = POSITIONS as f32 * inputs * outputs;
        let winograd =
            tiles * (products + costs.input * inputs + costs.output * outputs) + costs.weights * inputs * outputs;
        let direct = (from.height * from.width * 9) as f32 * inputs * outputs / self.kernels.dot_rate;
        winograd < direct
    }

    /// Lays out a convolution.
    pub fn convolution(&mut self, convolution: Convolution<A>) {
        let Convolution { name, inputs, outputs, maps, finish, pool, winograd, note } = convolution;
        let (kernels, (from, to)) = (self.kernels, maps);
        let panels = to.channels.div_ceil(kernels.panel);
        let weight = size_of::<A::Weight>();
        let work = if winograd {
            let start = self.weights.length;
            let work = Winograd::new(kernels, maps, finish, pool, self.phases, start);
            self.phases += work.phases();
            self.shared_inputs = self.shared_inputs.max(work.shared_inputs(kernels));
            let taps = if work.stored() { POSITIONS * size_of::<A::Transformed>() } else { 9 * weight };
            self.weights.take(taps * from.channels * panels * kernels.panel);
            Work::Winograd(work)
        } else {
            let bytes = 3 * Direct::depth(kernels, from.channels) * panels * kernels.panel * weight;
            let start = self.weights.take(bytes);
            self.phases += 1;
            Work::Direct(Direct::new(kernels, maps, finish, pool, self.phases - 1, start))
        };
        let macs = 9 * inputs * outputs * from.height * from.width;
        self.steps.push(Step { name, work, macs: macs as u64, note });
    }

    /// Lays out a dense layer; gives where its outputs start, and how many there are, with padding.
    pub fn dense(&mut self, dense: FullyConnected<A>) -> (usize, usize) {
        let FullyConnected { name, inputs, outputs, from, skip_zeros, output } = dense;
        let padded = outputs.next_multiple_of(DENSE_BLOCK);
        let to = self.arena.take(match output {
            DenseOutput::Activations(_) => padded * size_of::<A::Activation>(),
            DenseOutput::Real(_) => outputs * size_of::<f32>(),
        });
        let work = Dense {
            from: from.0,
            inputs: from.1,
            skip_zeros,
            to,
            outputs: padded,
            real: outputs,
            output,
            step: self.steps.len(),
            phase: self.phases,
            weights: self.weights.take(from.1 * padded * size_of::<A::Weight>()),
        };
        self.phases += 1;
        self.steps.push(Step { name, work: Work::Dense(work), macs: (inputs * outputs) as u64, note: None });
        (to, padded)
    }

    /// The program.
    pub fn program(mut self, input: Input, output: Output) -> Program<A> {
        let shared = self.arena.take(self.shared_inputs);
        for step in &mut self.steps {
            if let Work::Winograd(winograd) = &mut step.work {
                winograd.share_inputs_at(shared);
            }
        }
        Program {
            kernels: self.kernels,
            input,
            phases: self.phases,
            steps: self.steps,
            output,
            shared_bytes: self.arena.length.next_multiple_of(4096),
            weight_bytes: self.weights.length,
            borders: self.borders,
        }
    }
}
