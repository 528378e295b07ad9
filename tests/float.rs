//! The float engine on trained weights and photographs, against exact convolution in tract.
#![cfg(feature = "finetune")]

use std::path::Path;

use image::RgbImage;
use vggcam::{
    engine::{
        features::Extractor,
        float::{prepare, program},
        kernels::{Float, Kernels, Transforms},
        layers::{
            engine::{Engine, Pixels},
            planner::Sums,
            program::Work,
        },
        plan::Plan,
    },
    finetune::backbone,
    model::{metadata::Fit, network::Network},
    vision::{decode::read_picture, fit::fit, pictures::list_pictures},
};

/// The bundled backbone, the bundled photographs, and their features by exact convolution.
fn exact() -> (Network, Vec<RgbImage>, Vec<Vec<f32>>) {
    let (network, _) = backbone::read(None).unwrap();
    let plan = Plan::plain_float(&network, None, 2).unwrap();
    assert!(plan.engine().is_none());
    let files = list_pictures(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo")]).unwrap();
    assert!(!files.is_empty());
    let fitted = |file| fit(&read_picture(file).unwrap(), network.input_size as u32, Fit::Squash);
    let pictures: Vec<_> = files.iter().map(|file| fitted(file)).collect();
    let features = pictures.iter().map(|picture| plan.run(picture).unwrap().remove(0)).collect();
    (network, pictures, features)
}

/// Largest error of a feature, relative to the picture's largest feature.
fn error(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
    assert!(largest > 0.0 && found.len() == expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
}

/// An engine that takes this form of Winograd's algorithm in every layer but the first.
fn engine(network: &Network, transforms: &'static [Transforms<Float>]) -> Engine<Float> {
    let kernels = Kernels { winograd: transforms, dot_rate: 1e-9, ..Kernels::chosen().unwrap().clone() };
    let program = program::lay_out(network, Box::leak(Box::new(kernels)), 1, Sums::Fastest).unwrap();
    let layers = program.steps.iter().filter(|step| matches!(step.work, Work::Winograd(_))).count();
    assert_eq!(layers, 12);
    prepare::packed(network.clone(), program, 2).unwrap()
}

#[test]
fn every_form_of_winograds_algorithm_keeps_to_its_error() {
    let (network, pictures, features) = exact();
    let forms = Kernels::<Float>::chosen().unwrap().winograd;
    assert_eq!(forms.iter().map(|form| form.outputs).collect::<Vec<_>>(), [4, 6]);
    for (form, tolerance) in forms.chunks(1).zip([1e-4, 1e-3]) {
        let engine = engine(&network, form);
        for (picture, expected) in pictures.iter().zip(&features) {
            let mut found = vec![0.0; expected.len()];
            engine.run(&[Pixels::Bytes(picture.as_raw())], &mut found, None).unwrap();
            let error = error(&found, expected);
            println!("F({0}x{0}, 3x3): {error:.1e}", form[0].outputs);
            assert!(error <= tolerance, "{}: {error}", form[0].outputs);
        }
    }
}

#[test]
fn features_in_batches_are_those_of_exact_convolution() {
    let (network, pictures, features) = exact();
    let extractor = Extractor::float_for(network, pictures.len()).unwrap();
    let rows = extractor.features(&pictures).unwrap();
    for (found, expected) in rows.iter().zip(&features) {
        let error = error(found, expected);
        println!("{error:.1e}");
        assert!(error <= 1e-4, "{error}");
    }
    // A picture's features do not depend on what else is in the batch.
    assert_eq!(extractor.features(&pictures[1..2]).unwrap()[0], rows[1]);
}
