//! From a float network to its int8 form.

use image::RgbImage;

use crate::{
    engine::classifier::EngineError,
    model::{
        network::{Dense, Network},
        quantized::{QuantizedDense, QuantizedNetwork},
    },
};

/// Finds the output scale of every layer with ReLU, in order, from pictures already fitted to the input size: the
/// scale with the smallest squared error. `done` is called after each picture.
pub fn calibrate(network: &Network, pictures: &[RgbImage], done: &(dyn Fn() + Sync)) -> Result<Vec<f32>, EngineError> {
    let _ = (network, pictures, done);
    todo!()
}

/// Quantizes every layer; `output_scales` has one value for each layer with ReLU.
pub fn quantize(network: &Network, output_scales: &[f32]) -> QuantizedNetwork {
    let _ = (network, output_scales);
    todo!()
}

/// Quantizes a last layer whose input comes in steps of `input_scale`.
pub fn quantize_head(head: &Dense, input_scale: f32) -> QuantizedDense {
    let _ = (head, input_scale);
    todo!()
}
