//! `finetune features` and `finetune merge`

use std::path::PathBuf;

use clap::Args;
use vggcam::{
    finetune::{merge, precompute, shard::Shard, store::precision::Precision},
    message::print,
};

use crate::options::{FitArg, Memory, Threads};

#[derive(Args)]
pub struct FeaturesArgs {
    /// Folder of photographs, in any folders in it: what `train` takes, or another
    data: PathBuf,
    /// Feature file to write, or to go on with
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only share I of N shares of the photographs, so that N machines do one each; see `merge`
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Backbone of `import`, or any VGG16 as ONNX [default: the bundled vgg16-slim]
    #[arg(long, value_name = "FILE")]
    backbone: Option<PathBuf>,
    /// How a photograph becomes square
    #[arg(long, value_enum, default_value_t = FitArg::Squash)]
    fit: FitArg,
    /// Store features as float16, in half the space
    #[arg(long)]
    half: bool,
    #[command(flatten)]
    memory: Memory,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Args)]
pub struct MergeArgs {
    /// Feature files
    #[arg(required = true, value_name = "SHARD")]
    shards: Vec<PathBuf>,
    /// File to write; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Computes features ahead of training.
pub fn run(args: FeaturesArgs) -> anyhow::Result<()> {
    args.threads.use_them()?;
    let options = precompute::Options {
        data: args.data,
        out: args.out,
        shard: args.shard.unwrap_or(Shard::WHOLE),
        backbone: args.backbone,
        fit: args.fit.into(),
        precision: if args.half { Precision::F16 } else { Precision::F32 },
        limits: args.memory.limits(),
    };
    let done = precompute::precompute(&options)?;
    print(&precompute::closing_words(&done, &options))
}

/// Makes one file of several.
pub fn merge(args: MergeArgs) -> anyhow::Result<()> {
    let merged = merge::merge(&args.shards, &args.out)?;
    print(&merge::closing_words(&merged, &args.out))
}
