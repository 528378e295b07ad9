//! What is done for a picture, step by step, and where everything lies: everything about a network but its weights.

use super::{
    check,
    dense::{Dense, DenseOutput},
    direct::Direct,
    facts::Facts,
    frame::Frame,
    map::{Layout, Map, TILE},
    output::Requantization,
    winograd::{POSITIONS, Winograd},
};
use crate::{
    engine::kernels::{CHANNEL_STEP, DENSE_BLOCK, Kernels},
    model::quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// A network laid out for one instruction set.
#[derive(Clone, Debug)]
pub struct Program {
    /// The kernels that it is laid out for.
    pub kernels: &'static Kernels,
    /// Where the picture goes.
    pub input: Input,
    /// In order.
    pub steps: Vec<Step>,
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
pub struct Step {
    /// Name of the layer.
    pub name: String,
    /// What is done.
    pub work: Work,
    /// Multiply-accumulates of the layer by its definition.
    pub macs: u64,
    /// Why another algorithm than the usual one was taken, if so.
    pub note: Option<String>,
}

/// The algorithm of a step.
#[derive(Clone, Debug)]
pub enum Work {
    Direct(Direct),
    Winograd(Winograd),
    Dense(Dense),
}

impl Work {
    /// Name of the algorithm, for reports.
    pub fn algorithm(&self) -> String {
        match self {
            Work::Direct(_) => "direct".into(),
            Work::Winograd(winograd) => format!("winograd, {}", winograd.order()),
            Work::Dense(_) => "dense".into(),
        }
    }

    /// Does a member's share.
    pub fn run(&self, frame: &Frame) {
        match self {
            Work::Direct(direct) => direct.run(frame),
            Work::Winograd(winograd) => winograd.run(frame),
            Work::Dense(dense) => dense.run(frame),
        }
    }
}

/// A map and the quantization of what it holds.
struct Flow {
    map: Map,
    scale: f32,
    zero_point: u8,
}

impl Program {
    /// Lays out `network`, whose weights are not looked at but known by their `facts`. The error says what keeps it from
    /// running here.
    pub fn new(network: &QuantizedNetwork, facts: &[Facts], kernels: &'static Kernels) -> Result<Program, String> {
        check::shapes(network, facts)?;
        let mut planner = Planner {
            kernels,
            facts: facts.iter(),
            arena: Layout::default(),
            weights: Layout::default(),
            borders: vec![],
            steps: vec![],
            phases: 0,
            shared_inputs: 0,
        };
        let (input, mut flow) = planner.input(network);
        let mut layers = network.layers.iter().peekable();
        while let Some(QuantizedLayer::Conv(conv)) = layers.peek() {
            layers.next();
            let pool = layers.next_if(|next| matches!(next, QuantizedLayer::MaxPool)).is_some();
            let bordered = matches!(layers.peek(), Some(QuantizedLayer::Conv(_)));
            flow = planner.convolution(conv, flow, (pool, bordered))?;
        }
        let mut from = (flow.map.origin, flow.map.height * flow.map.row_stride);
        let mut quantization = Quantization { scale: flow.scale, zero_point: flow.zero_point };
        let mut output = None;
        for layer in layers {
            // `check::shapes` has seen to it that nothing else follows.
            let QuantizedLayer::Dense(dense) = layer else { continue };
            output = Some(planner.dense(dense, &mut from, &mut quantization)?);
        }
        let output = output.ok_or("it does not end with a dense layer")?;
        let shared = planner.arena.take(planner.shared_inputs);
        for step in &mut planner.steps {
            if let Work::Winograd(winograd) = &mut step.work {
                winograd.share_inputs_at(shared);
            }
        }
        Ok(Program {
            kernels,
            input,
            phases: planner.phases,
            steps: planner.steps,
            output,
            shared_bytes: planner.arena.length.next_multiple_of(4096),
            weight_bytes: planner.weights.length,
            borders: planner.borders,
        })
    }

    /// Bytes of scratch memory that each of so many members needs.
    pub fn scratch_bytes(&self, members: usize) -> usize {
        let scratch = |step: &Step| match &step.work {
            Work::Direct(direct) => direct.scratch(self.kernels),
            Work::Winograd(winograd) => winograd.scratch(self.kernels, members),
            Work::Dense(dense) => dense.scratch(),
        };
        self.steps.iter().map(scratch).max().unwrap_or(0).next_multiple_of(4096)
    }
}

struct Planner<'a> {
    kernels: &'static Kernels,
    /// Of the layers that are left.
    facts: std::slice::Iter<'a, Facts>,
    arena: Layout,
    weights: Layout,
    borders: Vec<(usize, usize, Vec<u8>)>,
    steps: Vec<Step>,
    /// Phases that the steps have so far.
    phases: usize,
    /// Most bytes of transformed inputs that members share in any step.
    shared_inputs: usize,
}

impl<'a> Planner<'a> {
    /// Facts of the layer that is laid out now.
    fn next_facts(&mut self) -> &'a Facts {
        // There is one for each layer: `check::shapes` has counted them.
        self.facts.next().expect("facts for each layer")
    }

    /// A map with a border that holds `zero`.
    fn bordered(&mut self, height: usize, width: usize, channels: usize, zero: Vec<u8>) -> Map {
        let start = self.arena.length;
        let map = self.arena.bordered(height, width, channels);
        let length = (height.next_multiple_of(TILE) + 2) * map.row_stride;
        self.borders.push((start, length, zero));
        map
    }

    fn input(&mut self, network: &QuantizedNetwork) -> (Input, Flow) {
        let size = network.input_size;
        match network.input {
            QuantizedInput::Picture { mean_rgb } => {
                let map = self.bordered(size, size, 3, mean_rgb.to_vec());
                (Input::Picture { map }, Flow { map, scale: 1.0, zero_point: 0 })
            }
            QuantizedInput::Real { channels, quantization: Quantization { scale, zero_point } } => {
                let map = self.bordered(size, size, channels, vec![zero_point]);
                (Input::Real { map, scale, zero_point }, Flow { map, scale, zero_point })
            }
        }
    }

    fn convolution(
        &mut self,
        conv: &QuantizedConv,
        from: Flow,
        (pool, bordered): (bool, bool),
    ) -> Result<Flow, String> {
        let kernels = self.kernels;
        let (height, width) = (from.map.height, from.map.width);
        let divisor = if pool { 2 } else { 1 };
        let channels = conv.outputs.next_multiple_of(CHANNEL_STEP);
        let zero_point = conv.output.zero_point;
        let map = if bordered {
            self.bordered(height / divisor, width / divisor, channels, vec![zero_point])
        } else {
            self.arena.plain(height / divisor, width / divisor, channels)
        };
        let facts = self.next_facts();
        // A first layer has too few channels to fill a vector.
        let wins = !self.steps.is_empty() && self.winograd_wins(from.map, channels);
        let winograd = wins && facts.inexact.is_none();
        let offset = if winograd { 0 } else { kernels.dot_offset };
        let bias = facts.shifted_bias(&conv.bias, offset);
        let requantization =
            Requantization::new(bias, &conv.weight_scales, from.scale, conv.output, conv.relu, map.channels)
                .map_err(|reason| format!("{}: {reason}", conv.name))?;
        let maps = (from.map, map);
        let panels = map.channels.div_ceil(kernels.panel);
        let work = if winograd {
            let start = self.weights.length;
            let work = Winograd::new(kernels, maps, requantization, pool, self.phases, start);
            self.phases += work.phases();
            self.shared_inputs = self.shared_inputs.max(work.shared_inputs(kernels));
            let taps = if work.stored() { POSITIONS * size_of::<i16>() } else { 9 };
            self.weights.take(taps * from.map.channels * panels * kernels.panel);
            Work::Winograd(work)
        } else {
            let bytes = 3 * Direct::depth(kernels, from.map.channels) * panels * kernels.panel;
            let start = self.weights.take(bytes);
            self.phases += 1;
            Work::Direct(Direct::new(kernels, maps, requantization, pool, self.phases - 1, start))
        };
        let macs = 9 * conv.inputs * conv.outputs * height * width;
        let note = facts.inexact.filter(|_| wins).map(|o| format!("output {o} could overflow Winograd's sums"));
        self.steps.push(Step { name: conv.name.clone(), work, macs: macs as u64, note });
        Ok(Flow { map, scale: conv.output.scale, zero_point })
    }

    /// Whether Winograd takes less time, counted in multiply-accumulates of its products.
    fn winograd_wins(&self, from: Map, outputs: usize) -> bool {
        let costs = self.kernels.costs;
        let (rows, columns) = from.tiles();
        let (inputs, outputs, tiles) = (from.channels as f32, outputs as f32, (rows * columns) as f32);
        let products = POSITIONS as f32 * inputs * outputs;
        let winograd =
            tiles * (products + costs.input * inputs + costs.output * outputs) + costs.weights * inputs * outputs;
        let direct = (from.height * from.width * 9) as f32 * inputs * outputs / self.kernels.dot_rate;
        winograd < direct
    }

    fn dense(
        &mut self,
        dense: &QuantizedDense,
        from: &mut (usize, usize),
        quantization: &mut Quantization,
    ) -> Result<Output, String> {
        let bias = self.next_facts().shifted_bias(&dense.bias, 0);
        let outputs = dense.outputs.next_multiple_of(DENSE_BLOCK);
        let (to, output, steps) = match dense.output {
            Some(output) => {
                let to = self.arena.take(outputs);
                let scales = &dense.weight_scales;
                let requantization = Requantization::new(bias, scales, quantization.scale, output, dense.relu, outputs)
                    .map_err(|reason| format!("{}: {reason}", dense.name))?;
                (to, DenseOutput::Steps(requantization), Some((output.scale, output.zero_point)))
            }
            None => {
                let to = self.arena.take(dense.outputs * size_of::<f32>());
                let factor = dense.weight_scales.iter().map(|scale| scale * quantization.scale).collect();
                (to, DenseOutput::Real { bias, factor }, None)
            }
        };
        let inputs = from.1;
        let work = Dense {
            from: from.0,
            inputs,
            skip_zeros: quantization.zero_point == 0,
            to,
            outputs,
            output,
            step: self.steps.len(),
            phase: self.phases,
            weights: self.weights.take(inputs * outputs),
        };
        self.phases += 1;
        let macs = (dense.inputs * dense.outputs) as u64;
        self.steps.push(Step { name: dense.name.clone(), work: Work::Dense(work), macs, note: None });
        *from = (to, outputs);
        if let Some(output) = dense.output {
            *quantization = output;
        }
        Ok(Output { at: to, count: dense.outputs, steps })
    }
}
