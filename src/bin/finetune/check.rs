//! `finetune check`

use std::path::PathBuf;

use clap::Args;
use vggcam::{finetune::check, message::print};

use crate::options::{Cache, FitArg, Memory, Threads};

#[derive(Args)]
pub struct CheckArgs {
    /// Folder with train/ and valid/, each with one folder a class, or with one folder a class
    data: PathBuf,
    /// Print one JSON object that names every picture
    #[arg(long)]
    json: bool,
    /// Do not compare labels with what pictures look like, which needs their features
    #[arg(long)]
    quick: bool,
    /// Pretrained VGG16 as ONNX [default: the bundled vgg16-slim]
    #[arg(long, value_name = "FILE")]
    backbone: Option<PathBuf>,
    /// How a photograph becomes square
    #[arg(long, value_enum, default_value_t = FitArg::Squash)]
    fit: FitArg,
    #[command(flatten)]
    cache: Cache,
    #[command(flatten)]
    memory: Memory,
    #[command(flatten)]
    threads: Threads,
}

/// Looks at a data set; errs where training on it would mislead.
pub fn run(args: CheckArgs) -> anyhow::Result<()> {
    args.threads.use_them()?;
    let json = args.json;
    let options = check::Options {
        data: args.data,
        read_labels: !args.quick,
        backbone: args.backbone,
        fit: args.fit.into(),
        cache: args.cache.folder(),
        limits: args.memory.limits(),
    };
    let report = check::check(&options)?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string(&report)?))?,
        false => print(&check::text::text(&report))?,
    }
    let errors = report.errors();
    anyhow::ensure!(
        errors == 0,
        "training on {} would mislead: {errors} of what was found must be mended first",
        options.data.display()
    );
    Ok(())
}
