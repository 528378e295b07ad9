//! How large the activations of a float network become, where its file does not say it.

use super::{error::EngineError, features::Activations};
use crate::{
    model::{metadata::Fit, network::Network},
    vision::{decode::decode_picture, demo, fit::fit},
};

/// How much larger activations may be expected than those that a few photographs give.
const MARGIN: f32 = 2.0;

/// The largest activation that is to be expected of each layer with ReLU, in order, by the bundled photographs.
pub fn expected(network: &Network) -> Result<Vec<f32>, EngineError> {
    let activations = Activations::new(network)?;
    let relus = network.layers.iter().filter(|layer| layer.has_relu()).count();
    let mut ranges = vec![0.0f32; relus];
    for (name, bytes) in demo::PICTURES {
        // The bundled photographs can be read.
        let Ok(picture) = decode_picture(bytes, name) else { continue };
        let values = activations.of(&fit(&picture, network.input_size as u32, Fit::Squash))?;
        for (range, values) in ranges.iter_mut().zip(values) {
            *range = values.iter().fold(*range, |largest, &value| largest.max(value * MARGIN));
        }
    }
    Ok(ranges)
}
