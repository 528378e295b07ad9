//! Wrong and damaged files: what is wrong is said, by layer, and nothing panics.

use std::io::Write;

use proptest::prelude::*;

use crate::{
    files::{self, Names},
    import, refused,
    vgg::Vgg,
};

#[test]
fn a_wrong_layer_is_named_with_what_belongs_there() {
    let vgg = Vgg::random(31, 64, &[7, 6, 5]);
    let changed = |change: &dyn Fn(&mut Vgg)| {
        let mut vgg = vgg.clone();
        change(&mut vgg);
        vgg
    };
    let narrow = changed(&|vgg| {
        let layer = &mut vgg.convolutions[4];
        layer.inputs = 5;
        layer.weights.truncate(7 * 5 * 9);
    });
    for bytes in [files::keras_2015(&narrow), files::state_dict(&narrow, Names::Torchvision)] {
        let error = refused("x", &bytes);
        assert!(
            error.contains("layer block3_conv1") && error.contains("expected kernels of 7×6×3×3, found 7×5×3×3"),
            "{error}"
        );
    }
    let error = refused("x", &files::keras_3(&narrow));
    assert!(error.contains("expected kernels of 3×3×6×7, found 3×3×5×7"), "{error}");
    let flat = changed(&|vgg| {
        let layer = &mut vgg.dense[0];
        layer.inputs = 55;
        layer.weights.truncate(7 * 55);
    });
    let error = refused("x", &files::state_dict(&flat, Names::Torchvision));
    assert!(error.contains("layer fc1 (\"classifier.0\" in the file)") && error.contains("found 7×55"), "{error}");
    let bias = changed(&|vgg| {
        vgg.convolutions[2].bias.pop();
    });
    let mut tensors = files::tensors(&vgg, Names::Torchvision);
    for (tensor, other) in tensors.iter_mut().zip(files::tensors(&bias, Names::Torchvision)) {
        if tensor.0 == "features.5.bias" {
            *tensor = other;
        }
    }
    let error = refused("x", &files::written(tensors, safetensors::Dtype::F32));
    assert!(error.contains("\"features.5\"") && error.contains("a bias of 5 values belongs, and 4"), "{error}");
    let broken = changed(&|vgg| vgg.dense[1].weights[3] = f32::NAN);
    let error = refused("x", &files::keras_names(&broken, files::TENSORFLOW, None));
    assert!(error.contains("layer fc2") && error.contains("the value NaN"), "{error}");
}

#[test]
fn other_networks_are_told_from_vgg16() {
    let vgg = Vgg::random(32, 64, &[7, 6, 5]);
    let mut vgg19 = vgg.clone();
    for place in [7, 11, 15] {
        let mut layer = vgg19.convolutions[place - 1].clone();
        layer.inputs = layer.bias.len();
        layer.weights = vec![0.1; layer.inputs * layer.inputs * 9];
        vgg19.convolutions.insert(place, layer);
    }
    let error = refused("x", &files::state_dict(&vgg19, Names::Torchvision));
    assert!(error.contains("16 convolutions of 3×3 where VGG16 has 13") && error.contains("VGG19"), "{error}");
    let mut tensors = vec![("conv1.weight".to_string(), vec![4, 3, 7, 7], vec![0.0; 588])];
    for block in 0..3 {
        tensors.push((format!("layer{block}.conv1.weight"), vec![4, 4, 3, 3], vec![0.0; 144]));
        for part in ["weight", "bias", "running_mean", "running_var"] {
            tensors.push((format!("layer{block}.bn1.{part}"), vec![4], vec![0.0; 4]));
        }
    }
    tensors.push(("fc.weight".to_string(), vec![5, 4], vec![0.0; 20]));
    let error = refused("resnet.safetensors", &files::written(tensors, safetensors::Dtype::F32));
    assert!(error.contains("no VGG16") && error.contains("conv1") && error.contains("4×3×7×7"), "{error}");
    let tensors = vec![("blocks.0.attn.qkv".to_string(), vec![4], vec![0.0; 4])];
    let error = refused("vit.safetensors", &files::written(tensors, safetensors::Dtype::F32));
    assert!(error.contains("blocks.0.attn.qkv"), "{error}");
    let error = refused("x.h5", &{
        let builder = hdf5_writer::Hdf5Builder::new()
            .dataset(hdf5_writer::DatasetBuilder::typed_data("temperature/grid", vec![2], &[1.0f32, 2.0]).unwrap());
        builder.into_plan().unwrap().encode(Default::default()).unwrap()
    });
    assert!(error.contains("Keras did not write it") && error.contains("temperature"), "{error}");
}

#[test]
fn archives_of_others_are_named_with_what_to_do() {
    let archive = |name: &str| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(name, stored).unwrap();
        archive.write_all(b"something").unwrap();
        archive.finish().unwrap().into_inner()
    };
    for (name, what, advice) in [
        ("archive/data.pkl", "a PyTorch file", "safetensors.torch"),
        ("arr_0.npy", "NumPy arrays", "set_weights"),
        ("readme.txt", "no .keras file", "unpack"),
    ] {
        let error = refused("x", &archive(name));
        assert!(error.contains(what) && error.contains(advice), "{error}");
    }
}

#[test]
fn a_single_dense_layer_leaves_no_features() {
    let vgg = Vgg::random(33, 64, &[5]);
    assert!(refused("x.h5", &files::keras_2015(&vgg)).contains("--head pool"));
}

fn all() -> Vec<Vec<u8>> {
    let vgg = Vgg::random(34, 32, &[4, 3]);
    vec![
        files::keras_2015(&vgg),
        files::keras_names(&vgg, files::TENSORFLOW, None),
        files::keras_whole_model(&vgg),
        files::keras_3(&vgg),
        files::keras_archive(&vgg, true),
        files::keras_archive(&vgg, false),
        files::state_dict(&vgg, Names::Torchvision),
    ]
}

#[test]
fn a_file_that_was_cut_short_is_refused() {
    for bytes in all() {
        for share in [1, 10, 50, 90, 99] {
            let cut = &bytes[..bytes.len() * share / 100];
            let error = refused("x", cut);
            assert!(!error.is_empty() && !error.contains('\n'), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whether it is refused depends on what is hit; nothing panics or takes memory without bounds.
    #[test]
    fn no_damage_makes_it_panic(
        which in 0usize..7,
        damage in prop::collection::vec((0.0f64..1.0, any::<u8>()), 1..12),
        in_front in any::<bool>(),
    ) {
        let mut bytes = all().swap_remove(which);
        for (place, value) in damage {
            // What tells how the rest is to be read mostly stands at the beginning or the end.
            let length = if in_front { bytes.len() / 16 } else { bytes.len() };
            let place = (place * length as f64) as usize;
            bytes[place] = value;
        }
        let _ = import("x", &bytes, |_| {});
    }
}
