//! `finetune pull`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use vggcam::{
    finetune::{
        deploy::{connection::Way, destination::Destination},
        pull,
    },
    message::print,
    runtime::signals,
};

#[derive(Args)]
pub struct PullArgs {
    /// The board, as ssh takes it
    #[arg(value_name = "USER@HOST")]
    destination: Destination,
    /// Folder for the pictures here, in a folder for each label
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Remove them from the board once they are here
    #[arg(long)]
    remove: bool,
    /// Folder on the board, where keep.folder there names another
    #[arg(long, value_name = "DIR", default_value = pull::USUAL_FOLDER)]
    folder: String,
    /// Port of the board's ssh server [default: as ssh is configured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Option for ssh and scp as their -o takes it, such as IdentityFile=~/.ssh/board; may be given again
    #[arg(long, value_name = "OPTION")]
    ssh_option: Vec<String>,
}

/// Fetches what a board was unsure about.
pub fn run(args: PullArgs) -> anyhow::Result<()> {
    let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
    let way = Way { destination: args.destination, port: args.port, options: args.ssh_option };
    let options = pull::Options { way, folder: args.folder, out: args.out, remove: args.remove };
    let pulled = pull::pull(&options, &stop)?;
    print(&pull::closing_words(&pulled, &options.out))
}
