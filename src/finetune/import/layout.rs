//! The layouts that weights come in.

/// How a file keeps its weights; [`Layout::Auto`] finds it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// What the file's content says.
    Auto,
    /// Keras of 2015: `nb_layers`, `layer_N`, `param_N`, as Theano orders.
    Keras2015,
    /// Keras 1 or 2, kernels O×I×3×3 turned by 180°, as Theano orders.
    KerasTh,
    /// The same with kernels that are not turned.
    KerasThTfKernels,
    /// Keras 1 or 2, kernels 3×3×I×O, as TensorFlow orders.
    KerasTf,
    /// The same with kernels turned by 180°.
    KerasTfThKernels,
    /// Keras 3: `.weights.h5` or `.keras`.
    Keras3,
    /// A state_dict of torchvision's VGG16 as safetensors.
    Torchvision,
    /// ONNX.
    Onnx,
}

impl Layout {
    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Auto => "auto",
            Layout::Keras2015 => "keras-2015",
            Layout::KerasTh => "keras-th",
            Layout::KerasThTfKernels => "keras-th-tf-kernels",
            Layout::KerasTf => "keras-tf",
            Layout::KerasTfThKernels => "keras-tf-th-kernels",
            Layout::Keras3 => "keras-3",
            Layout::Torchvision => "torchvision",
            Layout::Onnx => "onnx",
        }
    }

    /// That a file which turned out to be one of `found` was said to be this; `None` if that goes together.
    pub fn contradicts(self, found: &[Layout]) -> Option<String> {
        if self == Layout::Auto || found.contains(&self) {
            return None;
        }
        let names: Vec<_> = found.iter().map(|layout| layout.name()).collect();
        Some(format!("its layout is not {}, but {}; leave --layout out", self.name(), names.join(" or ")))
    }
}
