//! Writing a VGG16 in the layouts of frameworks.

use std::{collections::BTreeMap, io::Write};

use hdf5_writer::{AttributeBuilder, DatasetBuilder, Hdf5Builder, WriteOptions};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::json;

use crate::vgg::{Layer, Vgg};

/// How Keras writes kernels and dense rows.
#[derive(Clone, Copy)]
pub struct Order {
    /// `O×I×3×3` and planes first; else `3×3×I×O` and channels last.
    theano: bool,
    turned: bool,
}

pub const THEANO: Order = Order { theano: true, turned: true };
pub const THEANO_UNTURNED: Order = Order { theano: true, turned: false };
pub const TENSORFLOW: Order = Order { theano: false, turned: false };
pub const TENSORFLOW_TURNED: Order = Order { theano: false, turned: true };

type Tensor = (Vec<u64>, Vec<f32>);

fn kernel(layer: &Layer, order: Order) -> Tensor {
    let (inputs, outputs) = (layer.inputs, layer.outputs());
    let weight =
        |o: usize, i: usize, tap: usize| layer.weights[(o * inputs + i) * 9 + if order.turned { 8 - tap } else { tap }];
    let mut values = vec![];
    if order.theano {
        for o in 0..outputs {
            (0..inputs).for_each(|i| values.extend((0..9).map(|tap| weight(o, i, tap))));
        }
        (vec![outputs as u64, inputs as u64, 3, 3], values)
    } else {
        for tap in 0..9 {
            (0..inputs).for_each(|i| values.extend((0..outputs).map(|o| weight(o, i, tap))));
        }
        (vec![3, 3, inputs as u64, outputs as u64], values)
    }
}

/// A matrix with a row for each input; `channels` are those of the planes that it reads, 0 if it reads none.
fn matrix(layer: &Layer, order: Order, channels: usize) -> Tensor {
    let pixels = layer.inputs.checked_div(channels).unwrap_or(1);
    let mut values = vec![];
    for row in 0..layer.inputs {
        // Where this row's value stands plane by plane.
        let input = if order.theano || pixels == 1 { row } else { row % channels * pixels + row / channels };
        values.extend((0..layer.outputs()).map(|o| layer.weights[o * layer.inputs + input]));
    }
    (vec![layer.inputs as u64, layer.outputs() as u64], values)
}

fn vector(values: &[f32]) -> Tensor {
    (vec![values.len() as u64], values.to_vec())
}

/// Name, class and tensors of all layers with weights, in the model's order.
fn layers(vgg: &Vgg, order: Order) -> Vec<(String, &'static str, Vec<Tensor>)> {
    let mut all = vec![];
    let blocks = [2, 2, 3, 3, 3];
    let names =
        blocks.iter().enumerate().flat_map(|(b, &n)| (0..n).map(move |c| format!("block{}_conv{}", b + 1, c + 1)));
    let convolutions =
        vgg.convolutions.iter().zip(names).map(|(layer, name)| (layer, name, kernel(layer, order), "Conv2D"));
    let dense = vgg.dense.iter().enumerate().map(|(index, layer)| {
        let name = if index + 1 == vgg.dense.len() { "predictions".into() } else { format!("fc{}", index + 1) };
        (layer, name, matrix(layer, order, if index == 0 { vgg.channels() } else { 0 }), "Dense")
    });
    for (layer, name, weights, class) in convolutions.chain(dense) {
        all.push((name.clone(), class, vec![weights, vector(&layer.bias)]));
        if let Some(norm) = &layer.norm {
            all.push((format!("{name}_bn"), "BatchNormalization", norm.iter().map(|part| vector(part)).collect()));
        }
    }
    all
}

fn parts(class: &str) -> &'static [&'static str] {
    if class == "BatchNormalization" {
        &["gamma", "beta", "moving_mean", "moving_variance"]
    } else {
        &["kernel", "bias"]
    }
}

fn dataset(path: String, (shape, values): Tensor) -> DatasetBuilder {
    DatasetBuilder::typed_data(path, shape, &values).unwrap()
}

fn encoded(builder: Hdf5Builder) -> Vec<u8> {
    builder.into_plan().unwrap().encode(WriteOptions::default()).unwrap()
}

/// `nb_layers`, `layer_N`, `param_N`.
pub fn keras_2015(vgg: &Vgg) -> Vec<u8> {
    let mut builder = Hdf5Builder::new();
    let layers = layers(vgg, THEANO);
    for (index, (_, _, tensors)) in layers.into_iter().enumerate() {
        // Layers without weights stand between; more than ten show that numbers are not sorted as texts.
        let group = format!("layer_{}", 2 * index + 1);
        builder = builder
            .group_attribute(&*format!("layer_{}", 2 * index), AttributeBuilder::scalar("nb_params", 0i32).unwrap());
        builder =
            builder.group_attribute(&*group, AttributeBuilder::scalar("nb_params", tensors.len() as i32).unwrap());
        for (part, tensor) in tensors.into_iter().enumerate() {
            builder = builder.dataset(dataset(format!("{group}/param_{part}"), tensor));
        }
    }
    encoded(builder.attribute(AttributeBuilder::scalar("nb_layers", 37i32).unwrap()))
}

/// `layer_names`, `weight_names`.
pub fn keras_names(vgg: &Vgg, order: Order, backend: Option<&str>) -> Vec<u8> {
    let mut builder = named(Hdf5Builder::new(), "", layers(vgg, order), &dataset);
    if let Some(backend) = backend {
        builder = builder.attribute(AttributeBuilder::fixed_string("backend", backend));
    }
    encoded(builder)
}

/// The same in float64.
pub fn keras_doubles(vgg: &Vgg) -> Vec<u8> {
    let dataset = |path: String, (shape, values): Tensor| {
        let doubles: Vec<f64> = values.into_iter().map(f64::from).collect();
        DatasetBuilder::typed_data(path, shape, &doubles).unwrap()
    };
    encoded(named(Hdf5Builder::new(), "", layers(vgg, TENSORFLOW), &dataset))
}

/// `model_weights` beside `model_config`, in the names that Keras 2 gives.
pub fn keras_whole_model(vgg: &Vgg) -> Vec<u8> {
    let builder = named(Hdf5Builder::new(), "model_weights/", layers(vgg, TENSORFLOW), &dataset);
    let config = AttributeBuilder::fixed_string("model_config", config(vgg).to_string());
    encoded(builder.attribute(config).attribute(AttributeBuilder::fixed_string("backend", "tensorflow")))
}

fn named(
    mut builder: Hdf5Builder,
    root: &str,
    layers: Vec<(String, &str, Vec<Tensor>)>,
    dataset: &dyn Fn(String, Tensor) -> DatasetBuilder,
) -> Hdf5Builder {
    let mut names = vec!["input_1".to_string()];
    let group = |layer: &str| format!("{root}{layer}");
    builder = builder.group_attribute(group("input_1"), AttributeBuilder::vector::<f64>("weight_names", &[]).unwrap());
    for (layer, class, tensors) in layers {
        let weights: Vec<String> = parts(class).iter().map(|part| format!("{layer}/{part}:0")).collect();
        builder = builder
            .group_attribute(group(&layer), AttributeBuilder::fixed_string_vector("weight_names", &weights).unwrap());
        for (weight, tensor) in weights.iter().zip(tensors) {
            builder = builder.dataset(dataset(format!("{root}{layer}/{weight}"), tensor));
        }
        names.push(layer);
    }
    let names = AttributeBuilder::fixed_string_vector("layer_names", &names).unwrap();
    if root.is_empty() { builder.attribute(names) } else { builder.group_attribute(root.trim_end_matches('/'), names) }
}

/// `layers/conv2d_1/vars/0`.
pub fn keras_3(vgg: &Vgg) -> Vec<u8> {
    let mut builder = Hdf5Builder::new();
    let mut counts = BTreeMap::new();
    for (name, class, tensors) in layers(vgg, TENSORFLOW) {
        let kind = match class {
            "Conv2D" => "conv2d",
            "Dense" => "dense",
            _ => "batch_normalization",
        };
        let count = counts.entry(kind).or_insert(0);
        let group = if *count == 0 { format!("layers/{kind}/vars") } else { format!("layers/{kind}_{count}/vars") };
        *count += 1;
        builder = builder.group_attribute(&*group, AttributeBuilder::fixed_string("name", name));
        for (index, tensor) in tensors.into_iter().enumerate() {
            builder = builder.dataset(dataset(format!("{group}/{index}"), tensor));
        }
    }
    encoded(builder)
}

/// `.keras`, stored as it is or packed.
pub fn keras_archive(vgg: &Vgg, stored: bool) -> Vec<u8> {
    let method = if stored { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, bytes) in [
        ("metadata.json", b"{\"keras_version\": \"3.15.1\"}".to_vec()),
        ("config.json", config(vgg).to_string().into_bytes()),
        ("model.weights.h5", keras_3(vgg)),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn config(vgg: &Vgg) -> serde_json::Value {
    let mut configs = vec![json!({
        "class_name": "InputLayer", "config": {"name": "input_1", "batch_shape": [null, vgg.size, vgg.size, 3]}
    })];
    for (name, class, _) in layers(vgg, TENSORFLOW) {
        let with_norm = vgg.convolutions[0].norm.is_some();
        let relu = match class {
            "Conv2D" => !with_norm,
            "Dense" => name != "predictions" && (vgg.dense_norms_behind_relu || vgg.dense[0].norm.is_none()),
            _ => false,
        };
        let activation = if relu { "relu" } else { "linear" };
        let config = if class == "BatchNormalization" {
            json!({"name": name, "epsilon": vgg.epsilon})
        } else {
            json!({"name": name, "activation": activation, "data_format": "channels_last"})
        };
        configs.push(json!({"class_name": class, "config": config}));
    }
    json!({"class_name": "Functional", "config": {"name": "vgg16", "layers": configs}})
}

/// How PyTorch programs name the layers.
#[derive(Clone, Copy, PartialEq)]
pub enum Names {
    /// `features.0.weight`.
    Torchvision,
    /// `module.features.0.weight`.
    DataParallel,
    /// Dense layers as convolutions: `pre_logits.fc1.weight`, `head.fc.weight`.
    Timm,
}

/// A state_dict as safetensors.
pub fn state_dict(vgg: &Vgg, names: Names) -> Vec<u8> {
    written(tensors(vgg, names), Dtype::F32)
}

/// The same in another type of numbers.
pub fn state_dict_as(vgg: &Vgg, dtype: Dtype) -> Vec<u8> {
    written(tensors(vgg, Names::Torchvision), dtype)
}

pub type Named = Vec<(String, Vec<usize>, Vec<f32>)>;

pub fn tensors(vgg: &Vgg, names: Names) -> Named {
    let mut all = vec![];
    let mut add = |name: &str, layer: &Layer, shape: Vec<usize>| {
        let shape = [vec![layer.outputs()], shape].concat();
        all.push((format!("{name}.weight"), shape, layer.weights.clone()));
        all.push((format!("{name}.bias"), vec![layer.outputs()], layer.bias.clone()));
    };
    let prefix = if names == Names::DataParallel { "module." } else { "" };
    let mut norms = vec![];
    let mut index = 0;
    for (number, layer) in vgg.convolutions.iter().enumerate() {
        add(&format!("{prefix}features.{index}"), layer, vec![layer.inputs, 3, 3]);
        if let Some(norm) = &layer.norm {
            index += 1;
            norms.push((format!("{prefix}features.{index}"), norm));
        }
        index += if [1, 3, 6, 9, 12].contains(&number) { 3 } else { 2 };
    }
    for (number, layer) in vgg.dense.iter().enumerate() {
        let last = number + 1 == vgg.dense.len();
        let side = vgg.size / 32;
        match names {
            Names::Timm if last => add("head.fc", layer, vec![layer.inputs]),
            Names::Timm if number == 0 => add("pre_logits.fc1", layer, vec![vgg.channels(), side, side]),
            Names::Timm => add("pre_logits.fc2", layer, vec![layer.inputs, 1, 1]),
            _ => add(&format!("{prefix}classifier.{}", number * 4), layer, vec![layer.inputs]),
        }
        if let Some(norm) = &layer.norm {
            norms.push((format!("{prefix}classifier.{}", number * 4 + 1), norm));
        }
    }
    for (name, norm) in norms {
        for (part, values) in ["weight", "bias", "running_mean", "running_var"].iter().zip(norm) {
            all.push((format!("{name}.{part}"), vec![values.len()], values.clone()));
        }
        all.push((format!("{name}.num_batches_tracked"), vec![], vec![17.0]));
    }
    all
}

pub fn written(tensors: Named, dtype: Dtype) -> Vec<u8> {
    let bytes = |values: &[f32]| match dtype {
        Dtype::F16 => values.iter().flat_map(|&v| half::f16::from_f32(v).to_le_bytes()).collect::<Vec<u8>>(),
        _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    };
    let stored: Vec<_> = tensors.into_iter().map(|(name, shape, values)| (name, shape, bytes(&values))).collect();
    let views = stored.iter().map(|(name, shape, bytes)| (name, TensorView::new(dtype, shape.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}
