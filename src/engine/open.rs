//! From a model file to a plan: our engine for a VGG network, quantized or float, plain tract for any other graph.

use std::path::Path;

use tract_onnx::prelude::TractError;

use super::{
    choice::{self, EngineChoice},
    error::EngineError,
    integer::{check, prepare},
    layers::{planner::Sums, weights::Memory},
    plan::Plan,
    ranges,
};
use crate::model::{
    familiarity_graph,
    file::{self, Contents, ModelFile},
    metadata::{self, Metadata},
    network::Network,
    real::real,
    recognise::Recognised,
    write,
};

/// How a model is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Threads that share the work of one picture.
    pub threads: usize,
    /// Which engine runs it.
    pub engine: EngineChoice,
    /// Where weights lie that are kept in a file; as memory allows if `None`.
    pub memory: Option<Memory>,
    /// Whether packed weights may be kept in a file beside the model.
    pub keep: bool,
    /// In which order the float engine sums up.
    pub sums: Sums,
}

/// A model ready to run.
pub struct Opened {
    /// How to call the file in messages.
    pub what: String,
    /// What the file says about itself.
    pub metadata: Option<Metadata>,
    /// What runs.
    pub plan: Plan,
    /// Why it does not run on the integer engine, if it does not.
    pub fallback: Option<String>,
}

impl Settings {
    /// On so many threads, without a file of packed weights, with the same answers on every machine.
    pub fn plain(threads: usize) -> Self {
        Settings { threads, engine: EngineChoice::Auto, memory: None, keep: false, sums: Sums::Alike }
    }

    fn prepare(self) -> prepare::Settings {
        prepare::Settings { threads: self.threads, memory: self.memory }
    }
}

/// Opens a model file; [`EngineChoice::Auto`] follows what `bench --all` has kept for it, where files may be kept beside it.
pub fn open(path: &Path, settings: Settings) -> Result<Opened, EngineError> {
    let what = path.display().to_string();
    let mut settings = settings;
    if settings.keep && settings.engine == EngineChoice::Auto {
        settings.engine = choice::kept_for(path).unwrap_or_default();
    }
    if !settings.keep || !matches!(settings.engine, EngineChoice::Auto | EngineChoice::Integer) {
        return plan(file::open(path)?, settings, None);
    }
    let load = |reason: String| EngineError::Load { model: what.clone(), reason };
    match prepare::mapped(path, settings.prepare()).map_err(load)? {
        None => plan(file::open(path)?, settings, Some(path)),
        Some((engine, header)) => {
            let properties = header.properties.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let metadata = metadata::from_properties(properties).map_err(load)?;
            let plan = Plan::of_integer_engine(engine, header.network.softmax, false);
            let plan = plan.map_err(|error| EngineError::load(&what, error))?;
            let plan = familiar(plan, metadata.as_ref()).map_err(load)?;
            Ok(Opened { what, metadata, plan, fallback: None })
        }
    }
}

/// Opens a model held in memory; `what` names it in errors.
pub fn from_bytes(bytes: &[u8], what: &str, settings: Settings) -> Result<Opened, EngineError> {
    of_file(file::parse(bytes, what)?, settings)
}

/// Makes a model file that was read ready to run.
pub fn of_file(file: ModelFile, settings: Settings) -> Result<Opened, EngineError> {
    plan(file, settings, None)
}

/// `keep_beside` is the file beside which packed weights may be kept.
fn plan(file: ModelFile, settings: Settings, keep_beside: Option<&Path>) -> Result<Opened, EngineError> {
    let ModelFile { what, metadata, contents, references: _ } = file;
    let failed = |error: TractError| EngineError::load(&what, error);
    let refuse = |reason: String| EngineError::Load { model: what.clone(), reason };
    let threads = settings.threads;
    let familiarity = metadata.as_ref().and_then(|metadata| metadata.familiarity.as_ref());
    let (plan, fallback) = match (contents, settings.engine) {
        (Contents::Network(Recognised::Quantized(network)), choice @ (EngineChoice::Float | EngineChoice::Half)) => {
            let plan = real(network).and_then(|(network, ranges)| match choice {
                EngineChoice::Half => Plan::half(network, &ranges, threads),
                _ => on_floats(network, threads, settings.sums),
            });
            let plan = plan.map_err(|reason| refuse(format!("the {choice} engine cannot take it: {reason}")))?;
            (plan, Some(format!("it was asked to run on the {choice} engine")))
        }
        (Contents::Network(Recognised::Quantized(network)), choice) => {
            let refusal = match choice {
                EngineChoice::Tract => Some("it was asked to run in plain tract".to_string()),
                _ => check::order(&network).err(),
            };
            match (refusal, choice) {
                (Some(reason), EngineChoice::Integer) => {
                    return Err(refuse(format!("the integer engine cannot take it: {reason}")));
                }
                (Some(reason), _) => {
                    let mut graph = write::quantized_graph(&network, vec![]);
                    if let Some(familiarity) = familiarity {
                        familiarity_graph::add(&mut graph, familiarity).map_err(refuse)?;
                    }
                    (Plan::foreign(&graph, threads).map_err(failed)?, Some(reason))
                }
                (None, _) => {
                    let softmax = network.softmax;
                    let engine = match keep_beside {
                        Some(path) => {
                            let properties = metadata.as_ref().map(metadata::to_properties).unwrap_or_default();
                            prepare::kept(network, settings.prepare(), path, properties)
                        }
                        None => prepare::in_memory(network, settings.prepare()),
                    };
                    (Plan::of_integer_engine(engine.map_err(refuse)?, softmax, false).map_err(failed)?, None)
                }
            }
        }
        (Contents::Network(Recognised::Float(_)), EngineChoice::Integer) => {
            return Err(refuse("its weights are float; make an int8 model of it with `finetune quantize`".into()));
        }
        (Contents::Network(Recognised::Float(network)), choice @ (EngineChoice::Float | EngineChoice::Half)) => {
            let plan = match choice {
                EngineChoice::Half => on_half(network, threads),
                _ => on_floats(network, threads, settings.sums),
            };
            (plan.map_err(|reason| refuse(format!("the {choice} engine cannot take it: {reason}")))?, None)
        }
        (Contents::Network(Recognised::Float(network)), choice) => {
            let reason = "its weights are float; `finetune quantize` makes an int8 model of it".into();
            let plan = match choice {
                EngineChoice::Tract => Plan::plain_float(&network, familiarity, threads),
                _ => Plan::float(network, threads, settings.sums),
            };
            (plan.map_err(failed)?, Some(reason))
        }
        (
            Contents::Foreign { reason, .. },
            choice @ (EngineChoice::Integer | EngineChoice::Float | EngineChoice::Half),
        ) => {
            return Err(refuse(format!("the {choice} engine cannot take it: {reason}")));
        }
        (Contents::Foreign { proto, reason }, _) => {
            log::warn!("{what} runs in plain tract, which is slow: {reason}");
            (Plan::foreign(&proto, threads).map_err(failed)?, Some(reason))
        }
    };
    let plan = familiar(plan, metadata.as_ref()).map_err(refuse)?;
    Ok(Opened { what, metadata, plan, fallback })
}

/// A plan on one of our engines that gives familiarity too, where the file has what computes it.
fn familiar(plan: Plan, metadata: Option<&Metadata>) -> Result<Plan, String> {
    match metadata.and_then(|metadata| metadata.familiarity.as_ref()) {
        Some(familiarity) if plan.engine().is_some() => plan.with_familiarity(familiarity),
        _ => Ok(plan),
    }
}

/// The float engine's plan, or why it does not take the network.
fn on_floats(network: Network, threads: usize, sums: Sums) -> Result<Plan, String> {
    let plan = Plan::float(network, threads, sums).map_err(|error| error.to_string())?;
    if plan.engine().is_none() {
        return Err("it is no chain of 3×3 convolutions, max pools and dense layers of the usual order".into());
    }
    Ok(plan)
}

/// The half engine's plan for a network whose activations' ranges are not known, or why it does not take the network.
fn on_half(network: Network, threads: usize) -> Result<Plan, String> {
    let ranges = ranges::expected(&network).map_err(|error| error.to_string())?;
    Plan::half(network, &ranges, threads)
}
