//! How a graph takes its picture.

use std::borrow::Cow;

use image::RgbImage;
use tract_onnx::{
    pb::{ModelProto, tensor_proto::DataType},
    prelude::*,
    tract_core::internal::{bail, ensure},
};

use crate::model::onnx::graph::Graph;

/// The one input of a graph, a square picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Rows and columns.
    pub size: usize,
    /// Channels; 3 for a colour picture.
    pub channels: usize,
    /// Whether a pixel's channels lie together.
    pub channels_last: bool,
    /// Whether it takes float32, and not uint8.
    pub float: bool,
}

impl Input {
    /// The picture itself, as our own networks take it.
    pub fn picture(size: usize) -> Input {
        Input { size, channels: 3, channels_last: true, float: false }
    }

    /// What a graph declares. The error says why no picture fits.
    pub fn of(proto: &ModelProto) -> TractResult<Input> {
        let declared = Graph::new(proto).and_then(|graph| graph.input()).map_err(TractError::msg)?;
        let (size, channels_last) = match declared.shape[..] {
            [_, Some(3), Some(h), Some(w)] if h == w => (h, false),
            [_, Some(h), Some(w), Some(3)] if h == w => (h, true),
            _ => bail!("its input {:?} is not one square RGB picture, such as 1×224×224×3", declared.name),
        };
        let float = declared.data_type == DataType::Float as i32;
        ensure!(
            float || declared.data_type == DataType::Uint8 as i32,
            "its input {:?} is neither uint8 nor float",
            declared.name
        );
        Ok(Input { size, channels: 3, channels_last, float })
    }

    /// Whether a picture has the input's size.
    pub fn check_size(self, fitted: &RgbImage) -> TractResult<()> {
        let size = self.size;
        ensure!(
            (fitted.width() as usize, fitted.height() as usize) == (size, size),
            "a picture of {}×{} pixels for an input of {size}×{size}",
            fitted.width(),
            fitted.height()
        );
        Ok(())
    }

    /// A picture of the input's size as the tensor that the graph takes.
    pub fn tensor(self, fitted: &RgbImage) -> TractResult<Tensor> {
        self.check_size(fitted)?;
        let Input { size, channels, .. } = self;
        let pixels: Cow<[u8]> = match channels {
            3 => fitted.as_raw().into(),
            // Any picture does to measure a network that does not take colour pictures.
            _ => fitted.pixels().flat_map(|pixel| (0..channels).map(move |channel| pixel[channel % 3])).collect(),
        };
        let interleaved = Tensor::from_shape(&[1, size, size, channels], &pixels)?;
        let tensor = if self.channels_last { interleaved } else { interleaved.permute_axes(&[0, 3, 1, 2])? };
        if self.float { Ok(tensor.cast_to::<f32>()?.into_owned()) } else { Ok(tensor) }
    }
}
