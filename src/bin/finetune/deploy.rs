//! `finetune deploy`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use vggcam::{finetune::deploy, runtime::signals};

use crate::options::Board;

#[derive(Args)]
pub struct DeployArgs {
    /// Model file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    #[command(flatten)]
    board: Board,
    /// Copy this vggcam too, built for the board; it takes the place of the one there
    #[arg(long, value_name = "FILE")]
    with_program: Option<PathBuf>,
}

/// Brings a model to a board.
pub fn run(args: DeployArgs) -> anyhow::Result<()> {
    let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
    deploy::deploy(&deploy::Options { way: args.board.way(), model: args.model, program: args.with_program }, &stop)
}
