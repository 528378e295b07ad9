//! Every instruction set's half kernels against what their contracts say, in float64.

mod winograd;

use proptest::{prelude::*, test_runner::Config};

use super::{Rescaling, f16};
use crate::engine::{isa::Isa, kernels::*};

/// What a check gives.
type Checked = Result<(), TestCaseError>;

/// A value that a kernel must leave alone.
const UNTOUCHED: f16 = f16::from_f32_const(12345.0);
/// Half of the distance from 1 to the next float16: what rounding loses at most of any number.
const ROUNDING: f64 = 1.0 / 2048.0;

fn present() -> impl Iterator<Item = &'static Kernels<Half>> {
    Isa::ALL.into_iter().filter_map(Kernels::<Half>::of)
}

/// Numbers between −1 and 1 from a seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    fn singles(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }

    fn halves(&mut self, count: usize) -> Vec<f16> {
        (0..count).map(|_| f16::from_f32(self.next())).collect()
    }

    /// Only the most extreme ones.
    fn extremes(&mut self, count: usize, largest: f32) -> Vec<f16> {
        (0..count).map(|_| f16::from_f32(largest.copysign(self.next()))).collect()
    }
}

/// `found` is the sum of `terms`, but for what its roundings lose: their errors have either sign, and no sum on the way is
/// larger than all terms together.
fn near(found: f32, terms: impl Iterator<Item = f64>, what: &str) -> Checked {
    let (expected, all) = terms.fold((0.0, 0.0), |(sum, all), term| (sum + term, all + term.abs()));
    let error = (f64::from(found) - expected).abs();
    prop_assert!(error <= 8.0 * ROUNDING * all, "{}: {} not {}", what, found, expected);
    Ok(())
}

/// The same for numbers that were rounded once.
fn rounded(found: f16, expected: f64, what: &str) -> Checked {
    let error = (found.to_f64() - expected).abs();
    prop_assert!(error <= 1.01 * ROUNDING * expected.abs() + 1e-7, "{}: {} not {}", what, found, expected);
    Ok(())
}

fn product(k: &Kernels<Half>, steps: usize, tiles: usize, before: usize, accumulate: bool, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let (channels, tiles) = (steps * CHANNEL_STEP, tiles.min(k.tiles));
    let chunk_stride = (before + tiles + 1) * k.chunk;
    let inputs = numbers.halves(channels / k.chunk * chunk_stride);
    let weights = numbers.halves(channels * k.panel);
    let start = numbers.singles(tiles * k.panel + 16);
    let mut sums = start.clone();
    let job = ProductJob {
        inputs: inputs[before * k.chunk..].as_ptr(),
        chunk_stride,
        // A hint may be any address.
        next: [None, Some(std::ptr::without_provenance(1 << 20))][before % 2],
        channels,
        tiles,
        weights: weights.as_ptr(),
        sums: sums.as_mut_ptr(),
        accumulate,
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.product)(&job) };
    for (i, &found) in sums.iter().enumerate().take(tiles * k.panel) {
        let (tile, o) = (i / k.panel, i % k.panel);
        let terms = (0..channels).map(|c| {
            let input = inputs[c / k.chunk * chunk_stride + (before + tile) * k.chunk + c % k.chunk];
            input.to_f64() * weights[c * k.panel + o].to_f64()
        });
        let first = if accumulate { f64::from(start[i]) } else { 0.0 };
        near(found, terms.chain([first]), k.isa.name())?;
    }
    prop_assert_eq!(&sums[tiles * k.panel..], &start[tiles * k.panel..]);
    Ok(())
}

fn dot(k: &Kernels<Half>, depth: usize, pixels: usize, gap: usize, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let pixels = pixels.min(k.pixels);
    let (pixel_stride, row_stride) = (depth.div_ceil(3), (pixels + 2) * depth + gap);
    let from = numbers.halves(3 * row_stride + SLACK);
    let weights = numbers.halves(3 * depth * k.panel + SLACK);
    let untouched = UNTOUCHED.to_f32();
    let mut sums = vec![untouched; (pixels + 1) * k.panel];
    let job = DotJob {
        from: from.as_ptr(),
        row_stride,
        pixel_stride,
        depth,
        pixels,
        weights: weights.as_ptr(),
        sums: sums.as_mut_ptr(),
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.dot)(&job) };
    for (i, &found) in sums.iter().enumerate().take(pixels * k.panel) {
        let terms = (0..3 * depth).map(|x| {
            let value = from[x / depth * row_stride + i / k.panel * pixel_stride + x % depth];
            value.to_f64() * weights[x * k.panel + i % k.panel].to_f64()
        });
        near(found, terms, k.isa.name())?;
    }
    prop_assert!(sums[pixels * k.panel..].iter().all(|&sum| sum == untouched));
    Ok(())
}

fn dense(k: &Kernels<Half>, inputs: usize, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let weights = numbers.halves(inputs * DENSE_BLOCK);
    let listed: Vec<u32> = (0..inputs as u32).filter(|_| numbers.next() > -0.5).collect();
    let values = numbers.halves(listed.len());
    let (mut indices, mut padded_values) = (listed.clone(), values.clone());
    indices.extend([0; 4]);
    padded_values.extend([f16::ZERO; 4]);
    let mut sums = vec![UNTOUCHED.to_f32(); DENSE_BLOCK];
    let job = DenseJob {
        indices: indices.as_ptr(),
        values: padded_values.as_ptr(),
        count: listed.len(),
        weights: weights.as_ptr(),
        sums: sums.as_mut_ptr(),
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.dense)(&job) };
    for (o, &found) in sums.iter().enumerate() {
        let terms = listed
            .iter()
            .zip(&values)
            .map(|(&i, &value)| value.to_f64() * weights[i as usize * DENSE_BLOCK + o].to_f64());
        near(found, terms, k.isa.name())?;
    }
    Ok(())
}

fn direct_output(k: &Kernels<Half>, count: usize, pool: bool, low: f32, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let (lanes, per_pixel) = (k.panel, if pool { 2 } else { 1 });
    let sums_row_stride = per_pixel * count * lanes;
    let sums = numbers.singles(2 * sums_row_stride);
    let bias = numbers.singles(lanes);
    let (factor, high) = (2.0, 1.0);
    let pixel_stride = lanes + 2;
    let mut to = vec![UNTOUCHED; count * pixel_stride];
    let job = OutputPixels {
        sums: sums.as_ptr(),
        sums_stride: lanes,
        sums_row_stride,
        lanes,
        finish: Rescaling { bias: bias.as_ptr(), factor, low, high },
        pool,
        to: to.as_mut_ptr(),
        pixel_stride,
        count,
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.direct_output)(&job) };
    for (i, &found) in to.iter().enumerate() {
        let (pixel, o) = (i / pixel_stride, i % pixel_stride);
        let at = |row: usize, x: usize| sums[row * sums_row_stride + x * lanes + o];
        let sum = match (o < lanes, pool) {
            (false, _) => {
                prop_assert_eq!(found, UNTOUCHED);
                continue;
            }
            (true, false) => at(0, pixel),
            (true, true) => {
                [0, 1].map(|row| at(row, 2 * pixel).max(at(row, 2 * pixel + 1))).into_iter().fold(-9.0, f32::max)
            }
        };
        let expected = f64::from(sum) * f64::from(factor) + f64::from(bias[o]);
        rounded(found, expected.clamp(f64::from(low), f64::from(high)), k.isa.name())?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: if cfg!(miri) { 2 } else { 48 }, failure_persistence: None, ..Config::default() })]

    #[test]
    fn product_sums_inputs_times_weights(
        steps in 1usize..10, tiles in 1usize..9, before in 0usize..4, accumulate: bool, seed: u64
    ) {
        present().try_for_each(|k| product(k, steps, tiles, before, accumulate, seed))?;
    }

    #[test]
    fn dot_sums_values_times_weights(depth in 1usize..80, pixels in 1usize..9, gap in 0usize..9, seed: u64) {
        present().try_for_each(|k| dot(k, depth, pixels, gap, seed))?;
    }

    #[test]
    fn dense_sums_the_listed_inputs(inputs in 1usize..200, seed: u64) {
        present().try_for_each(|k| dense(k, inputs, seed))?;
    }

    #[test]
    fn direct_output_rescales_and_cuts(count in 1usize..6, pool: bool, relu: bool, seed: u64) {
        let low = if relu { 0.0 } else { -1.0 };
        present().try_for_each(|k| direct_output(k, count, pool, low, seed))?;
    }
}

#[test]
#[cfg(target_arch = "aarch64")]
fn processors_without_float16_have_no_table_for_it() {
    let has = std::arch::is_aarch64_feature_detected!("fp16") && Isa::DotProd.is_present();
    assert_eq!(Kernels::<Half>::of(Isa::DotProd).is_some(), has);
    assert!(Kernels::<Half>::of(Isa::Neon).is_none());
}
