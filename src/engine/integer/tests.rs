//! Whole networks, small ones: every instruction set, every order of the work, one and three threads, bit for bit.

mod oracle;

use proptest::{prelude::*, test_runner::Config};

use super::{facts::Facts, program, weights};
use crate::{
    engine::{
        isa::Isa,
        kernels::{Blocking, Integer, Kernels},
        layers::{
            engine::{Engine, Pixels},
            program::Work,
        },
    },
    model::quantized::{Quantization, QuantizedConv, QuantizedDense, QuantizedInput, QuantizedLayer, QuantizedNetwork},
};

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize
    }

    fn up_to(&mut self, most: usize) -> usize {
        self.next() % (most + 1)
    }

    fn weights(&mut self, count: usize, extreme: bool) -> Vec<i8> {
        let ends = [-128, -127, 127, 0];
        (0..count).map(|_| if extreme { ends[self.next() % 4] } else { (self.next() % 256) as u8 as i8 }).collect()
    }

    fn picture(&mut self, length: usize) -> Vec<u8> {
        let extreme = self.up_to(2) == 0;
        (0..length).map(|_| if extreme { [0, 255][self.next() % 2] } else { self.next() as u8 }).collect()
    }

    fn convolution(&mut self, inputs: usize, outputs: usize, zero_point: u8, relu: bool) -> QuantizedLayer {
        // Outputs spread over all steps: weights are 74 on average, inputs 100, and their signs differ.
        let scale = 100.0 * 74.0 * (inputs as f32 * 9.0).sqrt() / 90.0;
        let extreme = self.up_to(3) == 0;
        QuantizedLayer::Conv(QuantizedConv {
            name: format!("conv {inputs} to {outputs}"),
            weights: self.weights(inputs * outputs * 9, extreme),
            weight_scales: (0..outputs).map(|_| (50 + self.up_to(100)) as f32 / 100.0).collect(),
            bias: (0..outputs).map(|_| self.up_to(20_000) as i32 - 10_000).collect(),
            inputs,
            outputs,
            relu,
            output: Quantization { scale, zero_point },
        })
    }

    fn dense(&mut self, inputs: usize, outputs: usize, output: Option<u8>) -> QuantizedLayer {
        let scale = 100.0 * 74.0 * (inputs as f32).sqrt() / 90.0;
        QuantizedLayer::Dense(QuantizedDense {
            name: format!("dense {inputs} to {outputs}"),
            weights: self.weights(inputs * outputs, false),
            weight_scales: (0..outputs).map(|_| (50 + self.up_to(100)) as f32 / 100.0).collect(),
            bias: (0..outputs).map(|_| self.up_to(20_000) as i32 - 10_000).collect(),
            inputs,
            outputs,
            relu: output.is_some(),
            output: output.map(|zero_point| Quantization { scale, zero_point }),
        })
    }
}

/// A network over a picture of `size`; each block is convolutions of so many outputs, and whether a pool ends it.
fn network(
    random: &mut Random,
    size: usize,
    input: QuantizedInput,
    blocks: &[(&[usize], bool)],
    (zero_point, relu): (u8, bool),
) -> QuantizedNetwork {
    let mut layers = vec![];
    let mut channels = match input {
        QuantizedInput::Picture { .. } => 3,
        QuantizedInput::Real { channels, .. } => channels,
    };
    let mut side = size;
    for (outputs, pool) in blocks {
        for &outputs in *outputs {
            layers.push(random.convolution(channels, outputs, zero_point, relu));
            channels = outputs;
        }
        if *pool {
            layers.push(QuantizedLayer::MaxPool);
            side /= 2;
        }
    }
    layers.push(random.dense(channels * side * side, 9, Some(zero_point)));
    layers.push(random.dense(9, 130, Some(zero_point)));
    layers.push(random.dense(130, 3, None));
    QuantizedNetwork { input_size: size, input, layers, softmax: true }
}

/// The tables of this processor, and copies that cut all layers into the smallest blocks.
fn tables() -> Vec<&'static Kernels<Integer>> {
    let small =
        Blocking { few_weights: 0, whole_inputs: 0, distant_cores: false, own_weights: 0, own_inputs: 0, tiles: 3 };
    let blocks = Blocking { few_weights: usize::MAX, ..small };
    let shared = Blocking { whole_inputs: usize::MAX, ..small };
    let small_shares = Blocking { distant_cores: true, ..small };
    let shares = Blocking { distant_cores: true, ..shared };
    let panels = Blocking { tiles: 100, ..shares };
    let present = Isa::ALL.into_iter().filter_map(Kernels::<Integer>::of);
    present
        .flat_map(|kernels| {
            let cut = |blocking| &*Box::leak(Box::new(Kernels { blocking, ..kernels.clone() }));
            // A rate that makes Winograd win everywhere, and one that makes it lose.
            let always = |blocking| &*Box::leak(Box::new(Kernels { blocking, dot_rate: 1e-9, ..kernels.clone() }));
            let never = &*Box::leak(Box::new(Kernels { dot_rate: 1e9, ..kernels.clone() }));
            let orders = [small, blocks, shared, small_shares, shares, panels, kernels.blocking].map(always);
            [kernels, cut(small), never].into_iter().chain(orders)
        })
        .collect()
}

/// Runs `network` every way on a picture, and compares with the definition. Gives the orders in which layers were done.
fn check(network: &QuantizedNetwork, picture: &[u8], tables: &[&'static Kernels<Integer>]) -> Vec<&'static str> {
    let expected = oracle::answer(network, picture);
    let mut orders = vec![];
    for kernels in tables {
        let program = program::lay_out(network, &Facts::of(network), kernels).unwrap();
        let order = |work: &Work<Integer>| match work {
            Work::Direct(_) => "direct",
            Work::Winograd(winograd) => winograd.order(),
            Work::Dense(_) | Work::Matrix(_) => "dense",
        };
        let these: Vec<_> = program.steps.iter().map(|step| order(&step.work)).collect();
        for members in [1, 3] {
            let weights = weights::in_memory(network.clone(), &program).unwrap();
            let engine = Engine::new(program.clone(), weights, members);
            let real: Vec<f32>;
            let pixels = match network.input {
                QuantizedInput::Picture { .. } => Pixels::Bytes(picture),
                QuantizedInput::Real { channels, quantization } => {
                    let planes = (0..picture.len()).map(|i| {
                        let (channel, pixel) = (i * channels / picture.len(), i % (picture.len() / channels));
                        let step = f32::from(picture[pixel * channels + channel]);
                        (step - f32::from(quantization.zero_point)) * quantization.scale
                    });
                    real = planes.collect();
                    Pixels::Real(&real)
                }
            };
            // Twice, since the first picture leaves its maps behind.
            for _ in 0..2 {
                let mut found = vec![-1.0; expected.len()];
                engine.run(&[pixels], &mut found, None).unwrap();
                assert!(found == expected, "{} {members} {these:?}: {found:?} not {expected:?}", kernels.isa);
            }
        }
        orders.extend(these);
    }
    orders
}

fn picture_input() -> QuantizedInput {
    QuantizedInput::Picture { mean_rgb: [124, 117, 104] }
}

proptest! {
    #![proptest_config(Config { cases: 6, failure_persistence: None, ..Config::default() })]

    #[test]
    #[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
    fn small_networks_give_the_sums_of_their_definition(
        seed: u64,
        size in 1usize..20,
        channels in prop::option::of(1usize..20),
        widths in prop::collection::vec(1usize..70, 1..4),
        pool: bool,
        zero_point in prop::sample::select(vec![0u8, 1, 128, 255]),
        relu: bool,
    ) {
        let mut random = Random(seed);
        let input = match channels {
            None => picture_input(),
            Some(channels) => {
                QuantizedInput::Real { channels, quantization: Quantization { scale: 0.5, zero_point: 255 - zero_point } }
            }
        };
        // A step above zero takes room above it.
        let relu = relu && zero_point < 255;
        let network = network(&mut random, size, input, &[(&widths, pool && size > 1)], (zero_point, relu));
        let picture = random.picture(size * size * channels.unwrap_or(3));
        check(&network, &picture, &tables());
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
fn every_order_of_the_work_gives_the_same() {
    let mut random = Random(1);
    let network = network(&mut random, 29, picture_input(), &[(&[20, 48], true), (&[33, 64], true)], (0, true));
    let orders = check(&network, &random.picture(29 * 29 * 3), &tables());
    let all = ["direct", "by blocks", "by shares", "by panels", "by panels, inputs shared"];
    for order in all {
        assert!(orders.contains(&order), "{order} is not among {orders:?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "needs anonymous maps of memory")]
fn maps_as_large_as_those_of_a_full_network_give_the_same() {
    let mut random = Random(2);
    let tables: Vec<_> = Isa::ALL.into_iter().filter_map(Kernels::<Integer>::of).collect();
    for (size, widths) in [(227, &[16, 20][..]), (225, &[16][..]), (14, &[512, 16][..])] {
        let network = network(&mut random, size, picture_input(), &[(widths, true)], (0, true));
        check(&network, &random.picture(size * size * 3), &tables);
    }
}
