//! The half engine on trained weights and photographs, against the float engine.
#![cfg(feature = "finetune")]

use std::path::Path;

use vggcam::{
    engine::{
        float, half,
        isa::Isa,
        kernels::{Float, Half, Kernels},
        layers::{
            engine::{Engine, Pixels},
            planner::Sums,
        },
    },
    finetune::backbone,
    model::{metadata::Fit, network::Network},
    vision::{decode::read_picture, fit::fit, pictures::list_pictures},
};

/// Largest error of a feature, relative to the picture's largest feature.
const TOLERANCE: f32 = 0.01;

#[test]
fn features_of_photographs_are_those_of_the_float_engine() {
    let (network, _) = backbone::read(None).unwrap();
    let program = float::program::lay_out(&network, Kernels::<Float>::chosen().unwrap(), 1, Sums::Fastest).unwrap();
    let float = float::prepare::packed(network.clone(), program, 2).unwrap();
    let files = list_pictures(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo")]).unwrap();
    assert!(!files.is_empty());
    let kernels = Isa::ALL.into_iter().find_map(Kernels::<Half>::of).unwrap();
    let pictures =
        files.iter().map(|file| fit(&read_picture(file).unwrap(), network.input_size as u32, Fit::Squash).into_raw());
    let pictures: Vec<Vec<u8>> = pictures.collect();
    // What is expected comes from one picture, and holds for the others.
    let program = half::program::lay_out(&network, kernels, &ranges(&float, &network, &pictures[0]), 1).unwrap();
    let half = half::prepare::packed(network.clone(), program, 2).unwrap();
    for (file, picture) in files.iter().zip(&pictures) {
        let [mut expected, mut found] = [vec![0.0; network.outputs()], vec![0.0; network.outputs()]];
        float.run(&[Pixels::Bytes(picture)], &mut expected, None).unwrap();
        half.run(&[Pixels::Bytes(picture)], &mut found, None).unwrap();
        let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        assert!(largest > 0.0, "{}", file.display());
        let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{}: {}", file.display(), apart / largest);
        assert!(apart <= TOLERANCE * largest, "{}: {apart} of {largest}", file.display());
    }
}

/// The largest activation of each layer with ReLU.
fn ranges(engine: &Engine<Float>, network: &Network, picture: &[u8]) -> Vec<f32> {
    let relus = network.layers.iter().filter(|layer| layer.has_relu()).count();
    let activations = engine.activations(Pixels::Bytes(picture)).unwrap();
    let largest = |values: &Vec<f32>| values.iter().fold(0.0, |largest: f32, &value| largest.max(value));
    activations.iter().take(relus).map(largest).collect()
}
