//! `finetune train`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use vggcam::{
    finetune::{
        class_weights::ClassWeights,
        course::{Course, Recipe},
        train,
        variant::Augmentation,
    },
    message::print,
};

use crate::{
    options::{Cache, FitArg, Memory, References, Threads},
    values::{below_one, points, positive, positive_number, share},
};

#[derive(Args)]
pub struct TrainArgs {
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

/// Trains, and says what came of it.
pub fn run(args: TrainArgs) -> anyhow::Result<()> {
    args.threads.use_them()?;
    let options = options(args);
    let summary = train::train(&options)?;
    print(&train::closing_words(&summary, options.max_drop, &options.out))
}

fn options(args: TrainArgs) -> train::Options {
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
        limits: args.memory.limits(),
    }
}
