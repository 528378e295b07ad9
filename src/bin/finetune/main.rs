//! `finetune`: from photographs to a model file, on the host. A file for each command; `options` and `values` hold what several
//! commands take.

mod check;
mod deploy;
mod evaluate;
mod features;
mod import;
mod options;
mod predict;
mod pull;
mod quantize;
mod sign;
mod train;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vggcam::message::one_line;

/// Teaches a VGG16 your own classes from folders of photographs.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a new last layer on DATA/train, measure it on DATA/valid, write int8 and float models and a report
    Train(Box<train::TrainArgs>),
    /// Make a backbone of pretrained VGG16 weights, from Keras, PyTorch or ONNX
    Import(import::ImportArgs),
    /// Compute the features of a folder's photographs ahead of training; goes on where it was stopped
    Features(features::FeaturesArgs),
    /// Put the feature files of several shards into one
    Merge(features::MergeArgs),
    /// Look for what is wrong with a data set: damaged files, copies on both sides, wrong labels
    Check(check::CheckArgs),
    /// Measure a model on folders of labelled photographs
    Evaluate(evaluate::EvaluateArgs),
    /// Write the probability of one class for every photograph of an unlabelled folder
    Predict(predict::PredictArgs),
    /// Turn a float model into an int8 one
    Quantize(quantize::QuantizeArgs),
    /// Make a pair of keys: one to sign models with, one for boards to know them by
    Keygen(sign::KeygenArgs),
    /// Sign a model: FILE.minisig, which `deploy` sends along
    Sign(sign::SignArgs),
    /// Bring a model to a board over ssh, test it there, and make it the one in use
    Deploy(deploy::DeployArgs),
    /// Fetch the frames that a board was unsure about, to label them and train again
    Pull(pull::PullArgs),
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,tract_linalg=error")).init();
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Train(args) => train::run(*args),
        Command::Import(args) => import::run(args),
        Command::Features(args) => features::run(args),
        Command::Merge(args) => features::merge(args),
        Command::Check(args) => check::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Quantize(args) => quantize::run(args),
        Command::Keygen(args) => sign::keygen(args),
        Command::Sign(args) => sign::sign(args),
        Command::Deploy(args) => deploy::run(args),
        Command::Pull(args) => pull::run(args),
    }
}
