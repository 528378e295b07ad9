//! The integer plan against a plain reading of the quantized network, sum by sum, and against float; the float plan against
//! tract.
#![cfg(feature = "finetune")]

mod common;

use common::{oracle, random_picture, random_vgg};
use proptest::prelude::*;
use vggcam::{
    engine::{
        layers::planner::Sums,
        plan::{Form, Plan},
    },
    finetune::int8::quantize::{calibrate, quantize},
    model::network::Layer,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_step_equals_the_oracle(
        seed in 0u64..1000,
        size in 8usize..25,
        widths in prop::collection::vec(1usize..20, 1..3),
        features in 1usize..40,
    ) {
        let whole = random_vgg(seed, size, &widths, &[features, 3]);
        let network = whole.feature_extractor().unwrap();
        let picture = random_picture(seed, size as u32);
        let scales = calibrate(&network, &[picture.clone(), random_picture(seed + 1, size as u32)], &|| ()).unwrap();
        let quantized = quantize(&network, &scales);
        let steps = Plan::integer(&quantized, 1).unwrap().run(&picture).unwrap().remove(0);
        prop_assert_eq!(steps, oracle::of_picture(&quantized, &picture));
    }
}

#[test]
fn probabilities_equal_the_oracle_and_stay_near_float() {
    let network = random_vgg(5, 24, &[8, 12], &[32, 16, 4]);
    let pictures: Vec<_> = (0..8).map(|seed| random_picture(seed, 24)).collect();
    let scales = calibrate(&network, &pictures, &|| ()).unwrap();
    let quantized = quantize(&network, &scales);
    let integer = Plan::integer(&quantized, 1).unwrap();
    let float = Plan::float(network, 1, Sums::Fastest).unwrap();
    for picture in &pictures {
        let probabilities = integer.run(picture).unwrap().remove(0);
        for (a, b) in probabilities.iter().zip(oracle::of_picture(&quantized, picture)) {
            assert!((a - b).abs() < 1e-5);
        }
        for (a, b) in probabilities.iter().zip(float.run(picture).unwrap().remove(0)) {
            assert!((a - b).abs() < 0.05, "{a} int8, {b} float");
        }
    }
}

#[test]
fn threads_do_not_change_the_answer() {
    let network = random_vgg(9, 48, &[16, 24], &[64, 3]);
    let picture = random_picture(3, 48);
    let quantized = quantize(&network, &calibrate(&network, std::slice::from_ref(&picture), &|| ()).unwrap());
    let one = Plan::integer(&quantized, 1).unwrap().run(&picture).unwrap();
    let three = Plan::integer(&quantized, 3).unwrap().run(&picture).unwrap();
    assert_eq!(one, three);
}

#[test]
fn a_float_network_gives_the_same_on_the_engine_and_in_tract() {
    let network = random_vgg(6, 24, &[8, 12], &[32, 16, 4]);
    let mut pooled_twice = random_vgg(7, 24, &[8, 12], &[32, 4]);
    let pool = pooled_twice.layers.iter().rposition(|layer| matches!(layer, Layer::MaxPool)).unwrap();
    pooled_twice.layers.insert(pool, Layer::MaxPool);
    if let Some(Layer::Dense(dense)) = pooled_twice.layers.iter_mut().find(|layer| matches!(layer, Layer::Dense(_))) {
        let inputs = dense.inputs / 4;
        dense.weights.truncate(inputs * dense.outputs);
        dense.inputs = inputs;
    }
    for (network, form) in [(network, Form::Float), (pooled_twice, Form::PlainFloat)] {
        let engine = Plan::float(network.clone(), 2, Sums::Fastest).unwrap();
        let tract = Plan::plain_float(&network, None, 1).unwrap();
        assert_eq!((engine.form(), tract.form()), (form, Form::PlainFloat));
        let picture = random_picture(8, 24);
        let (found, expected) = (engine.run(&picture).unwrap().remove(0), tract.run(&picture).unwrap().remove(0));
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-4, "{found} not {expected}");
        }
    }
}
