//! `finetune quantize`

use std::path::PathBuf;

use clap::Args;
use vggcam::{finetune::convert, message::print};

use crate::options::{References, Threads};

#[derive(Args)]
pub struct QuantizeArgs {
    /// Float model file: ours, or any VGG-shaped ONNX file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Photographs like those the model will see, in one folder or one folder a class
    #[arg(long, value_name = "FOLDER")]
    calibration: PathBuf,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Class names in the order of the outputs, for a file that has none
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    labels: Option<Vec<String>>,
    #[command(flatten)]
    references: References,
    #[command(flatten)]
    threads: Threads,
}

/// Writes the int8 form of a model, and says how it compares.
pub fn run(args: QuantizeArgs) -> anyhow::Result<()> {
    args.threads.use_them()?;
    let QuantizeArgs { model, calibration, out, labels, references, .. } = args;
    let options = convert::Options { model, calibration, out, labels, references: references.reference_pictures };
    let converted = convert::convert(&options)?;
    print(&convert::closing_words(&converted, &options.out))
}
