//! A network ready to run in tract, and which form of it runs.

use std::{fmt, sync::Arc, time::Duration};

use image::RgbImage;
use tract_onnx::{
    pb::{ModelProto, ValueInfoProto},
    prelude::{
        multithread::{Executor, multithread_tract_scope},
        *,
    },
    tract_core::{
        ops::nn::{Softmax, SoftmaxKind},
        plan::eval,
    },
};

use super::{
    float, foreign,
    fused::Fused,
    half,
    input::Input,
    integer::prepare::{self, Settings},
    isa::Isa,
    kernels::{Float, Integer, Kernels},
    layers::{
        Numbers,
        engine::{Engine, Pixels},
        op::FusedNetwork,
        planner::Sums,
        program::Input as EngineInput,
    },
};
use crate::model::{familiarity::Familiarity, familiarity_graph, network::Network, quantized::QuantizedNetwork, write};

/// Which form of a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A quantized VGG network, on the integer engine.
    Integer,
    /// A float VGG network, on the float engine.
    Float,
    /// A float VGG network, on the half engine.
    Half,
    /// A float VGG network, in plain tract.
    PlainFloat,
    /// A graph that is no VGG network, as its file says it.
    Foreign,
}

impl Form {
    /// Short name for reports: `int8`, `f32`, `f16`, `graph`.
    pub fn name(self) -> &'static str {
        match self {
            Form::Integer => "int8",
            Form::Float | Form::PlainFloat => "f32",
            Form::Half => "f16",
            Form::Foreign => "graph",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Integer => "int8 weights and activations, summed on integers by the integer engine",
            Form::Float => "float weights and activations, on the float engine",
            Form::Half => "float16 weights and activations, on the half engine",
            Form::PlainFloat => "float weights and activations, in plain tract",
            Form::Foreign => "the file's own operators in plain tract, quantized ones in float",
        })
    }
}

/// Time spent in one layer of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTime {
    /// Name of the layer.
    pub name: String,
    /// Time.
    pub time: Duration,
    /// Inputs that were read, where that depends on the picture; else 0.
    pub inputs_read: usize,
}

/// A network that tract runs.
pub struct Plan {
    plan: Arc<TypedSimplePlan>,
    executor: Executor,
    input: Input,
    form: Form,
    /// Whether a softmax follows the engine.
    softmax: bool,
    /// What computes all but the softmax, in the forms [`Form::Integer`], [`Form::Float`] and [`Form::Half`].
    engine: Option<Fused>,
}

impl Plan {
    /// Prepares a quantized network on `threads` threads, with its weights packed in memory; a last layer whose output is
    /// quantized gives its uint8 steps.
    pub fn integer(network: &QuantizedNetwork, threads: usize) -> TractResult<Plan> {
        let settings = Settings { threads, memory: None };
        let engine = prepare::in_memory(network.clone(), settings).map_err(TractError::msg)?;
        Plan::of_integer_engine(engine, network.softmax, true)
    }

    /// Prepares an integer engine; `steps` says whether quantized outputs at the end are given as steps and not as real
    /// numbers.
    pub fn of_integer_engine(engine: Engine<Integer>, softmax: bool, steps: bool) -> TractResult<Plan> {
        let plan = Plan::of_engine(engine.clone(), softmax, steps, Form::Integer, None)?;
        Ok(Plan { engine: Some(Fused::Integer(engine)), softmax, ..plan })
    }

    /// The same plan with the picture's familiarity as a second output of one value. The error says why its engine cannot give
    /// it; a plan without an engine is one of those.
    pub fn with_familiarity(self, familiarity: &Familiarity) -> Result<Plan, String> {
        let softmax = self.softmax;
        let plan = match &self.engine {
            Some(Fused::Integer(engine)) => Plan::familiar(engine, softmax, self.form, familiarity),
            Some(Fused::Float(engine)) => Plan::familiar(engine, softmax, self.form, familiarity),
            Some(Fused::Half(engine)) => Plan::familiar(engine, softmax, self.form, familiarity),
            None => Err("it does not run on an engine of ours".into()),
        };
        Ok(Plan { engine: self.engine, softmax, ..plan? })
    }

    fn familiar<A: Numbers>(
        engine: &Engine<A>,
        softmax: bool,
        form: Form,
        familiarity: &Familiarity,
    ) -> Result<Plan, String> {
        let program = engine.program();
        let steps = program.pooled(&familiarity.layers)?;
        let channels = steps.iter().filter_map(|&step| program.steps[step].pooled).map(|pooled| pooled.channels);
        let (given, expected) = (2 * channels.sum::<usize>(), familiarity.features());
        if given != expected {
            return Err(format!("its network gives {given} features and familiarity takes {expected}"));
        }
        Plan::of_engine(engine.clone(), softmax, false, form, Some(Arc::new(familiarity.clone())))
            .map_err(|error| error.to_string())
    }

    /// Prepares an engine: the whole network is one op of the plan, a softmax another.
    fn of_engine<A: Numbers>(
        engine: Engine<A>,
        softmax: bool,
        steps: bool,
        form: Form,
        familiarity: Option<Arc<Familiarity>>,
    ) -> TractResult<Plan> {
        let input = match engine.program().input {
            EngineInput::Picture { map } | EngineInput::Centred { map, .. } => Input::picture(map.height),
            EngineInput::Real { map, .. } => {
                Input { size: map.height, channels: map.channels, channels_last: false, float: true }
            }
        };
        let mut model = TypedModel::default();
        let op = FusedNetwork { engine, steps: steps && !softmax, familiarity };
        let picture = model.add_source("picture", op.input_fact())?;
        let mut outputs = model.wire_node("network", op, &[picture])?;
        if softmax {
            let softmax = Softmax { axes: tvec![1], quant_output_dt: None, kind: SoftmaxKind::default() };
            outputs[0] = model.wire_node("softmax", softmax, &outputs[..1])?[0];
        }
        model.select_output_outlets(&outputs)?;
        Plan::new(model, 1, input, form)
    }

    /// Prepares a float network on the float engine, or in plain tract where the engine does not take it.
    pub fn float(network: Network, threads: usize, sums: Sums) -> TractResult<Plan> {
        Plan::float_batches(network, threads, 1, sums)
    }

    /// The same, ready for up to `pictures` pictures at a time, on which [`Plan::run_all`] then takes less time.
    pub fn float_batches(network: Network, threads: usize, pictures: usize, sums: Sums) -> TractResult<Plan> {
        let kernels = Kernels::chosen().map_err(TractError::msg)?;
        let program = match float::program::lay_out(&network, kernels, pictures, sums) {
            Ok(program) => program,
            Err(reason) => {
                log::warn!("a float network runs in plain tract, which is slow: {reason}");
                return Plan::plain_float(&network, None, threads);
            }
        };
        let softmax = network.softmax;
        let engine = float::prepare::packed(network, program, threads).map_err(TractError::msg)?;
        let plan = Plan::of_engine(engine.clone(), softmax, false, Form::Float, None)?;
        Ok(Plan { engine: Some(Fused::Float(engine)), softmax, ..plan })
    }

    /// Prepares a float network on the half engine; `ranges` has the largest activation that is expected of each layer with
    /// ReLU, in order. The error says why that engine does not take it.
    pub fn half(network: Network, ranges: &[f32], threads: usize) -> Result<Plan, String> {
        let softmax = network.softmax;
        let isa = Isa::chosen()?;
        let kernels = Kernels::of(isa).ok_or_else(|| {
            format!(
                "there are no float16 kernels for {isa}; they need 64-bit ARM with float16, such as a Raspberry Pi 5"
            )
        })?;
        let program = half::program::lay_out(&network, kernels, ranges, 1)?;
        let engine = half::prepare::packed(network, program, threads)?;
        let plan =
            Plan::of_engine(engine.clone(), softmax, false, Form::Half, None).map_err(|error| error.to_string())?;
        Ok(Plan { engine: Some(Fused::Half(engine)), softmax, ..plan })
    }

    /// Prepares a float network in plain tract, with the picture's familiarity as a second output if asked for.
    pub fn plain_float(network: &Network, familiarity: Option<&Familiarity>, threads: usize) -> TractResult<Plan> {
        let mut graph = write::float_graph(network, vec![]);
        if let Some(familiarity) = familiarity {
            familiarity_graph::add(&mut graph, familiarity).map_err(TractError::msg)?;
        }
        let model = tract_onnx::onnx().model_for_proto_model(&graph)?;
        Plan::new(model.into_typed()?, threads, Input::picture(network.input_size), Form::PlainFloat)
    }

    /// Prepares a float network that gives the values behind every ReLU, in order, instead of its output.
    pub fn float_activations(network: &Network, threads: usize) -> TractResult<Plan> {
        let mut proto = write::float_graph(network, vec![]);
        if let Some(graph) = &mut proto.graph {
            let relus = graph.node.iter().filter(|node| node.op_type == "Relu");
            graph.output = relus
                .flat_map(|node| &node.output)
                .map(|name| ValueInfoProto { name: name.clone(), ..Default::default() })
                .collect();
        }
        let model = tract_onnx::onnx().model_for_proto_model(&proto)?.into_typed()?;
        Plan::new(model, threads, Input::picture(network.input_size), Form::PlainFloat)
    }

    /// Prepares any other graph, as tract reads it.
    pub fn foreign(proto: &ModelProto, threads: usize) -> TractResult<Plan> {
        let input = Input::of(proto)?;
        foreign::contained(|| {
            let model = foreign::typed_model(proto, input.size, input.channels_last, input.float)?;
            Plan::new(model, threads, input, Form::Foreign)
        })
    }

    fn new(model: TypedModel, threads: usize, input: Input, form: Form) -> TractResult<Plan> {
        let plan = TypedSimplePlan::new(model.into_optimized()?)?;
        let executor = if threads > 1 { Executor::multithread(threads) } else { Executor::SingleThread };
        Ok(Plan { plan, executor, input, form, softmax: false, engine: None })
    }

    /// Which form runs.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Rows and columns of the picture that [`Plan::run`] takes.
    pub fn input_size(&self) -> usize {
        self.input.size
    }

    /// Whether a picture has the size that [`Plan::run`] takes.
    pub fn check_size(&self, fitted: &RgbImage) -> TractResult<()> {
        self.input.check_size(fitted)
    }

    /// Runs the network on a picture of its input size; gives every output's values.
    pub fn run(&self, fitted: &RgbImage) -> TractResult<Vec<Vec<f32>>> {
        let input = self.input.tensor(fitted)?;
        let run = || multithread_tract_scope(self.executor.clone(), || self.plan.run(tvec![input.into()]));
        let outputs = if self.form == Form::Foreign { foreign::contained(run) } else { run() }?;
        outputs.iter().map(real_values).collect()
    }

    /// Runs the network on several pictures; gives the first output's values for each.
    pub fn run_all(&self, fitted: &[RgbImage]) -> TractResult<Vec<Vec<f32>>> {
        match &self.engine {
            Some(Fused::Float(engine)) if !self.softmax => self.run_batches(engine, fitted),
            _ => fitted.iter().map(|picture| Ok(self.run(picture)?.swap_remove(0))).collect(),
        }
    }

    fn run_batches(&self, engine: &Engine<Float>, fitted: &[RgbImage]) -> TractResult<Vec<Vec<f32>>> {
        let program = engine.program();
        let length = program.output.count;
        let mut rows = Vec::with_capacity(fitted.len());
        for fitted in fitted.chunks(program.pictures) {
            fitted.iter().try_for_each(|picture| self.input.check_size(picture))?;
            let pictures: Vec<_> = fitted.iter().map(|picture| Pixels::Bytes(picture.as_raw())).collect();
            let mut values = vec![0.0; pictures.len() * length];
            engine.run(&pictures, &mut values, None)?;
            rows.extend(values.chunks_exact(length).map(<[f32]>::to_vec));
        }
        Ok(rows)
    }

    /// Runs the network once and measures each layer, in the order in which they start.
    pub fn profile(&self, fitted: &RgbImage) -> TractResult<Vec<LayerTime>> {
        if let Some(engine) = &self.engine {
            return self.profile_engine(engine, fitted);
        }
        let input = self.input.tensor(fitted)?;
        let mut layers: Vec<LayerTime> = vec![];
        multithread_tract_scope(self.executor.clone(), || {
            self.plan.spawn()?.run_plan_with_eval(tvec![input.into()], |context, state, node, inputs| {
                let start = std::time::Instant::now();
                let result = eval(context, state, node, inputs);
                let spent = start.elapsed();
                let layer = node.name.split('.').next().unwrap_or_default();
                match layers.iter_mut().find(|known| known.name == layer) {
                    Some(known) => known.time += spent,
                    None => layers.push(LayerTime { name: layer.into(), time: spent, inputs_read: 0 }),
                }
                result
            })
        })?;
        Ok(layers)
    }

    fn profile_engine(&self, engine: &Fused, fitted: &RgbImage) -> TractResult<Vec<LayerTime>> {
        let input = self.input.tensor(fitted)?;
        let plain = input.try_as_plain_ram()?;
        let pixels = if self.input.float { Pixels::Real(plain.as_slice()?) } else { Pixels::Bytes(plain.as_slice()?) };
        let layers = engine.layers().into_iter().zip(engine.profile(pixels)?);
        Ok(layers
            .map(|(layer, took)| LayerTime { name: layer.name, time: took.time, inputs_read: took.inputs_read })
            .collect())
    }

    /// Our engine, in the forms [`Form::Integer`], [`Form::Float`] and [`Form::Half`].
    pub fn engine(&self) -> Option<&Fused> {
        self.engine.as_ref()
    }
}

/// Values as floats; steps as they are.
fn real_values(output: &TValue) -> TractResult<Vec<f32>> {
    Ok(output.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
}
