//! `finetune`: from photographs to a model file, on the host.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use vggcam::{
    finetune::{
        cache, check,
        class_weights::ClassWeights,
        convert,
        course::{Course, Recipe},
        deploy::{self, connection::Way, destination::Destination},
        evaluate,
        import::{self, head::Head, layout::Layout, preparation::Preparation},
        merge,
        pipeline::Limits,
        precompute, predict,
        references::Choice,
        shard::Shard,
        size,
        store::precision::Precision,
        train,
        variant::Augmentation,
    },
    message::{one_line, print},
    model::metadata::Fit,
    runtime::signals,
};

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
    Train(Box<TrainArgs>),
    /// Make a backbone of pretrained VGG16 weights, from Keras, PyTorch or ONNX
    Import(ImportArgs),
    /// Compute the features of a folder's photographs ahead of training; goes on where it was stopped
    Features(FeaturesArgs),
    /// Put the feature files of several shards into one
    Merge {
        /// Feature files
        #[arg(required = true, value_name = "SHARD")]
        shards: Vec<PathBuf>,
        /// File to write; one that is there is replaced
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Look for what is wrong with a data set: damaged files, copies on both sides, wrong labels
    Check(CheckArgs),
    /// Measure a model on folders of labelled photographs
    Evaluate {
        /// Model file
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Folder with one folder a class, or with valid/ or train/ that has them
        data: PathBuf,
        /// Photographs of none of the classes, of which unknown ought to be said
        #[arg(long, value_name = "FOLDER")]
        negatives: Option<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// HTML file to write about it: mistakes as pictures, where the network looked, confidence
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        #[command(flatten)]
        threads: Threads,
    },
    /// Write the probability of one class for every photograph of an unlabelled folder
    Predict {
        /// Model file
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Folder of photographs
        folder: PathBuf,
        /// CSV file to write, with the columns id and label
        #[arg(long, value_name = "FILE", default_value = "submission.csv")]
        out: PathBuf,
        /// Class whose probability is written [default: the model's second class]
        #[arg(long, value_name = "NAME")]
        class: Option<String>,
        #[command(flatten)]
        threads: Threads,
    },
    /// Turn a float model into an int8 one
    Quantize {
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
    },
    /// Bring a model to a board over ssh, test it there, and make it the one in use
    Deploy {
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
    },
}

#[derive(Args)]
struct TrainArgs {
    /// Folder with train/ and valid/, each with one folder a class; without valid/ one photograph in five is held back
    data: PathBuf,
    /// Folder for the models, the report and the head after each epoch
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Backbone of `import`, or any VGG16 as ONNX [default: the bundled vgg16-slim]
    #[arg(long, value_name = "FILE")]
    backbone: Option<PathBuf>,
    /// Class names in the order of the folders [default: the folders' names]
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    labels: Option<Vec<String>>,
    /// Name of the model, shown on the screen
    #[arg(long)]
    name: Option<String>,
    /// Defaults of the options below
    #[arg(long, value_enum, default_value_t = RecipeArg::Tuned)]
    recipe: RecipeArg,
    /// Epochs [default: chosen on DATA/valid; 3 with --recipe keras]
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Adam's step size [default: chosen on DATA/valid; 0.001 with --recipe keras]
    #[arg(long, value_name = "X", value_parser = positive_number)]
    learning_rate: Option<f32>,
    /// Try a learning rate no longer after this many epochs without a lower validation loss
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = positive)]
    patience: usize,
    /// How much the photographs of each class count: balanced (every class the same), none (every photograph the same), or
    /// cat=1,dog=2.5 [default: balanced; none with --recipe keras]
    #[arg(long, value_name = "WEIGHTS")]
    class_weights: Option<ClassWeights>,
    /// Also learn from variants of the training photographs, whose features are computed and kept too
    #[arg(long, value_enum, value_name = "VARIANTS", value_delimiter = ',')]
    augment: Vec<AugmentArg>,
    /// Decides initial weights, order, variants and dropout
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Pictures in a training step
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = positive)]
    batch: usize,
    /// Share of features left out in a training step
    #[arg(long, value_name = "X", default_value_t = 0.5, value_parser = below_one)]
    dropout: f32,
    /// How a photograph becomes square
    #[arg(long, value_enum, default_value_t = FitArg::Squash)]
    fit: FitArg,
    /// Photographs of none of the classes, to learn what is unknown from [default: corners of DATA/train]
    #[arg(long, value_name = "FOLDER")]
    negatives: Option<PathBuf>,
    /// Share of DATA/valid that must not become unknown [default: 0.95 with --negatives, else 0.99]
    #[arg(long, value_name = "X", value_parser = share)]
    accept: Option<f64>,
    /// Say unknown below this confidence instead, and at any familiarity; 0 never
    #[arg(long, value_name = "X", value_parser = below_one, conflicts_with_all = ["negatives", "accept"])]
    unknown_threshold: Option<f32>,
    #[command(flatten)]
    cache: Cache,
    /// Feature file of `finetune features`, used instead of the cache; what it lacks is added
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,
    /// Points of validation accuracy that the int8 model may lose; if it loses more, it is not written
    #[arg(long, value_name = "POINTS", default_value_t = 1.0, value_parser = points)]
    max_drop: f64,
    #[command(flatten)]
    references: References,
    #[command(flatten)]
    memory: Memory,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Args)]
struct ImportArgs {
    /// Weights of a VGG16 of any width, with or without its dense layers: Keras .h5, .weights.h5 or .keras; a PyTorch state_dict
    /// as .safetensors; ONNX
    weights: PathBuf,
    /// Backbone to write, for `train --backbone`
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How the file keeps its weights
    #[arg(long, value_enum, default_value_t = LayoutArg::Auto)]
    layout: LayoutArg,
    /// How pixels are prepared for these weights [default: as the file says, else as its framework's VGG16 does]
    #[arg(long, value_enum)]
    preprocessing: Option<PreparationArg>,
    /// What makes features of the last convolution's planes [default: the file's dense layers, else pool]
    #[arg(long, value_enum)]
    head: Option<HeadArg>,
    /// Outputs of each layer of --head dense
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = units)]
    units: usize,
    /// Rows and columns of the picture [default: as the file says, else 224]
    #[arg(long, value_name = "N")]
    size: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LayoutArg {
    /// Found out from the content
    Auto,
    /// Keras of 2015: nb_layers, layer_N, param_N
    #[value(name = "keras-2015")]
    Keras2015,
    /// Keras 1 or 2, kernels out×in×3×3 turned by 180°, as Theano has them
    KerasTh,
    /// The same, kernels not turned
    KerasThTfKernels,
    /// Keras 1 or 2, kernels 3×3×in×out, as TensorFlow has them
    KerasTf,
    /// The same, kernels turned by 180°
    KerasTfThKernels,
    /// Keras 3: .weights.h5 or .keras
    #[value(name = "keras-3")]
    Keras3,
    /// PyTorch state_dict as .safetensors
    Torchvision,
    /// ONNX
    Onnx,
}

impl From<LayoutArg> for Layout {
    fn from(layout: LayoutArg) -> Self {
        match layout {
            LayoutArg::Auto => Layout::Auto,
            LayoutArg::Keras2015 => Layout::Keras2015,
            LayoutArg::KerasTh => Layout::KerasTh,
            LayoutArg::KerasThTfKernels => Layout::KerasThTfKernels,
            LayoutArg::KerasTf => Layout::KerasTf,
            LayoutArg::KerasTfThKernels => Layout::KerasTfThKernels,
            LayoutArg::Keras3 => Layout::Keras3,
            LayoutArg::Torchvision => Layout::Torchvision,
            LayoutArg::Onnx => Layout::Onnx,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum PreparationArg {
    /// BGR from 0 to 255 less VGG's mean: Keras
    Caffe,
    /// RGB from 0 to 1 less ImageNet's mean, over its deviation: torchvision
    Torch,
    /// RGB from -1 to 1
    Tf,
    /// RGB from 0 to 1
    Unit,
    /// RGB from 0 to 255
    None,
}

impl From<PreparationArg> for Preparation {
    fn from(preparation: PreparationArg) -> Self {
        match preparation {
            PreparationArg::Caffe => Preparation::Caffe,
            PreparationArg::Torch => Preparation::Torch,
            PreparationArg::Tf => Preparation::Tf,
            PreparationArg::Unit => Preparation::Unit,
            PreparationArg::None => Preparation::None,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum HeadArg {
    /// The mean of each plane: global average pooling
    Pool,
    /// Two dense layers with random weights
    Dense,
}

#[derive(Args)]
struct CheckArgs {
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

#[derive(Args)]
struct FeaturesArgs {
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
struct References {
    /// Small copies of so many photographs go into the model, for a board to test it with; 0 for none, or a folder of others
    #[arg(long, value_name = "N|FOLDER", default_value = "4")]
    reference_pictures: Choice,
}

#[derive(Args)]
struct Cache {
    /// Folder that keeps features between runs [default: ~/.cache/vggcam]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    cache: Option<PathBuf>,
    /// Keep no features
    #[arg(long)]
    no_cache: bool,
}

impl Cache {
    fn folder(self) -> Option<PathBuf> {
        match (self.no_cache, self.cache) {
            (true, _) => None,
            (false, Some(folder)) => Some(folder),
            (false, None) => cache::default_folder(),
        }
    }
}

#[derive(Args)]
struct Memory {
    /// Memory for photographs and activations under way, and for features in training; weights come on top
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size::parse)]
    memory: u64,
}

#[derive(Args)]
struct Threads {
    /// Threads that work on photographs [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RecipeArg {
    /// Learning rate and epochs with the lowest validation loss; classes balanced
    Tuned,
    /// As the well-known recipe in Keras: learning rate 0.001, 3 epochs; every photograph counts the same
    Keras,
}

impl From<RecipeArg> for Recipe {
    fn from(recipe: RecipeArg) -> Self {
        match recipe {
            RecipeArg::Tuned => Recipe::Tuned,
            RecipeArg::Keras => Recipe::Keras,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum AugmentArg {
    /// Mirrored: 2 times the work
    Flip,
    /// Seven eighths of width and height from each corner, too: 5 times the work
    Crops,
}

impl From<AugmentArg> for Augmentation {
    fn from(augment: AugmentArg) -> Self {
        match augment {
            AugmentArg::Flip => Augmentation::Flip,
            AugmentArg::Crops => Augmentation::Crops,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum FitArg {
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

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "a whole number above 0 belongs here".into())
}

fn units(text: &str) -> Result<usize, String> {
    let fits = |units: &usize| (1..=4096).contains(units);
    text.parse().ok().filter(fits).ok_or_else(|| "a whole number from 1 to 4096 belongs here".into())
}

fn positive_number(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|x: &f32| x.is_finite() && *x > 0.0).ok_or_else(|| "a number above 0 belongs here".into())
}

fn points(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x| (0.0..=100.0).contains(x)).ok_or_else(|| "a number from 0 to 100 belongs here".into())
}

fn below_one(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|x| (0.0..1.0).contains(x)).ok_or_else(|| "a number from 0 to below 1 belongs here".into())
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x| (0.5..=1.0).contains(x)).ok_or_else(|| "a number from 0.5 to 1 belongs here".into())
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
        Command::Train(args) => {
            use_threads(&args.threads)?;
            let options = train_options(*args);
            let summary = train::train(&options)?;
            print(&train::closing_words(&summary, options.max_drop, &options.out))
        }
        Command::Import(args) => {
            let options = import_options(args);
            let imported = import::import(&options)?;
            print(&import::closing_words(&imported, &options))
        }
        Command::Features(args) => {
            use_threads(&args.threads)?;
            let options = precompute::Options {
                data: args.data,
                out: args.out,
                shard: args.shard.unwrap_or(Shard::WHOLE),
                backbone: args.backbone,
                fit: args.fit.into(),
                precision: if args.half { Precision::F16 } else { Precision::F32 },
                limits: limits(&args.memory),
            };
            let done = precompute::precompute(&options)?;
            print(&precompute::closing_words(&done, &options))
        }
        Command::Merge { shards, out } => {
            let merged = merge::merge(&shards, &out)?;
            print(&merge::closing_words(&merged, &out))
        }
        Command::Check(args) => {
            use_threads(&args.threads)?;
            let json = args.json;
            let options = check::Options {
                data: args.data,
                read_labels: !args.quick,
                backbone: args.backbone,
                fit: args.fit.into(),
                cache: args.cache.folder(),
                limits: limits(&args.memory),
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
        Command::Evaluate { model, data, negatives, json, report, threads } => {
            use_threads(&threads)?;
            let evaluation = evaluate::evaluate(&model, &data, negatives.as_deref(), report.as_deref())?;
            match json {
                true => print(&format!("{}\n", serde_json::to_string(&evaluation)?)),
                false => print(&evaluate::table(&evaluation)),
            }
        }
        Command::Predict { model, folder, out, class, threads } => {
            use_threads(&threads)?;
            let predicted = predict::predict(&model, &folder, class.as_deref(), &out)?;
            let notes = [unknown(predicted.unknown), skipped(predicted.skipped)].concat();
            print(&format!("wrote {} rows to {}{notes}\n", predicted.rows, out.display()))
        }
        Command::Quantize { model, calibration, out, labels, references, threads } => {
            use_threads(&threads)?;
            let references = references.reference_pictures;
            let options = convert::Options { model, calibration, out, labels, references };
            let converted = convert::convert(&options)?;
            print(&convert::closing_words(&converted, &options.out))
        }
        Command::Deploy { destination, model, port, ssh_option, with_program } => {
            let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
            let way = Way { destination, port, options: ssh_option };
            deploy::deploy(&deploy::Options { way, model, program: with_program }, &stop)
        }
    }
}

fn unknown(count: usize) -> String {
    if count == 0 { String::new() } else { format!("; {count} of them look like none of the classes") }
}

fn skipped(count: usize) -> String {
    if count == 0 { String::new() } else { format!("; {count} pictures were skipped") }
}

fn use_threads(threads: &Threads) -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(threads.threads.map_or(0, usize::from)).build_global()?;
    Ok(())
}

/// Call it behind [`use_threads`].
fn limits(memory: &Memory) -> Limits {
    Limits { memory: memory.memory, threads: rayon::current_num_threads() }
}

fn import_options(args: ImportArgs) -> import::Options {
    import::Options {
        weights: args.weights,
        out: args.out,
        layout: args.layout.into(),
        preparation: args.preprocessing.map(Preparation::from),
        head: args.head.map(|head| match head {
            HeadArg::Pool => Head::Pool,
            HeadArg::Dense => Head::Dense { units: args.units },
        }),
        input_size: args.size,
    }
}

fn train_options(args: TrainArgs) -> train::Options {
    let recipe = Recipe::from(args.recipe);
    train::Options {
        data: args.data,
        out: args.out,
        backbone: args.backbone,
        labels: args.labels,
        name: args.name,
        course: Course {
            epochs: args.epochs.or(recipe.epochs()),
            learning_rate: args.learning_rate.or(recipe.learning_rate()),
            patience: args.patience,
            seed: args.seed,
            batch: args.batch,
            dropout: args.dropout,
            class_weights: args.class_weights.unwrap_or_else(|| recipe.class_weights()),
        },
        fit: args.fit.into(),
        augment: args.augment.into_iter().map(Augmentation::from).collect(),
        unknown_threshold: args.unknown_threshold,
        negatives: args.negatives,
        calibrate: recipe.calibrates(),
        accept: args.accept,
        cache: args.cache.folder(),
        features: args.features,
        references: args.references.reference_pictures,
        max_drop: args.max_drop,
        limits: limits(&args.memory),
    }
}
