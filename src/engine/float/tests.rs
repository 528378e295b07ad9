//! Whole networks, small ones: every instruction set, one and three threads, against their definition in float64.

use proptest::{prelude::*, test_runner::Config};

use super::{program, weights};
use crate::{
    engine::{
        isa::Isa,
        kernels::{Blocking, Float, Kernels},
        layers::{
            engine::{Engine, Pixels},
            planner::Sums,
        },
    },
    model::network::{Conv, Dense, Layer, Network, Preprocessing},
};

/// Largest error, relative to the largest value: F(4×4, 3×3) loses a little more than a plain sum.
const TOLERANCE: f64 = 2e-5;

/// Numbers from a seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    /// From −`scale` to `scale`.
    fn real(&mut self, scale: f32) -> f32 {
        (self.next() % 20_001) as f32 / 10_000.0 * scale - scale
    }

    fn many(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.real(scale)).collect()
    }
}

/// A network of blocks of convolutions, each with a max pool or without, and dense layers.
pub fn network(random: &mut Random, size: usize, blocks: &[(&[usize], bool)], dense: &[usize]) -> Network {
    let (mut layers, mut channels, mut side) = (vec![], 3, size);
    for (widths, pool) in blocks {
        for &outputs in *widths {
            // Outputs about as large as inputs.
            let scale = (6.0 / (9 * channels) as f32).sqrt();
            layers.push(Layer::Conv(Conv {
                name: format!("conv {channels} to {outputs}"),
                weights: random.many(9 * channels * outputs, scale),
                bias: random.many(outputs, 1.0),
                inputs: channels,
                outputs,
            }));
            channels = outputs;
        }
        if *pool {
            layers.push(Layer::MaxPool);
            side /= 2;
        }
    }
    let mut inputs = channels * side * side;
    for (i, &outputs) in dense.iter().enumerate() {
        layers.push(Layer::Dense(Dense {
            name: format!("dense {inputs} to {outputs}"),
            weights: random.many(inputs * outputs, (6.0 / inputs as f32).sqrt()),
            bias: random.many(outputs, 1.0),
            inputs,
            outputs,
            relu: i + 1 < dense.len(),
        }));
        inputs = outputs;
    }
    let preprocessing = Preprocessing { mean_rgb: [123.68, 116.779, 103.939] };
    Network { input_size: size, preprocessing, layers, softmax: false }
}

/// What the network gives by its definition, for a picture of RGB pixels; and the largest value behind each ReLU.
pub fn answer(network: &Network, picture: &[u8]) -> (Vec<f64>, Vec<f32>) {
    let mut ranges = vec![];
    let largest = |values: &[f64]| values.iter().fold(0.0, |largest: f64, &value| largest.max(value)) as f32;
    let mut side = network.input_size;
    let mean = network.preprocessing.mean_rgb;
    // The first kernels' channels are blue, green, red.
    let plane = |c: usize| (0..side * side).map(move |p| f64::from(picture[3 * p + 2 - c]) - f64::from(mean[2 - c]));
    let mut planes: Vec<Vec<f64>> = (0..3).map(|c| plane(c).collect()).collect();
    let mut values: Option<Vec<f64>> = None;
    for layer in &network.layers {
        match layer {
            Layer::Conv(conv) => {
                let at = |plane: &[f64], y: usize, x: usize| match (y.checked_sub(1), x.checked_sub(1)) {
                    (Some(y), Some(x)) if y < side && x < side => plane[y * side + x],
                    _ => 0.0,
                };
                let pixel = |o: usize, p: usize| {
                    let terms = (0..conv.inputs * 9).map(|k| {
                        let (i, y, x) = (k / 9, p / side + k % 9 / 3, p % side + k % 3);
                        f64::from(conv.weights[o * conv.inputs * 9 + k]) * at(&planes[i], y, x)
                    });
                    (f64::from(conv.bias[o]) + terms.sum::<f64>()).max(0.0)
                };
                planes = (0..conv.outputs).map(|o| (0..side * side).map(|p| pixel(o, p)).collect()).collect();
                ranges.push(planes.iter().map(|plane| largest(plane)).fold(0.0, f32::max));
            }
            Layer::MaxPool => {
                let half = side / 2;
                let highest = |plane: &[f64], p: usize| {
                    let (y, x) = (p / half * 2, p % half * 2);
                    let all = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(v, u)| plane[(y + v) * side + x + u]);
                    all.into_iter().fold(f64::NEG_INFINITY, f64::max)
                };
                planes = planes.iter().map(|plane| (0..half * half).map(|p| highest(plane, p)).collect()).collect();
                side = half;
            }
            Layer::Dense(dense) => {
                let inputs = values.take().unwrap_or_else(|| planes.concat());
                let sum = |o: usize| {
                    let row = &dense.weights[o * dense.inputs..][..dense.inputs];
                    let terms = row.iter().zip(&inputs).map(|(&weight, input)| f64::from(weight) * input);
                    let sum = f64::from(dense.bias[o]) + terms.sum::<f64>();
                    if dense.relu { sum.max(0.0) } else { sum }
                };
                let outputs: Vec<f64> = (0..dense.outputs).map(sum).collect();
                if dense.relu {
                    ranges.push(largest(&outputs));
                }
                values = Some(outputs);
            }
        }
    }
    (values.unwrap(), ranges)
}

/// The smallest pieces that layers are cut into, in every order.
fn orders() -> [Blocking; 4] {
    let small =
        Blocking { few_weights: 0, whole_inputs: 0, distant_cores: false, own_weights: 0, own_inputs: 0, tiles: 3 };
    [
        small,
        Blocking { few_weights: usize::MAX, ..small },
        Blocking { distant_cores: true, ..small },
        Blocking { distant_cores: true, tiles: 100, ..small },
    ]
}

/// The tables of this processor, and copies that cut all layers into the smallest pieces, in every order.
fn tables() -> Vec<&'static Kernels<Float>> {
    let present = Isa::ALL.into_iter().filter_map(Kernels::<Float>::of);
    let cut = move |kernels: &'static Kernels<Float>| {
        // Rates that make Winograd win everywhere, and lose everywhere.
        let forms = [&kernels.winograd[..1], &kernels.winograd[1..]];
        let copies = orders().into_iter().flat_map(move |blocking| {
            forms.map(|winograd| Kernels { blocking, winograd, dot_rate: 1e-9, ..kernels.clone() })
        });
        let direct = Kernels { dot_rate: 1e9, ..kernels.clone() };
        let made = copies.chain([direct]).map(|kernels| &*Box::leak(Box::new(kernels)));
        made.chain([kernels]).collect::<Vec<_>>()
    };
    present.flat_map(cut).collect()
}

fn check(network: &Network, picture: &[u8]) {
    let (expected, ranges) = answer(network, picture);
    // A few outputs may all be near zero, and no more exact than what they are sums of.
    let inputs = ranges.last().copied().map_or(1.0, f64::from);
    let largest = expected.iter().fold(inputs.max(1.0), |largest: f64, value| largest.max(value.abs()));
    for kernels in tables() {
        for most in [1, 5] {
            let mut first: Option<Vec<f32>> = None;
            for members in [1, 3] {
                let program = program::lay_out(network, kernels, most, Sums::Fastest).unwrap();
                let weights = weights::in_memory(network.clone(), &program).unwrap();
                let engine = Engine::new(program, weights, members);
                // Several times, since a run leaves its maps behind; among black pictures, which must not reach the others.
                for count in [most, 1, most.div_ceil(2)] {
                    let black = vec![0; picture.len()];
                    let at = |place: usize| if place + 1 == count { picture } else { &black };
                    let pictures: Vec<_> = (0..count).map(|place| Pixels::Bytes(at(place))).collect();
                    let mut found = vec![-1.0; count * expected.len()];
                    engine.run(&pictures, &mut found, None).unwrap();
                    let found = found.split_off((count - 1) * expected.len());
                    for (&found, expected) in found.iter().zip(&expected) {
                        let error = (f64::from(found) - expected).abs() / largest;
                        assert!(error < TOLERANCE, "{} {members} {count}: {found} not {expected}", kernels.isa);
                    }
                    // The order of additions, so every bit, depends on no thread.
                    assert_eq!(*first.get_or_insert_with(|| found.clone()), found, "{} {members}", kernels.isa);
                }
            }
        }
    }
}

/// Every bit is the same on all processors that multiply and add in one step, for any number of pictures and threads. Gives the bits,
/// where this processor does so.
fn check_alike(network: &Network, picture: &[u8]) -> Option<Vec<u32>> {
    let fused = Isa::ALL.into_iter().filter(|&isa| isa != Isa::Scalar).filter_map(Kernels::<Float>::of);
    let [small, ..] = orders();
    let cut = |kernels: &'static Kernels<Float>| {
        [Box::leak(Box::new(Kernels { blocking: small, ..kernels.clone() })), kernels]
    };
    let mut first: Option<Vec<u32>> = None;
    for kernels in fused.flat_map(cut) {
        for (most, members) in [(1, 1), (9, 3)] {
            let program = program::lay_out(network, kernels, most, Sums::Alike).unwrap();
            let weights = weights::in_memory(network.clone(), &program).unwrap();
            let engine = Engine::new(program, weights, members);
            let pictures = vec![Pixels::Bytes(picture); most];
            let outputs = answer(network, picture).0.len();
            let mut found = vec![-1.0; most * outputs];
            engine.run(&pictures, &mut found, None).unwrap();
            let bits: Vec<u32> = found[found.len() - outputs..].iter().map(|value| value.to_bits()).collect();
            assert_eq!(*first.get_or_insert_with(|| bits.clone()), bits, "{} {most} {members}", kernels.isa);
        }
    }
    first
}

proptest! {
    #![proptest_config(Config { cases: 6, failure_persistence: None, ..Config::default() })]

    #[test]
    #[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
    fn small_networks_give_what_they_are_defined_to(
        seed: u64,
        size in 1usize..20,
        widths in prop::collection::vec(1usize..70, 1..4),
        pool: bool,
        dense in prop::collection::vec(1usize..140, 1..3),
    ) {
        let mut random = Random(seed);
        let network = network(&mut random, size, &[(&widths, pool && size > 1)], &dense);
        let picture: Vec<u8> = (0..size * size * 3).map(|_| random.next() as u8).collect();
        check(&network, &picture);
        check_alike(&network, &picture);
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
fn blocks_of_layers_give_what_they_are_defined_to() {
    let mut random = Random(1);
    let network = network(&mut random, 29, &[(&[20, 48], true), (&[33, 64], true)], &[100, 5]);
    let picture: Vec<u8> = (0..29 * 29 * 3).map(|_| random.next() as u8).collect();
    check(&network, &picture);
    // As every other processor finds them.
    let bits = vec![0xc383_21c0, 0xc311_42d1, 0x42fd_fd7a, 0xc2fd_109c, 0xc2fc_3a93];
    assert_eq!(check_alike(&network, &picture).unwrap_or_else(|| bits.clone()), bits);
}

#[test]
fn what_is_no_such_network_is_named() {
    let mut random = Random(2);
    let good = network(&mut random, 8, &[(&[4], true)], &[5, 2]);
    let kernels = Kernels::<Float>::of(Isa::Scalar).unwrap();
    let says = |change: &dyn Fn(&mut Vec<Layer>)| {
        let mut network = good.clone();
        change(&mut network.layers);
        program::lay_out(&network, kernels, 1, Sums::Fastest).err().unwrap_or_default()
    };
    assert_eq!(says(&|_| {}), "");
    assert!(says(&|layers| layers.truncate(2)).contains("does not end with a dense layer"));
    assert!(says(&|layers| drop(layers.remove(0))).contains("begin with a convolution"));
    assert!(says(&|layers| drop(layers.remove(1))).contains("does not read 256 values"));
    assert!(says(&|layers| layers.insert(1, layers[1].clone())).contains("does not follow a convolution"));
    assert!(says(&|layers| layers.insert(1, layers[0].clone())).contains("does not read 4 channels"));
}
