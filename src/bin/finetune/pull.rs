//! `finetune pull`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use vggcam::{finetune::pull, message::print, runtime::signals};

use crate::options::Board;

#[derive(Args)]
pub struct PullArgs {
    /// Folder for the pictures here, in a folder for each label
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Remove them from the board once they are here
    #[arg(long)]
    remove: bool,
    /// Folder on the board, where keep.folder there names another
    #[arg(long, value_name = "DIR", default_value = pull::USUAL_FOLDER)]
    folder: String,
    #[command(flatten)]
    board: Board,
}

/// Fetches what a board was unsure about.
pub fn run(args: PullArgs) -> anyhow::Result<()> {
    let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
    let options = pull::Options { way: args.board.way(), folder: args.folder, out: args.out, remove: args.remove };
    let pulled = pull::pull(&options, &stop)?;
    print(&pull::closing_words(&pulled, &options.out))
}
