//! `vggcam`: a camera classifier for small boards.

mod args;
mod install;
mod measure;

use std::{io::stdout, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use vggcam::{
    engine::{isa, open::Settings},
    message::{one_line, print},
    runtime::{
        classify, config, doctor, launch, test_picture,
        update::{confined, limits::Limits},
    },
};

use args::{ConfigArgs, ModelArgs, OriginArgs, RunArgs, StateArgs, positive};

/// Shows on a display what the camera sees: cat or dog, or any classes you trained.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Classify what the camera sees and show it (the default)
    Run(Box<RunArgs>),
    /// Classify picture files
    Classify {
        #[command(flatten)]
        model: ModelArgs,
        /// Print one JSON object a picture
        #[arg(long)]
        json: bool,
        /// Pictures, or folders of pictures
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Measure how fast a model runs here, layer by layer
    Bench {
        #[command(flatten)]
        model: ModelArgs,
        /// Pictures to time
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = positive)]
        iterations: usize,
        /// Let every thread take so many pictures at a time, and tell how many a second that makes
        #[arg(long, value_name = "N", value_parser = positive)]
        batch: Option<usize>,
        /// Measure every engine that takes the model, and keep the fastest whose answers agree with the network on floats in
        /// FILE.fastest, which `run` and `classify` follow
        #[arg(long, conflicts_with = "batch")]
        all: bool,
        /// With --all: photographs or folders of them whose answers must agree [default: the bundled ones]
        #[arg(long, value_name = "PATH", requires = "all")]
        pictures: Vec<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Look at cameras, displays, processor and model, and say what is wrong
    Doctor {
        #[command(flatten)]
        model: ModelArgs,
        #[command(flatten)]
        config: ConfigArgs,
        /// Print one JSON object a check
        #[arg(long)]
        json: bool,
        /// Show a picture on which wrong settings are seen, and print what to look at and what to change
        #[arg(long, requires = "display", conflicts_with = "json")]
        test_picture: bool,
        /// With --test-picture: the display, may be given again
        #[arg(long, value_name = "SPEC", requires = "test_picture")]
        display: Vec<String>,
        /// With --test-picture: end after N seconds [default: at Ctrl-C]
        #[arg(long, value_name = "N", requires = "test_picture")]
        seconds: Option<u64>,
    },
    /// Test a model, and make it the one that runs when none is named
    Install {
        /// Model file
        #[arg(value_name = "FILE")]
        model: PathBuf,
        /// Only test it: change nothing
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        origin: OriginArgs,
        #[command(flatten)]
        state: StateArgs,
    },
    /// What `install` runs in a process of its own: set limits, test FILE, write JSON lines
    #[command(hide = true)]
    Examine {
        #[arg(long, value_name = "N")]
        memory_bytes: u64,
        #[arg(long, value_name = "N")]
        cpu_s: u64,
        /// Model file
        file: PathBuf,
        /// What messages call it
        called: PathBuf,
    },
    /// Return to the model that was in use before the last `install`
    Rollback {
        #[command(flatten)]
        state: StateArgs,
    },
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,tract_linalg=error")).init();
    let cli = Cli::parse();
    let done = match cli.command {
        None => run(cli.run),
        Some(Command::Run(args)) => run(*args),
        Some(Command::Classify { model, json, paths }) => classify_pictures(model, json, &paths),
        Some(Command::Bench { model, iterations, all: true, pictures, json, .. }) => {
            measure::engines(model, iterations, &pictures, json)
        }
        Some(Command::Bench { model, iterations, batch: Some(batch), json, .. }) => {
            measure::batches(model, iterations, batch, json)
        }
        Some(Command::Bench { model, iterations, json, .. }) => measure::one_by_one(model, iterations, json),
        Some(Command::Doctor { test_picture: true, display, seconds, .. }) => {
            test_picture::show(&display, seconds).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Doctor { model, config, json, .. }) => examine(&model, &config, json),
        Some(Command::Install { model, check, origin, state }) => install::install(&model, check, &origin, &state),
        Some(Command::Examine { memory_bytes, cpu_s, file, called }) => {
            let settings = Settings::plain(isa::cores());
            confined::obey(&file, &called, &Limits { memory_bytes, cpu_s }, settings).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Rollback { state }) => install::roll_back(&state),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {}", one_line(&error));
        ExitCode::FAILURE
    })
}

fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let effective = config::load(args.config.config.as_deref(), &args.flags())?;
    launch::run(&launch::Wishes { config: effective.config, frames: args.frames })?;
    Ok(ExitCode::SUCCESS)
}

fn classify_pictures(model: ModelArgs, json: bool, paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let classifier = launch::open_model(model.file()?.as_deref(), model.settings(isa::cores()))?;
    let summary = classify::classify(&classifier, paths, json, &mut stdout().lock())?;
    Ok(if summary.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn examine(model: &ModelArgs, config: &ConfigArgs, json: bool) -> anyhow::Result<ExitCode> {
    let checks = doctor::examine(config.config.as_deref(), &model.flags());
    match json {
        true => {
            for check in &checks {
                print(&format!("{}\n", serde_json::to_string(check)?))?;
            }
        }
        false => print(&doctor::table(&checks))?,
    }
    Ok(if doctor::healthy(&checks) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
