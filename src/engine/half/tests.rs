//! Whole networks, small ones: every instruction set, one and three threads, against their definition in float64.

use proptest::{prelude::*, test_runner::Config};

use super::{program, scale, weights};
use crate::{
    engine::{
        float::tests::{Random, answer, network},
        isa::Isa,
        kernels::{Blocking, Half, Kernels},
        layers::engine::{Engine, Pixels},
    },
    model::network::{Layer, Network},
};

/// Largest error, relative to the largest value.
const TOLERANCE: f64 = 0.015;

/// The tables of this processor, and copies that cut all layers into the smallest pieces, in every order.
fn tables() -> Vec<&'static Kernels<Half>> {
    let small =
        Blocking { few_weights: 0, whole_inputs: 0, distant_cores: false, own_weights: 0, own_inputs: 0, tiles: 3 };
    let orders = [
        small,
        Blocking { few_weights: usize::MAX, ..small },
        Blocking { distant_cores: true, ..small },
        Blocking { distant_cores: true, tiles: 100, ..small },
    ];
    let present = Isa::ALL.into_iter().filter_map(Kernels::<Half>::of);
    let cut = move |kernels: &'static Kernels<Half>| {
        // Rates that make Winograd win everywhere, and lose everywhere.
        let copies = orders.into_iter().map(|blocking| Kernels { blocking, dot_rate: 1e-9, ..kernels.clone() });
        let direct = Kernels { dot_rate: 1e9, ..kernels.clone() };
        let made = copies.chain([direct]).map(|kernels| &*Box::leak(Box::new(kernels)));
        made.chain([kernels]).collect::<Vec<_>>()
    };
    present.flat_map(cut).collect()
}

/// Runs a picture as the last of several.
fn run(network: &Network, ranges: &[f32], kernels: &'static Kernels<Half>, picture: &[u8], most: usize) -> Vec<f32> {
    let mut first: Option<Vec<f32>> = None;
    for members in [1, 3] {
        let program = program::lay_out(network, kernels, ranges, most).unwrap();
        let weights = weights::in_memory(network.clone(), &program).unwrap();
        let engine = Engine::new(program, weights, members);
        // Several times, since a run leaves its maps behind; among black pictures, which must not reach the others.
        for count in [most, most.div_ceil(2)] {
            let black = vec![0; picture.len()];
            let at = |place: usize| if place + 1 == count { picture } else { &black };
            let pictures: Vec<_> = (0..count).map(|place| Pixels::Bytes(at(place))).collect();
            let mut found = vec![-1.0; count * network.outputs()];
            engine.run(&pictures, &mut found, None).unwrap();
            let found = found.split_off((count - 1) * network.outputs());
            // The order of additions, so every bit, depends on no thread.
            assert_eq!(*first.get_or_insert_with(|| found.clone()), found, "{} {members}", kernels.isa);
        }
    }
    first.unwrap()
}

fn check(network: &Network, picture: &[u8]) {
    let (expected, ranges) = answer(network, picture);
    // A few outputs may all be near zero, and no more exact than what they are sums of.
    let inputs = ranges.last().copied().map_or(1.0, f64::from);
    let largest = expected.iter().fold(inputs.max(1.0), |largest: f64, value| largest.max(value.abs()));
    for kernels in tables() {
        for most in [1, 3] {
            let found = run(network, &ranges, kernels, picture, most);
            for (&found, expected) in found.iter().zip(&expected) {
                let error = (f64::from(found) - expected).abs() / largest;
                assert!(error < TOLERANCE, "{} {most}: {found} not {expected}", kernels.isa);
            }
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 4, failure_persistence: None, ..Config::default() })]

    #[test]
    #[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
    fn small_networks_give_what_they_are_defined_to(
        seed: u64,
        size in 1usize..12,
        widths in prop::collection::vec(1usize..70, 1..4),
        pool: bool,
        dense in prop::collection::vec(1usize..140, 1..3),
    ) {
        let mut random = Random(seed);
        let network = network(&mut random, size, &[(&widths, pool && size > 1)], &dense);
        let picture: Vec<u8> = (0..size * size * 3).map(|_| random.next() as u8).collect();
        check(&network, &picture);
    }

    #[test]
    fn scales_use_the_range_of_float16(range in 1e-6f32..1e6) {
        let scale = scale::of_activations(range).unwrap();
        prop_assert!(range * scale > 8.0 && range * scale <= 16.0, "{range} {scale}");
        let scale = scale::of_weights(&[0.0, range / 3.0, -range]).unwrap();
        prop_assert!(range * scale > 1.0 / 32.0 && range * scale <= 1.0 / 16.0, "{range} {scale}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
fn blocks_of_layers_give_what_they_are_defined_to() {
    let mut random = Random(1);
    let network = network(&mut random, 17, &[(&[20, 48], true), (&[33, 64], true)], &[100, 5]);
    let picture: Vec<u8> = (0..17 * 17 * 3).map(|_| random.next() as u8).collect();
    check(&network, &picture);
}

#[test]
#[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
fn what_exceeds_its_range_is_cut_and_nothing_becomes_infinite() {
    let mut random = Random(3);
    let mut network = network(&mut random, 12, &[(&[40, 80, 80], true)], &[60, 60, 5]);
    // All weights of one sign, so that sums grow as fast as they can.
    for layer in &mut network.layers {
        match layer {
            Layer::Conv(conv) => conv.weights.iter_mut().for_each(|weight| *weight = weight.abs()),
            Layer::Dense(dense) => dense.weights.iter_mut().for_each(|weight| *weight = weight.abs()),
            Layer::MaxPool => {}
        }
    }
    let white = vec![255; 12 * 12 * 3];
    let (expected, ranges) = answer(&network, &white);
    for kernels in Isa::ALL.into_iter().filter_map(Kernels::<Half>::of) {
        for (divisor, most) in [(1e3, 1), (1e9, 1), (1e3, 2)] {
            let ranges: Vec<f32> = ranges.iter().map(|range| range / divisor).collect();
            let found = run(&network, &ranges, kernels, &white, most);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(found.is_finite() && f64::from(found.abs()) < expected.abs() / 100.0, "{found} {expected}");
            }
        }
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    let mut random = Random(2);
    let good = network(&mut random, 8, &[(&[4], true)], &[5, 2]);
    let kernels = Kernels::<Half>::of(Isa::Scalar).unwrap();
    let says = |change: &dyn Fn(&mut Vec<Layer>), ranges: &[f32]| {
        let mut network = good.clone();
        change(&mut network.layers);
        program::lay_out(&network, kernels, ranges, 1).err().unwrap_or_default()
    };
    let weight = |value: f32| {
        move |layers: &mut Vec<Layer>| {
            if let Layer::Conv(conv) = &mut layers[0] {
                conv.weights[7] = value;
            }
        }
    };
    assert_eq!(says(&|_| {}, &[1.0, 0.0]), "");
    assert!(says(&|_| {}, &[1.0]).contains("1 ranges for 2 layers"));
    assert!(says(&|_| {}, &[1.0, f32::NAN]).contains("the range of dense 64 to 5 is NaN"));
    assert!(says(&|_| {}, &[-1.0, 1.0]).contains("the range of conv 3 to 4 is -1"));
    assert!(says(&weight(f32::INFINITY), &[1.0, 1.0]).contains("weights of conv 3 to 4 are out of range"));
    assert!(says(&weight(f32::NAN), &[1.0, 1.0]).contains("weights of conv 3 to 4 are out of range"));
    assert!(says(&weight(1e20), &[1.0, 1.0]).contains("weights of conv 3 to 4 are out of range"));
    let without_relu = |layers: &mut Vec<Layer>| {
        if let Layer::Dense(dense) = &mut layers[2] {
            dense.relu = false;
        }
    };
    assert!(says(&without_relu, &[1.0]).contains("dense 64 to 5 has no ReLU"));
}
