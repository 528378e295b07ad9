//! A network ready to run in tract, and which form of it runs.

use std::{fmt, sync::Arc, time::Duration};

use image::RgbImage;
use tract_onnx::{
    pb::{ModelProto, ValueInfoProto, tensor_proto::DataType},
    prelude::{
        multithread::{Executor, multithread_tract_scope},
        *,
    },
    tract_core::{
        internal::{bail, ensure},
        plan::eval,
    },
};

use super::{foreign, integer};
use crate::model::{
    file::{Contents, ModelFile},
    network::Network,
    onnx::graph::Graph,
    quantized::QuantizedNetwork,
    recognise::Recognised,
    write,
};

/// Which form of a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A quantized VGG network, multiplied and summed on integers.
    Integer,
    /// A float VGG network.
    Float,
    /// A graph that is no VGG network, as its file says it.
    Foreign,
}

impl Form {
    /// Short name for reports: `int8`, `f32`, `graph`.
    pub fn name(self) -> &'static str {
        match self {
            Form::Integer => "int8",
            Form::Float => "f32",
            Form::Foreign => "graph",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Integer => "int8 weights and activations, summed on integers",
            Form::Float => "float weights and activations",
            Form::Foreign => "not a VGG network: the file's own operators in plain tract, quantized ones in float",
        })
    }
}

/// How a graph takes its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Input {
    size: usize,
    channels_last: bool,
    float: bool,
}

/// A network that tract runs.
pub struct Plan {
    plan: Arc<TypedSimplePlan>,
    executor: Executor,
    input: Input,
    form: Form,
}

impl Plan {
    /// Prepares whatever `file` holds, on `threads` threads.
    pub fn of_file(file: &ModelFile, threads: usize) -> TractResult<Plan> {
        match &file.contents {
            Contents::Network(Recognised::Quantized(network)) => Plan::integer(network, threads),
            Contents::Network(Recognised::Float(network)) => Plan::float(network, threads),
            Contents::Foreign { proto, reason } => {
                log::info!("{} runs in plain tract: {reason}", file.what);
                Plan::foreign(proto, threads)
            }
        }
    }

    /// Prepares a quantized network.
    pub fn integer(network: &QuantizedNetwork, threads: usize) -> TractResult<Plan> {
        let model = integer::wire(network)?;
        Plan::new(model, threads, picture(network.input_size), Form::Integer)
    }

    /// Prepares a float network.
    pub fn float(network: &Network, threads: usize) -> TractResult<Plan> {
        let model = tract_onnx::onnx().model_for_proto_model(&write::float_graph(network, vec![]))?;
        Plan::new(model.into_typed()?, threads, picture(network.input_size), Form::Float)
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
        Plan::new(model, threads, picture(network.input_size), Form::Float)
    }

    /// Prepares any other graph, as tract reads it.
    pub fn foreign(proto: &ModelProto, threads: usize) -> TractResult<Plan> {
        let input = foreign_input(proto)?;
        foreign::contained(|| {
            let model = foreign::typed_model(proto, input.size, input.channels_last, input.float)?;
            Plan::new(model, threads, input, Form::Foreign)
        })
    }

    fn new(model: TypedModel, threads: usize, input: Input, form: Form) -> TractResult<Plan> {
        let plan = TypedSimplePlan::new(model.into_optimized()?)?;
        let executor = if threads > 1 { Executor::multithread(threads) } else { Executor::SingleThread };
        Ok(Plan { plan, executor, input, form })
    }

    /// Which form runs.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Rows and columns of the picture that [`Plan::run`] takes.
    pub fn input_size(&self) -> usize {
        self.input.size
    }

    /// Runs the network on a picture of its input size; gives every output's values.
    pub fn run(&self, fitted: &RgbImage) -> TractResult<Vec<Vec<f32>>> {
        let input = self.tensor(fitted)?;
        let run = || multithread_tract_scope(self.executor.clone(), || self.plan.run(tvec![input.into()]));
        let outputs = if self.form == Form::Foreign { foreign::contained(run) } else { run() }?;
        outputs.iter().map(real_values).collect()
    }

    /// Runs the network once and measures each layer, in the order in which they start.
    pub fn profile(&self, fitted: &RgbImage) -> TractResult<Vec<(String, Duration)>> {
        let input = self.tensor(fitted)?;
        let mut layers: Vec<(String, Duration)> = vec![];
        multithread_tract_scope(self.executor.clone(), || {
            self.plan.spawn()?.run_plan_with_eval(tvec![input.into()], |context, state, node, inputs| {
                let start = std::time::Instant::now();
                let result = eval(context, state, node, inputs);
                let spent = start.elapsed();
                let layer = node.name.split('.').next().unwrap_or_default();
                match layers.iter_mut().find(|(name, _)| name == layer) {
                    Some((_, total)) => *total += spent,
                    None => layers.push((layer.into(), spent)),
                }
                result
            })
        })?;
        Ok(layers)
    }

    fn tensor(&self, fitted: &RgbImage) -> TractResult<Tensor> {
        let size = self.input.size;
        ensure!(
            (fitted.width() as usize, fitted.height() as usize) == (size, size),
            "a picture of {}×{} pixels for an input of {size}×{size}",
            fitted.width(),
            fitted.height()
        );
        let pixels = fitted.as_raw();
        let interleaved = Tensor::from_shape(&[1, size, size, 3], pixels)?;
        let tensor = if self.input.channels_last { interleaved } else { interleaved.permute_axes(&[0, 3, 1, 2])? };
        if self.input.float { Ok(tensor.cast_to::<f32>()?.into_owned()) } else { Ok(tensor) }
    }
}

fn picture(size: usize) -> Input {
    Input { size, channels_last: true, float: false }
}

fn foreign_input(proto: &ModelProto) -> TractResult<Input> {
    let declared = Graph::new(proto).and_then(|graph| graph.input()).map_err(TractError::msg)?;
    let (size, channels_last) = match declared.shape[..] {
        [_, Some(3), Some(h), Some(w)] if h == w => (h, false),
        [_, Some(h), Some(w), Some(3)] if h == w => (h, true),
        _ => bail!("its input {:?} is not one square RGB picture, such as 1×224×224×3", declared.name),
    };
    let float = declared.data_type == DataType::Float as i32;
    ensure!(
        float || declared.data_type == DataType::Uint8 as i32,
        "its input {:?} is neither uint8 nor float",
        declared.name
    );
    Ok(Input { size, channels_last, float })
}

/// Float values as they are; an integer network's int8 activations as the uint8 steps that they stand for.
fn real_values(output: &TValue) -> TractResult<Vec<f32>> {
    let plain = output.try_as_plain_ram()?;
    if output.datum_type() == i8::datum_type() {
        Ok(plain.as_slice::<i8>()?.iter().map(|&v| f32::from(v) + 128.0).collect())
    } else {
        Ok(output.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
    }
}
