//! `finetune predict`

use std::path::PathBuf;

use clap::Args;
use vggcam::{finetune::predict, message::print};

use crate::options::Threads;

#[derive(Args)]
pub struct PredictArgs {
    /// Model file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Folder of photographs
    folder: PathBuf,
    /// CSV file to write, with the columns id and label
    #[arg(long, value_name = "FILE", default_value = "submission.csv")]
    out: PathBuf,
    /// Class whose probability is written [default: the model's second class]
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    #[command(flatten)]
    threads: Threads,
}

/// Writes predictions, and says how many.
pub fn run(args: PredictArgs) -> anyhow::Result<()> {
    args.threads.use_them()?;
    let predicted = predict::predict(&args.model, &args.folder, args.class.as_deref(), &args.out)?;
    let notes = [unknown(predicted.unknown), skipped(predicted.skipped)].concat();
    print(&format!("wrote {} rows to {}{notes}\n", predicted.rows, args.out.display()))
}

fn unknown(count: usize) -> String {
    if count == 0 { String::new() } else { format!("; {count} of them look like none of the classes") }
}

fn skipped(count: usize) -> String {
    if count == 0 { String::new() } else { format!("; {count} pictures were skipped") }
}
