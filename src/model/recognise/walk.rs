//! Where a walk along a graph stands, and how each kind of node moves it.

use tract_onnx::pb::NodeProto;

use super::{
    activation::{self, Steps},
    bias::{self, Bias},
    layers::{Step, Weighted},
    weights::{self, Weights},
};
use crate::model::onnx::{
    graph::{Graph, attribute_float, attribute_int, attribute_ints, attribute_string, describe, input},
    tensor::Elements,
};

/// The layers so far, and what is known of the current value.
pub struct Walk {
    pub steps: Vec<Step>,
    /// Channels before the flattening; values after it.
    channels: usize,
    /// Rows and columns before the flattening.
    side: usize,
    /// Whether the flattening is behind.
    pub flat: bool,
    /// The steps that the current value is rounded to, if it is.
    current: Option<Steps>,
    /// Whether the current value is the steps themselves, not the real numbers that they stand for.
    pub in_steps: bool,
    blocks: usize,
    convolutions: usize,
    dense: usize,
}

impl Walk {
    /// Starts at a picture of `channels` planes of `side` rows and columns, rounded to `current`.
    pub fn new(channels: usize, side: usize, current: Option<Steps>) -> Self {
        Walk {
            steps: vec![],
            channels,
            side,
            flat: false,
            current,
            in_steps: false,
            blocks: 1,
            convolutions: 0,
            dense: 0,
        }
    }

    /// The layer that makes the current value, but for max pools and the flattening: rounding and ReLU commute with
    /// these.
    fn maker(&mut self) -> Option<&mut Weighted> {
        self.steps.iter_mut().rev().find_map(|step| match step {
            Step::Weighted(layer) => Some(&mut **layer),
            Step::MaxPool | Step::AveragePool { .. } => None,
        })
    }

    pub fn convolution(&mut self, graph: &Graph, node: &NodeProto, value: &str) -> Result<(), String> {
        let refuse = |why: String| Err(format!("{} {why}", describe(node)));
        let is = |name, expected: &[i64]| attribute_ints(node, name).is_none_or(|values| values == expected);
        let auto_pad = attribute_string(node, "auto_pad").unwrap_or(b"NOTSET");
        let padded = match auto_pad {
            b"SAME_UPPER" | b"SAME_LOWER" => true,
            _ => attribute_ints(node, "pads") == Some(&[1, 1, 1, 1]),
        };
        if self.flat || input(node, 0) != Some(value) {
            return refuse("does not convolve the planes before it".into());
        }
        if matches!(self.steps.last(), Some(Step::AveragePool { .. })) {
            return refuse("follows the mean of whole planes".into());
        }
        if !padded || !is("strides", &[1, 1]) || !is("dilations", &[1, 1]) || attribute_int(node, "group", 1) != 1 {
            return refuse("is not a 3×3 convolution with stride 1 and one pixel of padding".into());
        }
        let weights = weights::find(graph, input(node, 1).unwrap_or_default(), 0)?;
        let shape = &weights.layout().shape;
        let [outputs, inputs, 3, 3] = shape[..] else {
            return refuse(format!("has kernels of the shape {shape:?}; VGG's are 3×3"));
        };
        if inputs != self.channels {
            return refuse(format!("expects {inputs} channels and gets {}", self.channels));
        }
        let bias = self.bias(graph, node, input(node, 2), outputs, &weights)?;
        self.convolutions += 1;
        let name = format!("block{}_conv{}", self.blocks, self.convolutions);
        self.push(node, name, true, weights, Some(bias), (inputs, outputs));
        Ok(())
    }

    pub fn gemm(&mut self, graph: &Graph, node: &NodeProto, value: &str) -> Result<(), String> {
        let ordinary = attribute_float(node, "alpha", 1.0) == 1.0
            && attribute_float(node, "beta", 1.0) == 1.0
            && attribute_int(node, "transA", 0) == 0
            && input(node, 0) == Some(value);
        if !ordinary {
            return Err(format!("{} is not a plain dense layer", describe(node)));
        }
        let output_axis = usize::from(attribute_int(node, "transB", 0) == 0);
        let (weights, inputs, outputs) = self.dense_weights(graph, node, output_axis)?;
        let bias = self.bias(graph, node, input(node, 2), outputs, &weights)?;
        self.push_dense(node, weights, Some(bias), (inputs, outputs));
        Ok(())
    }

    pub fn matmul(&mut self, graph: &Graph, node: &NodeProto, value: &str) -> Result<(), String> {
        if input(node, 0) != Some(value) {
            return Err(format!("{} multiplies from the left, which a dense layer does not", describe(node)));
        }
        let (weights, inputs, outputs) = self.dense_weights(graph, node, 1)?;
        // The bias that follows comes in steps of the product, which stand for as much as before the product.
        let before = self.current;
        self.push_dense(node, weights, None, (inputs, outputs));
        self.current = before;
        Ok(())
    }

    pub fn add(&mut self, graph: &Graph, node: &NodeProto, value: &str) -> Result<(), String> {
        let other = node.input.iter().map(String::as_str).find(|name| *name != value).unwrap_or_default();
        let waiting = |step: &mut Step| matches!(step, Step::Weighted(layer) if layer.bias.is_none());
        let Some(Step::Weighted(mut layer)) = self.steps.pop_if(waiting) else {
            return Err(format!("{} does not add a bias to a dense layer", describe(node)));
        };
        layer.bias = Some(self.bias(graph, node, Some(other), layer.outputs, &layer.weights)?);
        self.steps.push(Step::Weighted(layer));
        self.current = None;
        Ok(())
    }

    /// Weights of a dense layer, `I` and `O`.
    fn dense_weights(
        &self,
        graph: &Graph,
        node: &NodeProto,
        output_axis: usize,
    ) -> Result<(Weights, usize, usize), String> {
        let weights = weights::find(graph, input(node, 1).unwrap_or_default(), output_axis)?;
        let shape = &weights.layout().shape;
        let [rows, columns] = shape[..] else {
            return Err(format!("{} has weights of the shape {shape:?}, not a matrix", describe(node)));
        };
        let (inputs, outputs) = if output_axis == 0 { (columns, rows) } else { (rows, columns) };
        if matches!(weights, Weights::Steps { .. }) && self.current.is_none() {
            return Err(format!("{} has int8 weights, but reads real numbers", describe(node)));
        }
        let available = self.values();
        if !self.flat || inputs != available {
            return Err(format!("{} expects {inputs} values in a row and gets {available}", describe(node)));
        }
        Ok((weights, inputs, outputs))
    }

    fn bias(
        &self,
        graph: &Graph,
        node: &NodeProto,
        name: Option<&str>,
        outputs: usize,
        weights: &Weights,
    ) -> Result<Bias, String> {
        let bias = match weights {
            Weights::Real { .. } => match name {
                Some(name) => bias::read_real(graph, name)?,
                None => Bias::Real(vec![0.0; outputs]),
            },
            Weights::Steps { scales, .. } => {
                let Some(current) = self.current else {
                    return Err(format!("{} has int8 weights, but reads real numbers", describe(node)));
                };
                let steps: Vec<f32> = scales.iter().map(|scale| scale * current.quantization.scale).collect();
                match name {
                    Some(name) => bias::read_steps(graph, name, &steps)?,
                    None => Bias::Steps(vec![0; outputs]),
                }
            }
        };
        match bias.len() {
            length if length == outputs => Ok(bias),
            length => Err(format!("{} has {length} bias values for {outputs} outputs", describe(node))),
        }
    }

    fn push_dense(&mut self, node: &NodeProto, weights: Weights, bias: Option<Bias>, sizes: (usize, usize)) {
        self.dense += 1;
        let name = format!("fc{}", self.dense);
        self.push(node, name, false, weights, bias, sizes);
    }

    fn push(
        &mut self,
        node: &NodeProto,
        name: String,
        convolution: bool,
        weights: Weights,
        bias: Option<Bias>,
        (inputs, outputs): (usize, usize),
    ) {
        let node = describe(node);
        let layer = Weighted {
            name,
            node,
            convolution,
            weights,
            bias,
            inputs,
            outputs,
            relu: false,
            output: None,
            factors: None,
        };
        self.channels = outputs;
        self.current = None;
        self.steps.push(Step::Weighted(Box::new(layer)));
    }

    /// A `Relu` follows its layer, before or after that layer's sums are rounded: 0 is a step of its own.
    pub fn relu(&mut self, node: &NodeProto) -> Result<(), String> {
        match self.steps.last_mut() {
            Some(Step::Weighted(layer)) if layer.bias.is_some() => {
                layer.relu = true;
                Ok(())
            }
            _ => Err(format!("{} does not follow a convolution or dense layer", describe(node))),
        }
    }

    pub fn max_pool(&mut self, node: &NodeProto) -> Result<(), String> {
        let is = |name, expected: &[i64]| attribute_ints(node, name).is_none_or(|values| values == expected);
        let ordinary = attribute_ints(node, "kernel_shape") == Some(&[2, 2])
            && attribute_ints(node, "strides") == Some(&[2, 2])
            && is("pads", &[0, 0, 0, 0])
            && is("dilations", &[1, 1])
            && attribute_int(node, "ceil_mode", 0) == 0;
        if !ordinary || self.flat || self.side < 2 {
            return Err(format!("{} is not a 2×2 max pool with stride 2 of a picture", describe(node)));
        }
        self.side /= 2;
        self.blocks += 1;
        self.convolutions = 0;
        self.steps.push(Step::MaxPool);
        Ok(())
    }

    /// A batch norm follows a float layer, before its ReLU: a factor and a shift for each output.
    pub fn batch_norm(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let Some(Step::Weighted(layer)) = self.steps.last_mut() else {
            return Err(format!("{} does not follow a convolution or dense layer", describe(node)));
        };
        let Some(Bias::Real(bias)) = &mut layer.bias else {
            return Err(format!("{} does not follow a layer of float weights with its bias", describe(node)));
        };
        if layer.relu || layer.output.is_some() || attribute_int(node, "training_mode", 0) != 0 {
            return Err(format!("{} does not stand between a layer and its ReLU", describe(node)));
        }
        let floats = |index: usize| graph.floats(input(node, index), layer.outputs);
        let [scale, shift, mean, variance] = [floats(1)?, floats(2)?, floats(3)?, floats(4)?];
        let epsilon = attribute_float(node, "epsilon", 1e-5);
        let factors = scale.iter().zip(&variance).map(|(scale, variance)| scale / (variance + epsilon).sqrt());
        let factors: Vec<f32> = factors.collect();
        if factors.iter().any(|factor| !factor.is_finite()) {
            return Err(format!("{} has variances that are no variances", describe(node)));
        }
        for (((bias, factor), shift), mean) in bias.iter_mut().zip(&factors).zip(shift).zip(mean) {
            *bias = (*bias - mean) * factor + shift;
        }
        let before = layer.factors.take().unwrap_or_else(|| vec![1.0; factors.len()]);
        layer.factors = Some(before.into_iter().zip(factors).map(|(before, factor)| before * factor).collect());
        Ok(())
    }

    /// Means of whole planes; or means of single pixels, which change nothing.
    pub fn average_pool(&mut self, node: &NodeProto) -> Result<(), String> {
        let is = |name, expected: &[i64]| attribute_ints(node, name).is_none_or(|values| values == expected);
        let side = self.side as i64;
        let global = node.op_type == "GlobalAveragePool";
        let kernel = attribute_ints(node, "kernel_shape");
        let whole = global || kernel == Some(&[side, side]);
        let single = !global && kernel == Some(&[1, 1]) && is("strides", &[1, 1]);
        if self.flat || self.in_steps || !(whole || single) || !is("pads", &[0, 0, 0, 0]) || !is("dilations", &[1, 1]) {
            return Err(format!("{} takes the mean of neither whole planes nor single pixels", describe(node)));
        }
        if self.side > 1 && whole {
            if !matches!(self.maker(), Some(layer) if layer.relu) {
                return Err(format!("{} does not follow ReLU", describe(node)));
            }
            self.steps.push(Step::AveragePool { channels: self.channels, side: self.side, node: describe(node) });
            self.side = 1;
            self.current = None;
        }
        Ok(())
    }

    /// Number of values that one picture has here.
    fn values(&self) -> usize {
        if self.flat { self.channels } else { self.channels.saturating_mul(self.side).saturating_mul(self.side) }
    }

    pub fn flatten(&mut self) {
        if !self.flat {
            self.channels = self.values();
            self.flat = true;
        }
    }

    pub fn reshape(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let values = self.values() as i64;
        match graph.constant(input(node, 1).unwrap_or_default())?.elements {
            Elements::I64(shape)
                if shape.len() == 2 && (shape[1] == -1 || shape[1] == values) && shape[0] != values =>
            {
                self.flatten();
                Ok(())
            }
            _ => Err(format!("{} is not a flattening", describe(node))),
        }
    }

    pub fn quantize(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let steps = activation::quantizer(graph, node)?;
        let in_steps = self.in_steps;
        let waiting = self.maker().is_some_and(|layer| layer.bias.is_none());
        if in_steps {
            return Err(format!("{} rounds steps once more", describe(node)));
        }
        if waiting {
            return Err(format!(
                "{} rounds a product before its bias is added; export the dense layers as Gemm and quantize again",
                describe(node)
            ));
        }
        match (self.current, self.maker()) {
            // The same rounding again changes nothing.
            (Some(current), _) if current.quantization == steps.quantization => {}
            (Some(current), _) => {
                return Err(format!(
                    "{} rounds to steps of {} around {} what has steps of {} around {} already",
                    describe(node),
                    steps.quantization.scale,
                    steps.quantization.zero_point,
                    current.quantization.scale,
                    current.quantization.zero_point,
                ));
            }
            (None, Some(layer)) => {
                layer.output = Some(steps);
                // Steps from zero point 0 up cut negative values off, as ReLU does.
                layer.relu |= steps.quantization.zero_point == 0;
            }
            (None, None) => return Err(format!("{} rounds what no layer makes", describe(node))),
        }
        self.current = Some(steps);
        self.in_steps = true;
        Ok(())
    }

    pub fn dequantize(&mut self, graph: &Graph, node: &NodeProto) -> Result<(), String> {
        let Some(current) = self.current.filter(|_| self.in_steps) else {
            return Err(format!("{} dequantizes real numbers", describe(node)));
        };
        if activation::dequantizer(graph, node, current.signed)? != current {
            return Err(format!("{} has other steps than the QuantizeLinear before it", describe(node)));
        }
        self.in_steps = false;
        Ok(())
    }
}
