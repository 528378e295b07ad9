//! `vggcam bench`: one picture at a time, many at a time, or by every engine.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};

use vggcam::{
    engine::isa,
    message::print,
    runtime::{bench, forms, throughput},
};

use crate::args::ModelArgs;

/// Times one picture after the other, layer by layer.
pub fn one_by_one(model: ModelArgs, iterations: usize, json: bool) -> anyhow::Result<ExitCode> {
    let report = bench::bench(model.file()?.as_deref(), model.settings(isa::cores()), iterations)?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string(&report)?))?,
        false => print(&bench::table(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Times every engine that takes the model.
pub fn engines(model: ModelArgs, iterations: usize, pictures: &[PathBuf], json: bool) -> anyhow::Result<ExitCode> {
    let found = forms::compare(model.file()?.as_deref(), model.settings(isa::cores()), pictures, iterations)?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string(&found)?))?,
        false => print(&forms::table(&found))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Counts pictures a second where each thread takes many at once.
pub fn batches(model: ModelArgs, iterations: usize, batch: usize, json: bool) -> anyhow::Result<ExitCode> {
    let threads = model.threads.map_or_else(isa::cores, NonZeroUsize::get);
    let report = throughput::throughput(model.file()?.as_deref(), threads, batch, iterations.div_ceil(batch))?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string(&report)?))?,
        false => print(&throughput::table(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}
