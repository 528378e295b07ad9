//! Whether the parts of a network fit together, so that whatever is laid out for it lies where it belongs.

use super::facts::Facts;
use crate::model::quantized::{QuantizedInput, QuantizedLayer, QuantizedNetwork};

/// Larger pictures than this are not a classifier's input.
const MAX_SIZE: usize = 4096;
/// More channels or outputs than this are not a classifier's.
const MAX_WIDTH: usize = 1 << 20;

/// Checks every layer's shape against the one before it; weights may be left out.
pub fn shapes(network: &QuantizedNetwork, facts: &[Facts]) -> Result<(), String> {
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
