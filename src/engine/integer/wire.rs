//! Building the plan's graph.

use tract_onnx::tract_core::{
    internal::*,
    ops::{
        einsum::EinSum,
        nn::{Softmax, SoftmaxKind},
    },
};

use super::{ZERO, convolution::Convolution, logits::Logits, pixels::Pixels, requantize::Requantize, shifted_bias};
use crate::model::quantized::{Quantization, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork};

/// Builds the graph: RGB bytes in; probabilities out, or the last layer's uint8 steps as int8 if it is quantized.
///
/// A node's name starts with its layer's name and a dot.
pub fn wire(network: &QuantizedNetwork) -> TractResult<TypedModel> {
    let mut model = TypedModel::default();
    let size = network.input_size;
    let QuantizedInput::Picture { mean_rgb } = network.input else { bail!("an input of real numbers") };
    let picture = model.add_source("picture", u8::fact([1, size, size, 3]))?;
    let mut value = model.wire_node("pixels.planes", Pixels { mean_rgb }, &[picture])?[0];
    let mut input_scale = 1.0;
    let mut side = size;
    let mut first = true;
    let mut flat = false;
    let mut layers = network.layers.iter().peekable();
    while let Some(layer) = layers.next() {
        match layer {
            QuantizedLayer::Conv(conv) => {
                let pool = layers.next_if(|next| matches!(next, QuantizedLayer::MaxPool)).is_some();
                let border = matches!(layers.peek(), Some(QuantizedLayer::Conv(_)));
                let bias = if first {
                    let [r, g, b] = mean_rgb;
                    // The picture's bytes come as they are, so its zero points go into the bias as well.
                    let planes = [b, g, r].map(|mean| i32::from(mean) - 128);
                    shifted_bias(&conv.bias, &conv.weights, |i| planes[i / 9])
                } else {
                    shifted_bias(&conv.bias, &conv.weights, |_| i32::from(ZERO))
                };
                let output_scale = scale_after_relu(conv.output)?;
                let requantize = requantize(bias, &conv.weight_scales, input_scale, output_scale);
                let op = Convolution::new(conv, requantize, side * side, pool, border)?;
                value = model.wire_node(format!("{}.convolution", conv.name), op, &[value])?[0];
                side /= if pool { 2 } else { 1 };
                input_scale = output_scale;
                first = false;
            }
            QuantizedLayer::MaxPool => bail!("a max pool that does not follow a convolution"),
            QuantizedLayer::Dense(dense) => {
                if !flat {
                    value = flatten(&mut model, value)?;
                    flat = true;
                }
                let bias = shifted_bias(&dense.bias, &dense.weights, |_| i32::from(ZERO));
                let sums = product(&mut model, dense, value)?;
                match dense.output {
                    Some(output) => {
                        let output_scale = scale_after_relu(output)?;
                        let op = requantize(bias, &dense.weight_scales, input_scale, output_scale);
                        value = model.wire_node(format!("{}.requantize", dense.name), op, &[sums])?[0];
                        input_scale = output_scale;
                    }
                    None => {
                        ensure!(network.softmax && !dense.relu, "real outputs without a softmax");
                        let scale_bits = dense.weight_scales.iter().map(|scale| (scale * input_scale).to_bits());
                        let op = Logits { bias: Arc::new(bias), scale_bits: Arc::new(scale_bits.collect()) };
                        value = model.wire_node(format!("{}.logits", dense.name), op, &[sums])?[0];
                        let softmax = Softmax { axes: tvec![1], quant_output_dt: None, kind: SoftmaxKind::default() };
                        value = model.wire_node("softmax.probabilities", softmax, &[value])?[0];
                    }
                }
            }
        }
    }
    ensure!(
        !network.softmax
            || matches!(network.layers.last(), Some(QuantizedLayer::Dense(dense)) if dense.output.is_none()),
        "a softmax over quantized values"
    );
    model.select_output_outlets(&[value])?;
    Ok(model)
}

/// The scale of steps whose zero point is 0, which cuts off what ReLU cuts off.
fn scale_after_relu(output: Quantization) -> TractResult<f32> {
    ensure!(output.zero_point == 0, "activations with the zero point {}", output.zero_point);
    Ok(output.scale)
}

fn requantize(bias: Vec<i32>, weight_scales: &[f32], input_scale: f32, output_scale: f32) -> Requantize {
    let factors = weight_scales.iter().map(|scale| (scale * input_scale / output_scale).to_bits());
    Requantize { bias: Arc::new(bias), factor_bits: Arc::new(factors.collect()) }
}

fn product(model: &mut TypedModel, dense: &QuantizedDense, value: OutletId) -> TractResult<OutletId> {
    let name = &dense.name;
    let weights = Tensor::from_shape(&[dense.outputs, dense.inputs], &dense.weights)?;
    let weights = model.add_const(format!("{name}.weights"), weights)?;
    let op = EinSum::new("ok,nk->no".parse()?, i32::datum_type());
    Ok(model.wire_node(format!("{name}.sums"), op, &[weights, value])?[0])
}

fn flatten(model: &mut TypedModel, value: OutletId) -> TractResult<OutletId> {
    let shape = model.outlet_fact(value)?.shape.clone();
    let volume = shape.volume();
    let op = AxisOp::Reshape(1, shape[1..].into(), tvec![volume]);
    Ok(model.wire_node("flatten.values", op, &[value])?[0])
}
