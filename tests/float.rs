//! The float engine on trained weights and photographs, against exact convolution in tract.
#![cfg(feature = "finetune")]

use std::path::Path;

use vggcam::{
    engine::plan::Plan,
    finetune::backbone,
    model::metadata::Fit,
    vision::{decode::read_picture, fit::fit, pictures::list_pictures},
};

/// Largest error of a feature, relative to the picture's largest feature.
const TOLERANCE: f32 = 1e-4;

#[test]
fn features_of_photographs_are_those_of_exact_convolution() {
    let (network, _) = backbone::read(None).unwrap();
    let engine = Plan::float(network.clone(), 2).unwrap();
    let exact = Plan::plain_float(&network, 2).unwrap();
    assert!(engine.engine().is_some() && exact.engine().is_none());
    let files = list_pictures(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo")]).unwrap();
    assert!(!files.is_empty());
    for file in files {
        let fitted = fit(&read_picture(&file).unwrap(), network.input_size as u32, Fit::Squash);
        let (found, expected) = (engine.run(&fitted).unwrap().remove(0), exact.run(&fitted).unwrap().remove(0));
        let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        assert!(largest > 0.0, "{}", file.display());
        let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart <= TOLERANCE * largest, "{}: {apart} of {largest}", file.display());
    }
}
