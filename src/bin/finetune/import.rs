//! `finetune import`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use vggcam::{
    finetune::import::{self, head::Head, layout::Layout, preparation::Preparation},
    message::print,
};

use crate::values::units;

#[derive(Args)]
pub struct ImportArgs {
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

/// Imports, and says what was found.
pub fn run(args: ImportArgs) -> anyhow::Result<()> {
    let options = options(args);
    let imported = import::import(&options)?;
    print(&import::closing_words(&imported, &options))
}

fn options(args: ImportArgs) -> import::Options {
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
