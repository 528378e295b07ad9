//! What the last convolution of a network sees in a picture, place by place.

use image::RgbImage;

use super::{
    error::EngineError,
    fused::Fused,
    layers::{engine::Pixels, planner::Sums},
    plan::Plan,
};
use crate::model::network::{Conv, Dense, Layer, Network};

/// The convolutions of a float network, ready to run.
pub struct LastMap {
    plan: Plan,
    channels: usize,
    side: usize,
}

impl LastMap {
    /// Prepares the convolutions of a float network, on one thread a call; share it between threads to go faster.
    ///
    /// Errs where the network has no convolution, or is none that the float engine takes.
    pub fn new(network: &Network) -> Result<Self, EngineError> {
        let load = |reason: &str| EngineError::Load { model: "the convolutions".into(), reason: reason.into() };
        let last = network.layers.iter().rposition(|layer| matches!(layer, Layer::Conv(_)));
        let Some((last, Layer::Conv(conv))) = last.map(|last| (last, &network.layers[last])) else {
            return Err(load("the network has none"));
        };
        let pools = network.layers[..last].iter().filter(|layer| matches!(layer, Layer::MaxPool)).count();
        let (side, channels) = (network.input_size >> pools, conv.outputs);
        let mut layers = network.layers[..=last].to_vec();
        layers.push(Layer::Dense(end(conv, side)));
        let plan = Plan::float(Network { layers, softmax: false, ..*network }, 1, Sums::Alike);
        let plan = plan.map_err(|error| EngineError::load("the convolutions", error))?;
        match plan.engine() {
            Some(Fused::Float(_)) => Ok(LastMap { plan, channels, side }),
            _ => Err(load("the float engine does not take the network")),
        }
    }

    /// Channels of the map.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Rows and columns of the map.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The map behind the last convolution's ReLU and before its max pool, `C×H×W`, for a picture fitted to the network's
    /// input size.
    pub fn of(&self, fitted: &RgbImage) -> Result<Vec<f32>, EngineError> {
        let run = |error| EngineError::run("the convolutions", error);
        self.plan.check_size(fitted).map_err(run)?;
        let Some(Fused::Float(engine)) = self.plan.engine() else { return Ok(vec![]) };
        let mut left = engine.activations(Pixels::Bytes(fitted.as_raw())).map_err(|error| run(error.into()))?;
        // The last step is the dense layer that ends the network.
        left.pop();
        let pixels = left.pop().unwrap_or_default();
        let padded = pixels.len() / (self.side * self.side).max(1);
        let plane = |channel| pixels.iter().skip(channel).step_by(padded.max(1)).copied();
        Ok((0..self.channels).flat_map(plane).collect())
    }
}

/// The least that an engine ends with: a dense layer behind the convolution keeps its map whole.
fn end(conv: &Conv, side: usize) -> Dense {
    let inputs = conv.outputs * side * side;
    Dense { name: "end".into(), weights: vec![0.0; inputs], bias: vec![0.0], inputs, outputs: 1, relu: false }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::model::network::Preprocessing;

    /// A convolution that passes blue, green, red and their negatives on, and adds the channel's number.
    fn passing() -> Conv {
        let mut weights = vec![0.0; 6 * 27];
        for channel in 0..6 {
            weights[channel * 27 + channel % 3 * 9 + 4] = if channel < 3 { 1.0 } else { -1.0 };
        }
        let bias = (0..6).map(|channel| channel as f32).collect();
        Conv { name: "conv".into(), weights, bias, inputs: 3, outputs: 6 }
    }

    #[test]
    fn the_map_is_channel_first_and_not_pooled() {
        let layers = vec![Layer::Conv(passing()), Layer::MaxPool];
        let preprocessing = Preprocessing { mean_rgb: [100.0; 3] };
        let network = Network { input_size: 4, preprocessing, layers, softmax: false };
        let map = LastMap::new(&network).unwrap();
        assert_eq!((map.channels(), map.side()), (6, 4));
        let picture = RgbImage::from_fn(4, 4, |x, y| Rgb([90, 100 + 10 * x as u8, 150 + y as u8]));
        let values = map.of(&picture).unwrap();
        for (i, value) in values.iter().enumerate() {
            let (channel, y, x) = (i / 16, i / 4 % 4, i % 4);
            let colour = [50.0 + y as f32, 10.0 * x as f32, -10.0][channel % 3];
            let want = (if channel < 3 { colour } else { -colour } + channel as f32).max(0.0);
            assert!((value - want).abs() < 1e-3, "channel {channel} at {x},{y}: {value} is not {want}");
        }
        assert_eq!(values.len(), 96);
        assert!(map.of(&RgbImage::new(5, 5)).is_err());
    }

    #[test]
    fn a_network_without_convolutions_has_no_map() {
        let preprocessing = Preprocessing { mean_rgb: [0.0; 3] };
        let network = Network { input_size: 4, preprocessing, layers: vec![], softmax: false };
        assert!(LastMap::new(&network).err().unwrap().to_string().contains("has none"));
    }
}
