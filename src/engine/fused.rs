//! A network on one of our engines, whatever its numbers.

use std::io;

use super::{
    isa::Isa,
    kernels::{Float, Half, Integer},
    layers::{
        Numbers,
        engine::{Engine, Pixels, StepTime},
        program::{Program, Work},
    },
    peaks::{self, Ceilings},
};

/// A network ready to run.
#[derive(Clone)]
pub enum Fused {
    /// On integers.
    Integer(Engine<Integer>),
    /// On floats.
    Float(Engine<Float>),
    /// On float16.
    Half(Engine<Half>),
}

/// What is done for one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPlan {
    /// Name of the layer.
    pub name: String,
    /// Name of the algorithm, for reports.
    pub algorithm: String,
    /// Why it is another one than usual, if so.
    pub note: Option<String>,
    /// What the layer asks of the machine.
    pub demand: Demand,
}

/// What a layer asks of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// So many multiply-accumulates of direct convolution.
    Dot(u64),
    /// So many multiply-accumulates of Winograd's products.
    Product(u64),
    /// So many bytes of weights for each input that is read.
    Weights(u64),
}

impl Fused {
    /// The instruction set that it is laid out for.
    pub fn isa(&self) -> Isa {
        match self {
            Fused::Integer(engine) => engine.program().kernels.isa,
            Fused::Float(engine) => engine.program().kernels.isa,
            Fused::Half(engine) => engine.program().kernels.isa,
        }
    }

    /// What the machine could do at most with its kernels, measured with so many threads.
    pub fn ceilings(&self, threads: usize) -> Option<Ceilings> {
        match self {
            Fused::Integer(engine) => peaks::measure(engine.program().kernels, threads),
            Fused::Float(engine) => peaks::measure(engine.program().kernels, threads),
            Fused::Half(engine) => peaks::measure(engine.program().kernels, threads),
        }
    }

    /// What is done, layer by layer.
    pub fn layers(&self) -> Vec<LayerPlan> {
        match self {
            Fused::Integer(engine) => layers(engine.program()),
            Fused::Float(engine) => layers(engine.program()),
            Fused::Half(engine) => layers(engine.program()),
        }
    }

    /// Bytes of memory that each run under way at once needs.
    pub fn bytes_of_a_run(&self) -> usize {
        match self {
            Fused::Integer(engine) => engine.bytes_of_a_run(),
            Fused::Float(engine) => engine.bytes_of_a_run(),
            Fused::Half(engine) => engine.bytes_of_a_run(),
        }
    }

    /// Runs a picture and takes the time of each layer.
    pub fn profile(&self, pixels: Pixels) -> io::Result<Vec<StepTime>> {
        match self {
            Fused::Integer(engine) => profile(engine, pixels),
            Fused::Float(engine) => profile(engine, pixels),
            Fused::Half(engine) => profile(engine, pixels),
        }
    }
}

fn layers<A: Numbers>(program: &Program<A>) -> Vec<LayerPlan> {
    let plan = program.steps.iter().map(|step| LayerPlan {
        name: step.name.clone(),
        algorithm: step.work.algorithm(),
        note: step.note.clone(),
        demand: match &step.work {
            Work::Direct(_) => Demand::Dot(step.macs),
            Work::Winograd(winograd) => Demand::Product(winograd.product_macs(program.kernels)),
            Work::Dense(dense) => Demand::Weights((dense.to.count * size_of::<A::Weight>()) as u64),
            Work::Matrix(_) => Demand::Product(step.macs * program.pictures as u64),
        },
    });
    plan.collect()
}

fn profile<A: Numbers>(engine: &Engine<A>, pixels: Pixels) -> io::Result<Vec<StepTime>> {
    let (mut output, mut times) = (vec![0.0; engine.program().output.count], vec![]);
    engine.run(&[pixels], &mut output, Some(&mut times))?;
    Ok(times)
}
