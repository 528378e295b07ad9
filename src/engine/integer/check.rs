//! Whether the parts of a network fit together, so that whatever is laid out for it lies where it belongs.

use super::facts::Facts;
use crate::model::quantized::{QuantizedInput, QuantizedLayer, QuantizedNetwork};

/// Larger pictures than this are not a classifier's input.
const MAX_SIZE: usize = 4096;
/// More channels or outputs than this are not a classifier's.
const MAX_WIDTH: usize = 1 << 20;

/// Checks that the layers come in the order that the engine takes: convolutions, each with or without a max pool, then dense
/// layers, of which only the last may stay real. The error names the layer that does not.
pub fn order(network: &QuantizedNetwork) -> Result<(), String> {
    let mut previous: Option<&QuantizedLayer> = None;
    for layer in &network.layers {
        match (previous, layer) {
            (None | Some(QuantizedLayer::MaxPool), QuantizedLayer::MaxPool) => {
                return Err("a max pool does not follow a convolution".into());
            }
            (Some(QuantizedLayer::Dense(_)), QuantizedLayer::MaxPool) => {
                return Err("a max pool follows a dense layer".into());
            }
            (Some(QuantizedLayer::Dense(_)), QuantizedLayer::Conv(conv)) => {
                return Err(format!("{} follows a dense layer", conv.name));
            }
            (Some(QuantizedLayer::Dense(before)), QuantizedLayer::Dense(dense)) if before.output.is_none() => {
                return Err(format!("{} follows a layer whose output is not quantized", dense.name));
            }
            (None, QuantizedLayer::Dense(dense)) => return Err(format!("{} reads the picture itself", dense.name)),
            _ => {}
        }
        previous = Some(layer);
    }
    match previous {
        Some(QuantizedLayer::Dense(_)) => Ok(()),
        _ => Err("it does not end with a dense layer".into()),
    }
}

/// Checks every layer's shape against the one before it; weights may be left out.
pub fn shapes(network: &QuantizedNetwork, facts: &[Facts]) -> Result<(), String> {
    order(network)?;
    let mut side = network.input_size;
    let mut channels = match network.input {
        QuantizedInput::Picture { .. } => 3,
        QuantizedInput::Real { channels, .. } => channels,
    };
    if side == 0 || side > MAX_SIZE || channels == 0 || channels > MAX_WIDTH {
        return Err(format!("its input has {side}×{side} pixels of {channels} channels"));
    }
    let mut values = None;
    let mut facts = facts.iter();
    for layer in &network.layers {
        let (name, inputs, outputs, expected, lengths) = match layer {
            QuantizedLayer::MaxPool => {
                side /= 2;
                if side == 0 {
                    return Err("a max pool leaves no pixel".into());
                }
                continue;
            }
            QuantizedLayer::Conv(conv) => {
                let expected = if values.is_some() { 0 } else { channels };
                (&conv.name, conv.inputs, conv.outputs, expected, [conv.weight_scales.len(), conv.bias.len()])
            }
            QuantizedLayer::Dense(dense) => {
                let expected = values.unwrap_or_else(|| channels.saturating_mul(side * side));
                values = Some(dense.outputs);
                (&dense.name, dense.inputs, dense.outputs, expected, [dense.weight_scales.len(), dense.bias.len()])
            }
        };
        if inputs != expected || outputs == 0 || outputs > MAX_WIDTH {
            return Err(format!("{name} has {inputs} inputs and {outputs} outputs, where {expected} values come in"));
        }
        let facts = facts.next().ok_or("it has more layers than are described")?;
        if lengths != [outputs; 2] || facts.sums.len() != outputs || facts.zero_sums.len() != outputs {
            return Err(format!("{name} has another number of scales or biases than outputs"));
        }
        channels = outputs;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::quantized::{Quantization, QuantizedConv, QuantizedDense};

    #[test]
    fn layers_out_of_order_are_named() {
        let quantization = Quantization { scale: 1.0, zero_point: 0 };
        let conv = || {
            QuantizedLayer::Conv(QuantizedConv {
                name: "conv".into(),
                weights: vec![0; 27],
                weight_scales: vec![1.0],
                bias: vec![0],
                inputs: 3,
                outputs: 1,
                relu: true,
                output: quantization,
            })
        };
        let dense = |output| {
            QuantizedLayer::Dense(QuantizedDense {
                name: "dense".into(),
                weights: vec![],
                weight_scales: vec![],
                bias: vec![],
                inputs: 1,
                outputs: 1,
                relu: false,
                output,
            })
        };
        let pool = || QuantizedLayer::MaxPool;
        let checked = |layers| {
            let input = QuantizedInput::Picture { mean_rgb: [0; 3] };
            order(&QuantizedNetwork { input_size: 8, input, layers, softmax: false })
        };
        assert_eq!(checked(vec![conv(), pool(), conv(), dense(Some(quantization)), dense(None)]), Ok(()));
        for (layers, says) in [
            (vec![pool(), conv(), dense(None)], "max pool does not follow"),
            (vec![conv(), pool(), pool(), dense(None)], "max pool does not follow"),
            (vec![conv(), dense(None), conv()], "conv follows a dense"),
            (vec![conv(), dense(None), dense(None)], "not quantized"),
            (vec![dense(None)], "picture itself"),
            (vec![conv()], "end with a dense"),
        ] {
            assert!(checked(layers).unwrap_err().contains(says), "{says}");
        }
    }
}
