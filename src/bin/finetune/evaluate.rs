//! `finetune evaluate`

use std::path::PathBuf;

use clap::Args;
use vggcam::{
    finetune::{evaluate, evaluation},
    message::print,
};

use crate::options::Threads;

#[derive(Args)]
pub struct EvaluateArgs {
    /// Model file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Folder with one folder a class, or with valid/ or train/ that has them
    data: PathBuf,
    /// Photographs of none of the classes, of which unknown ought to be said
    #[arg(long, value_name = "FOLDER")]
    negatives: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// HTML file to write about it: mistakes as pictures, where the network looked, confidence
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
}

/// Measures a model, and says how it did.
pub fn run(args: EvaluateArgs) -> anyhow::Result<()> {
    args.threads.use_them()?;
    let evaluation = evaluate::evaluate(&args.model, &args.data, args.negatives.as_deref(), args.report.as_deref())?;
    match args.json {
        true => print(&format!("{}\n", serde_json::to_string(&evaluation)?)),
        false => print(&evaluation::table(&evaluation)),
    }
}
