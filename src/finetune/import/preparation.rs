//! What pretrained networks expect of their pixels, brought into the form that a [`Network`](crate::model::network::Network)
//! has: the mean of red, green and blue is subtracted from values of 0 to 255, and the first kernels take blue, green, red.
//!
//! Every form subtracts a mean and multiplies by a factor, channel by channel. The factors go into the first kernels. That is
//! exact at the picture's border too: padding puts zeros behind the preparation, which stand for pixels of the mean's colour
//! before it, here as there.

use crate::model::network::{Conv, Preprocessing};

/// How a pretrained network's pixels are prepared; the names are those of Keras's `preprocess_input`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparation {
    /// BGR from 0 to 255 less VGG's mean, as the original weights in Caffe and Keras's VGG16 take them.
    Caffe,
    /// RGB from 0 to 1 less ImageNet's mean, over its standard deviation, as torchvision's networks take them.
    Torch,
    /// RGB from -1 to 1.
    Tf,
    /// RGB from 0 to 1.
    Unit,
    /// RGB from 0 to 255.
    None,
}

/// VGG's mean of red, green and blue.
const VGG_MEAN: [f64; 3] = [123.68, 116.779, 103.939];
/// ImageNet's mean and standard deviation of red, green and blue, from 0 to 1.
const IMAGENET_MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const IMAGENET_DEVIATION: [f64; 3] = [0.229, 0.224, 0.225];

impl Preparation {
    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preparation::Caffe => "caffe",
            Preparation::Torch => "torch",
            Preparation::Tf => "tf",
            Preparation::Unit => "unit",
            Preparation::None => "none",
        }
    }

    /// What it is, for people.
    pub fn words(self) -> &'static str {
        match self {
            Preparation::Caffe => "BGR from 0 to 255 less VGG's mean, as Keras's VGG16 takes them",
            Preparation::Torch => {
                "RGB from 0 to 1 less ImageNet's mean, over its deviation, as torchvision's VGG16 takes them"
            }
            Preparation::Tf => "RGB from -1 to 1",
            Preparation::Unit => "RGB from 0 to 1",
            Preparation::None => "RGB from 0 to 255",
        }
    }

    /// The mean of red, green and blue as they come, from 0 to 255, and what the differences are multiplied by.
    fn mean_and_factor(self) -> ([f64; 3], [f64; 3]) {
        match self {
            Preparation::Caffe => (VGG_MEAN, [1.0; 3]),
            Preparation::Torch => {
                (IMAGENET_MEAN.map(|mean| mean * 255.0), IMAGENET_DEVIATION.map(|deviation| 1.0 / (255.0 * deviation)))
            }
            Preparation::Tf => ([127.5; 3], [1.0 / 127.5; 3]),
            Preparation::Unit => ([0.0; 3], [1.0 / 255.0; 3]),
            Preparation::None => ([0.0; 3], [1.0; 3]),
        }
    }

    /// Makes of the `first` convolution, which takes pixels so prepared, one behind the preprocessing that is given back.
    pub fn fold(self, first: &mut Conv) -> Preprocessing {
        let (mean, factor) = self.mean_and_factor();
        for kernel in first.weights.chunks_exact_mut(27) {
            if self != Preparation::Caffe {
                let (red, rest) = kernel.split_at_mut(9);
                red.swap_with_slice(&mut rest[9..]);
            }
            for (plane, factor) in kernel.chunks_exact_mut(9).zip(factor.into_iter().rev()) {
                plane.iter_mut().for_each(|weight| *weight = (f64::from(*weight) * factor) as f32);
            }
        }
        Preprocessing { mean_rgb: mean.map(|mean| mean as f32) }
    }
}
