//! Files of VGG16 weights in every layout, made here of known numbers, and what `finetune import` makes of them.
#![cfg(feature = "finetune")]

#[path = "../common/mod.rs"]
mod common;
mod damaged;
mod files;
mod frameworks;
mod graphs;
mod trained;
mod vgg;

use std::path::Path;

use vgg::{NormPlace, Vgg};
use vggcam::{
    engine::{layers::planner::Sums, plan::Plan},
    finetune::import::{self, ImportError, Imported, Options, head::Head, layout::Layout, preparation::Preparation},
    model::{
        file,
        network::{Layer, Network},
    },
};

fn options(folder: &Path, name: &str) -> Options {
    Options {
        weights: folder.join(name),
        out: folder.join("backbone.onnx"),
        layout: Layout::Auto,
        preparation: None,
        head: None,
        input_size: None,
    }
}

/// Imports `bytes` as a file called `name`, with changed options.
fn import(name: &str, bytes: &[u8], change: impl FnOnce(&mut Options)) -> Result<(Network, Imported), ImportError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let mut options = options(folder.path(), name);
    change(&mut options);
    let imported = import::import(&options)?;
    Ok((file::read_network(&options.out).unwrap().0, imported))
}

fn imported(name: &str, bytes: &[u8]) -> (Network, Imported) {
    import(name, bytes, |_| {}).unwrap()
}

fn refused(name: &str, bytes: &[u8]) -> String {
    import(name, bytes, |_| {}).err().unwrap().to_string()
}

/// What the engine answers for a random picture.
fn answer(network: &Network) -> Vec<f32> {
    let picture = common::random_picture(3, network.input_size as u32);
    Plan::float(network.clone(), 1, Sums::Fastest).unwrap().run(&picture).unwrap().remove(0)
}

/// What the definition gives for that picture behind `pixel`, which maps a value of red (0), green or blue.
fn expected(vgg: &Vgg, bgr: bool, pixel: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let picture = common::random_picture(3, vgg.size as u32);
    let plane = |c: usize| {
        let pixel = &pixel;
        picture.pixels().map(move |p| pixel(c, f64::from(p.0[c]))).collect::<Vec<_>>()
    };
    let planes = if bgr { [plane(2), plane(1), plane(0)] } else { [plane(0), plane(1), plane(2)] };
    vgg.forward(planes.concat())
}

fn caffe(c: usize, value: f64) -> f64 {
    value - [123.68, 116.779, 103.939][c]
}

fn torch(c: usize, value: f64) -> f64 {
    (value / 255.0 - [0.485, 0.456, 0.406][c]) / [0.229, 0.224, 0.225][c]
}

#[track_caller]
fn assert_near(ours: &[f32], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    assert!(largest > 1e-3, "{theirs:?}");
    for (a, b) in ours.iter().zip(theirs) {
        assert!((f64::from(*a) - b).abs() <= 1e-4 * largest.max(1.0), "{ours:?}\n{theirs:?}");
    }
}

/// The network must be the very numbers of `vgg`, which is in VGG's own preprocessing.
#[track_caller]
fn assert_same(network: &Network, vgg: &Vgg) {
    assert_eq!(network.preprocessing.mean_rgb, [123.68, 116.779, 103.939]);
    assert_eq!(network.input_size, vgg.size);
    assert!(network.softmax);
    let convolutions = network.layers.iter().filter_map(|layer| match layer {
        Layer::Conv(conv) => Some((&conv.weights, &conv.bias)),
        _ => None,
    });
    assert!(convolutions.eq(vgg.convolutions.iter().map(|layer| (&layer.weights, &layer.bias))));
    let dense = network.layers.iter().filter_map(|layer| match layer {
        Layer::Dense(dense) => Some((&dense.weights, &dense.bias, dense.relu)),
        _ => None,
    });
    let last = vgg.dense.len() - 1;
    assert!(dense.eq(vgg.dense.iter().enumerate().map(|(i, layer)| (&layer.weights, &layer.bias, i < last))));
    let pools = network.layers.iter().filter(|layer| matches!(layer, Layer::MaxPool)).count();
    assert_eq!(pools, 5);
}

#[test]
fn every_layout_of_keras_gives_the_same_network() {
    let vgg = Vgg::random(1, 64, &[7, 6, 5]);
    for (name, bytes, what) in [
        ("2015.h5", files::keras_2015(&vgg), "Keras of 2015"),
        ("a.h5", files::keras_names(&vgg, files::THEANO, None), "turned by 180°"),
        ("b.h5", files::keras_names(&vgg, files::TENSORFLOW, Some("tensorflow")), "kernels as they are"),
        ("c.h5", files::keras_names(&vgg, files::TENSORFLOW, None), "kernels as they are"),
        ("d.h5", files::keras_names(&vgg, files::TENSORFLOW_TURNED, Some("theano")), "turned by 180°"),
        ("e.h5", files::keras_whole_model(&vgg), "whole Keras model"),
        ("f.weights.h5", files::keras_3(&vgg), "weights of Keras 3"),
        ("g.keras", files::keras_archive(&vgg, true), "Keras 3 model"),
        ("h.keras", files::keras_archive(&vgg, false), "Keras 3 model"),
    ] {
        let (network, imported) = imported(name, &bytes);
        assert_same(&network, &vgg);
        assert!(imported.what.contains(what), "{name}: {}", imported.what);
        assert_eq!((imported.features, imported.preparation), (6, Some(Preparation::Caffe)));
    }
}

#[test]
fn the_engine_answers_what_the_definition_gives() {
    let vgg = Vgg::random(2, 64, &[7, 6, 5]);
    let (network, _) = imported("a.h5", &files::keras_2015(&vgg));
    assert_near(&answer(&network), &expected(&vgg, true, caffe));
}

#[test]
fn what_no_file_says_is_asked_or_taken_from_its_name() {
    let vgg = Vgg::random(3, 64, &[7, 6, 5]);
    let unturned = files::keras_names(&vgg, files::THEANO_UNTURNED, None);
    let (network, said) = imported("vgg16_weights_th_dim_ordering_tf_kernels.h5", &unturned);
    assert_same(&network, &vgg);
    assert!(said.assumed.iter().any(|text| text.contains("the file's name")), "{:?}", said.assumed);
    let (network, _) = import("x.h5", &unturned, |options| options.layout = Layout::KerasThTfKernels).unwrap();
    assert_same(&network, &vgg);
    let (_, said) = imported("x.h5", &unturned);
    assert!(said.assumed.iter().any(|text| text.contains("--layout keras-th-tf-kernels")), "{:?}", said.assumed);
    let turned = files::keras_names(&vgg, files::TENSORFLOW_TURNED, None);
    let (network, _) = import("x.h5", &turned, |options| options.layout = Layout::KerasTfThKernels).unwrap();
    assert_same(&network, &vgg);
    let (network, _) = imported("vgg16_weights_tf_dim_ordering_th_kernels.h5", &turned);
    assert_same(&network, &vgg);
}

#[test]
fn a_layout_that_the_file_is_not_in_is_refused() {
    let vgg = Vgg::random(3, 64, &[7, 6, 5]);
    for (bytes, layout, says) in [
        (files::keras_2015(&vgg), Layout::KerasTf, "not keras-tf, but keras-2015"),
        (files::keras_names(&vgg, files::TENSORFLOW, None), Layout::KerasTh, "not keras-th, but keras-tf or"),
        (files::keras_3(&vgg), Layout::Onnx, "not onnx, but keras-3"),
        (files::state_dict(&vgg, files::Names::Torchvision), Layout::Keras3, "not keras-3, but torchvision"),
    ] {
        let error = import("x", &bytes, |options| options.layout = layout).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_state_dict_takes_torchvisions_pixels_up_to_the_border() {
    let vgg = Vgg::random(4, 64, &[7, 6, 5]);
    for names in [files::Names::Torchvision, files::Names::DataParallel, files::Names::Timm] {
        let (network, said) = imported("x.safetensors", &files::state_dict(&vgg, names));
        assert_near(&answer(&network), &expected(&vgg, false, torch));
        assert_eq!(said.preparation, Some(Preparation::Torch));
    }
}

#[test]
fn other_pixels_are_chosen_by_an_option() {
    let vgg = Vgg::random(5, 64, &[7, 6, 5]);
    let bytes = files::state_dict(&vgg, files::Names::Torchvision);
    type Pixel = fn(usize, f64) -> f64;
    let pixels: [(Preparation, bool, Pixel); 5] = [
        (Preparation::Caffe, true, caffe),
        (Preparation::Torch, false, torch),
        (Preparation::Tf, false, |_, value| value / 127.5 - 1.0),
        (Preparation::Unit, false, |_, value| value / 255.0),
        (Preparation::None, false, |_, value| value),
    ];
    for (preparation, bgr, pixel) in pixels {
        let (network, _) = import("x", &bytes, |options| options.preparation = Some(preparation)).unwrap();
        assert_near(&answer(&network), &expected(&vgg, bgr, pixel));
    }
}

#[test]
fn halves_and_doubles_are_read() {
    let vgg = Vgg::random(6, 64, &[7, 6, 5]);
    let rounded = vgg.rounded_to_halves();
    let (network, _) = imported("x", &files::state_dict_as(&rounded, safetensors::Dtype::F16));
    assert_near(&answer(&network), &expected(&rounded, false, torch));
    let (network, _) = imported("x.h5", &files::keras_doubles(&vgg));
    assert_same(&network, &vgg);
}

#[test]
fn batch_norms_are_folded() {
    for place in [NormPlace::Convolutions, NormPlace::All] {
        let vgg = Vgg::random(7, 64, &[7, 6, 5]).with_norms(place, 1e-5);
        let (network, said) = imported("x", &files::state_dict(&vgg, files::Names::Torchvision));
        assert_near(&answer(&network), &expected(&vgg, false, torch));
        assert!(said.assumed.iter().any(|text| text.contains("0.00001")), "{:?}", said.assumed);
        let vgg = Vgg::random(8, 64, &[7, 6, 5]).with_norms(place, 1e-3);
        if place == NormPlace::Convolutions {
            let (network, _) = imported("x.weights.h5", &files::keras_3(&vgg));
            assert_near(&answer(&network), &expected(&vgg, true, caffe));
            let (network, _) = imported("x.h5", &files::keras_names(&vgg, files::TENSORFLOW, None));
            assert_near(&answer(&network), &expected(&vgg, true, caffe));
        }
        let vgg = Vgg::random(9, 64, &[7, 6, 5]).with_norms(place, 0.02);
        let (network, said) = imported("x.keras", &files::keras_archive(&vgg, true));
        assert_near(&answer(&network), &expected(&vgg, true, caffe));
        assert_eq!(said.assumed, [""; 0]);
    }
    let vgg = Vgg::random(10, 64, &[7, 6, 5]).with_norms(NormPlace::BehindDenseRelu, 1e-3);
    let (network, _) = imported("x.h5", &files::keras_names(&vgg, files::TENSORFLOW, None));
    assert_near(&answer(&network), &expected(&vgg, true, caffe));
    let (network, _) = imported("x.keras", &files::keras_archive(&vgg, true));
    assert_near(&answer(&network), &expected(&vgg, true, caffe));
}

#[test]
fn weights_without_a_top_get_the_mean_of_each_plane() {
    let vgg = Vgg { size: 224, ..Vgg::random(11, 224, &[]) };
    for (name, bytes) in [
        ("a.h5", files::keras_names(&vgg, files::TENSORFLOW, None)),
        ("b.h5", files::keras_names(&vgg, files::THEANO, None)),
        ("c.weights.h5", files::keras_3(&vgg)),
    ] {
        let (network, said) = imported(name, &bytes);
        assert_eq!((network.input_size, said.features, network.softmax), (224, vgg.channels(), false));
        assert!(said.assumed.iter().any(|text| text.contains("--head")));
        assert_near(&answer(&network), &expected(&vgg, true, caffe));
    }
}

#[test]
fn a_pooled_top_and_the_size_of_the_picture_are_recognised() {
    let mut vgg = Vgg::random(12, 64, &[]);
    vgg.dense = Vgg::dense_layers(5, vgg.channels(), &[6, 4]);
    // The configuration says 64 pixels; planes of 2×2 are left, and 14 inputs are their means.
    let (network, _) = imported("x.keras", &files::keras_archive(&vgg, true));
    assert_eq!(network.input_size, 64);
    assert_near(&answer(&network), &expected(&vgg, true, caffe));
    let (network, _) = import("x.weights.h5", &files::keras_3(&vgg), |options| options.input_size = Some(64)).unwrap();
    assert_near(&answer(&network), &expected(&vgg, true, caffe));
    let wrong = Vgg::random(12, 96, &[7, 6, 5]);
    let error = import("x.h5", &files::keras_2015(&wrong), |options| options.input_size = Some(64)).err().unwrap();
    assert!(error.to_string().contains("layer fc1") && error.to_string().contains("64 pixels"), "{error}");
}

#[test]
fn a_head_replaces_the_files_own() {
    let vgg = Vgg::random(13, 64, &[7, 6, 5]);
    let pooled = Vgg { dense: vec![], ..vgg.clone() };
    let bytes = files::keras_2015(&vgg);
    let (network, said) = import("x.h5", &bytes, |options| options.head = Some(Head::Pool)).unwrap();
    assert_eq!(said.features, vgg.channels());
    assert_near(&answer(&network), &expected(&pooled, true, caffe));
    let dense = |options: &mut Options| options.head = Some(Head::Dense { units: 9 });
    let (network, said) = import("x.h5", &bytes, dense).unwrap();
    let (again, _) = import("x.h5", &bytes, dense).unwrap();
    assert_eq!(said.dense, [("fc1".to_string(), 9), ("fc2".to_string(), 9)]);
    assert_eq!((said.features, network), (9, again.clone()));
    assert!(answer(&again).iter().any(|&feature| feature > 0.0));
}
