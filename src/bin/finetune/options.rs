//! Options that several commands have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use vggcam::{
    finetune::{
        cache,
        deploy::{connection::Way, destination::Destination},
        pipeline::Limits,
        references::Choice,
        size,
    },
    model::metadata::Fit,
};

#[derive(Args)]
pub struct References {
    /// Small copies of so many photographs go into the model, for a board to test it with; 0 for none, or a folder of others
    #[arg(long, value_name = "N|FOLDER", default_value = "4")]
    pub reference_pictures: Choice,
}

#[derive(Args)]
pub struct Cache {
    /// Folder that keeps features between runs [default: ~/.cache/vggcam]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub cache: Option<PathBuf>,
    /// Keep no features
    #[arg(long)]
    pub no_cache: bool,
}

impl Cache {
    /// Where features are kept; `None` keeps none.
    pub fn folder(self) -> Option<PathBuf> {
        match (self.no_cache, self.cache) {
            (true, _) => None,
            (false, Some(folder)) => Some(folder),
            (false, None) => cache::default_folder(),
        }
    }
}

#[derive(Args)]
pub struct Memory {
    /// Memory for photographs and activations under way, and for features in training; weights come on top
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size::parse)]
    pub memory: u64,
}

impl Memory {
    /// What pictures under way may take; call it behind [`Threads::use_them`].
    pub fn limits(&self) -> Limits {
        Limits { memory: self.memory, threads: rayon::current_num_threads() }
    }
}

#[derive(Args)]
pub struct Threads {
    /// Threads that work on photographs [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

impl Threads {
    /// Lets so many threads work on photographs.
    pub fn use_them(&self) -> anyhow::Result<()> {
        rayon::ThreadPoolBuilder::new().num_threads(self.threads.map_or(0, usize::from)).build_global()?;
        Ok(())
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FitArg {
    /// The whole picture, each side scaled on its own
    Squash,
    /// The largest centred square
    CentreCrop,
}

impl From<FitArg> for Fit {
    fn from(fit: FitArg) -> Self {
        match fit {
            FitArg::Squash => Fit::Squash,
            FitArg::CentreCrop => Fit::CentreCrop,
        }
    }
}

#[derive(Args)]
pub struct Board {
    /// The board, as ssh takes it
    #[arg(value_name = "USER@HOST")]
    destination: Destination,
    /// Port of the board's ssh server [default: as ssh is configured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Option for ssh and scp as their -o takes it, such as IdentityFile=~/.ssh/board; may be given again
    #[arg(long, value_name = "OPTION")]
    ssh_option: Vec<String>,
}

impl Board {
    /// How to reach it.
    pub fn way(self) -> Way {
        Way { destination: self.destination, port: self.port, options: self.ssh_option }
    }
}
