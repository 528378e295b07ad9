//! `finetune deploy`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use vggcam::{
    finetune::deploy::{self, connection::Way, destination::Destination},
    runtime::signals,
};

#[derive(Args)]
pub struct DeployArgs {
    /// The board, as ssh takes it
    #[arg(value_name = "USER@HOST")]
    destination: Destination,
    /// Model file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Port of the board's ssh server [default: as ssh is configured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Option for ssh and scp as their -o takes it, such as IdentityFile=~/.ssh/board; may be given again
    #[arg(long, value_name = "OPTION")]
    ssh_option: Vec<String>,
    /// Copy this vggcam too, built for the board; it takes the place of the one there
    #[arg(long, value_name = "FILE")]
    with_program: Option<PathBuf>,
}

/// Brings a model to a board.
pub fn run(args: DeployArgs) -> anyhow::Result<()> {
    let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
    let way = Way { destination: args.destination, port: args.port, options: args.ssh_option };
    deploy::deploy(&deploy::Options { way, model: args.model, program: args.with_program }, &stop)
}
