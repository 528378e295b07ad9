//! Every instruction set's kernels against what their contracts say, in plain 64-bit arithmetic.
//!
//! The environment variable `VGGCAM_REQUIRED_ISAS`, names with commas between, lists instruction sets that must be present.

mod winograd;

use std::ptr;

use proptest::{prelude::*, test_runner::Config};

use super::{lanes::Bounds, *};
use crate::engine::kernels::*;

/// Written behind and between outputs, to see what a kernel leaves alone.
const UNTOUCHED: u8 = 0xA5;

/// Few cases under Miri, which is slow and gives no access to files.
fn config() -> Config {
    Config { cases: if cfg!(miri) { 2 } else { 48 }, failure_persistence: None, ..Config::default() }
}

/// What a check gives.
type Checked = Result<(), TestCaseError>;

fn present() -> impl Iterator<Item = &'static Kernels<Integer>> {
    Isa::ALL.into_iter().filter_map(Kernels::<Integer>::of)
}

/// Numbers of a test, from a seed: a part of them extreme.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    state: u64,
    /// Of 256 numbers, how many are extreme.
    extreme: u64,
}

impl Numbers {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.state >> 33
    }

    fn pick(&mut self, low: i64, high: i64, extremes: &[i64]) -> i64 {
        let choice = self.next();
        if choice % 256 < self.extreme {
            extremes[(choice / 256) as usize % extremes.len()]
        } else {
            low + (self.next() % (high - low + 1) as u64) as i64
        }
    }

    fn byte(&mut self) -> u8 {
        self.pick(0, 255, &[0, 0, 1, 127, 128, 254, 255, 255]) as u8
    }

    fn weight(&mut self) -> i8 {
        self.pick(-128, 127, &[-128, -128, -127, 0, 127]) as i8
    }

    fn word(&mut self) -> i16 {
        self.pick(-32768, 32767, &[-32768, -32768, 32767, 0, -1]) as i16
    }

    fn factor(&mut self, typical: f32) -> f32 {
        match self.next() % 16 {
            0 => 1e-30,
            1 => 1e30,
            2 => 0.0,
            // Sums become ties.
            3..=6 => 0.5,
            7 => 0.25,
            _ => typical * (1 + self.next() % 100) as f32 / 50.0,
        }
    }
}

fn numbers() -> impl Strategy<Value = Numbers> {
    (any::<u64>(), prop::sample::select(vec![0, 40, 256])).prop_map(|(state, extreme)| Numbers { state, extreme })
}

fn many<T>(count: usize, mut make: impl FnMut() -> T) -> Vec<T> {
    (0..count).map(|_| make()).collect()
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (prop::sample::select(vec![0u8, 1, 7, 128, 254, 255]), any::<bool>())
        .prop_map(|(zero_point, relu)| Bounds::new(zero_point, relu))
}

/// The step for a sum, with every rounding written out.
pub fn step(sum: i32, bias: i32, factor: f32, bounds: Bounds) -> u8 {
    let sum = f64::from(sum.wrapping_add(bias) as f32);
    // Exact as f64, so that it is rounded once.
    let real = f64::from((sum * f64::from(factor)) as f32);
    let real = real.clamp(f64::from(bounds.low), f64::from(bounds.high));
    let (floor, rest) = (real.floor(), real - real.floor());
    let up = rest > 0.5 || (rest == 0.5 && floor as i64 % 2 != 0);
    (floor as i64 + i64::from(up) + i64::from(bounds.zero)) as u8
}

#[test]
fn required_instruction_sets_are_present() {
    let required = std::env::var("VGGCAM_REQUIRED_ISAS").unwrap_or_default();
    for name in required.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let isa: Isa = name.parse().unwrap();
        assert!(Kernels::<Integer>::of(isa).is_some_and(|kernels| kernels.isa == isa), "{name} is missing");
    }
    for kernels in present() {
        assert!(kernels.panel.is_multiple_of(CHANNEL_STEP), "{}", kernels.isa);
    }
}

fn dot(k: &Kernels<Integer>, channels: usize, pixels: usize, gap: usize, mut random: Numbers) -> Checked {
    let pixels = pixels.min(k.pixels);
    let inside = 3 * channels;
    let depth = inside.next_multiple_of(k.group);
    let row_stride = (pixels + 2) * channels + gap;
    let map = many(2 * row_stride + (pixels - 1) * channels + depth + SLACK, || random.byte());
    let mut weights = many(3 * depth * k.panel + SLACK, || random.weight());
    let place =
        |row: usize, i: usize, o: usize| ((row * depth + i / k.group * k.group) * k.panel) + o * k.group + i % k.group;
    for (row, i, o) in (0..3 * k.panel).flat_map(|x| (inside..depth).map(move |i| (x % 3, i, x / 3))) {
        weights[place(row, i, o)] = 0;
    }
    let mut sums = vec![77i32; pixels * k.panel + 16];
    let job = DotJob {
        from: map.as_ptr(),
        row_stride,
        pixel_stride: channels,
        depth,
        pixels,
        weights: weights.as_ptr(),
        sums: sums.as_mut_ptr(),
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.dot)(&job) };
    for (pixel, o) in (0..pixels * k.panel).map(|x| (x / k.panel, x % k.panel)) {
        let terms = (0..3 * inside).map(|x| {
            let (row, i) = (x / inside, x % inside);
            let byte = i64::from(map[row * row_stride + pixel * channels + i]);
            (byte - i64::from(k.dot_offset)) * i64::from(weights[place(row, i, o)])
        });
        prop_assert_eq!(
            i64::from(sums[pixel * k.panel + o]),
            terms.sum::<i64>(),
            "{} pixel {} output {}",
            k.isa,
            pixel,
            o
        );
    }
    prop_assert!(sums[pixels * k.panel..].iter().all(|&sum| sum == 77));
    Ok(())
}

fn product(
    k: &Kernels<Integer>,
    steps: usize,
    tiles: usize,
    before: usize,
    accumulate: bool,
    mut random: Numbers,
) -> Checked {
    let (channels, tiles) = (steps * CHANNEL_STEP, tiles.min(k.tiles));
    let chunk_stride = (before + tiles + 1) * k.chunk;
    let inputs = many(channels.div_ceil(k.chunk) * chunk_stride, || random.word());
    let weights = many(channels * k.panel, || random.word());
    let start = many(tiles * k.panel + 16, || random.next() as i32);
    let mut sums = start.clone();
    let job = ProductJob {
        inputs: inputs[before * k.chunk..].as_ptr(),
        chunk_stride,
        // A hint may be any address.
        next: [None, Some(ptr::without_provenance(1 << 20))][before % 2],
        channels,
        tiles,
        weights: weights.as_ptr(),
        sums: sums.as_mut_ptr(),
        accumulate,
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.product)(&job) };
    for (tile, o) in (0..tiles * k.panel).map(|x| (x / k.panel, x % k.panel)) {
        let terms = (0..channels).map(|c| {
            let input = inputs[c / k.chunk * chunk_stride + (before + tile) * k.chunk + c % k.chunk];
            i64::from(input) * i64::from(weights[c / k.pair * k.pair * k.panel + o * k.pair + c % k.pair])
        });
        let first = if accumulate { i64::from(start[tile * k.panel + o]) } else { 0 };
        prop_assert_eq!(
            sums[tile * k.panel + o],
            (first + terms.sum::<i64>()) as i32,
            "{} tile {} output {}",
            k.isa,
            tile,
            o
        );
    }
    prop_assert_eq!(&sums[tiles * k.panel..], &start[tiles * k.panel..]);
    Ok(())
}

fn direct_output(
    k: &Kernels<Integer>,
    sixteens: usize,
    count: usize,
    pool: bool,
    gap: usize,
    bounds: Bounds,
    mut random: Numbers,
) -> Checked {
    let lanes = sixteens * 16;
    let stride = lanes + gap;
    let row = 2 * count * stride;
    let magnitude = [3, 1000, 1 << 20, i64::from(i32::MAX)][random.next() as usize % 4];
    let sums = many(2 * row, || random.pick(-magnitude, magnitude, &[0, 1, -1, 2147483647, -2147483648]) as i32);
    let bias = many(lanes, || random.pick(-magnitude, magnitude, &[0, 1, i64::from(i32::MIN)]) as i32);
    let factor = many(lanes, || random.factor(150.0 / magnitude as f32));
    let mut to = vec![UNTOUCHED; count * stride];
    let job = OutputPixels {
        sums: sums.as_ptr(),
        sums_stride: stride,
        sums_row_stride: row,
        lanes,
        finish: Scaling { bias: bias.as_ptr(), factor: factor.as_ptr(), bounds },
        pool,
        to: to.as_mut_ptr(),
        pixel_stride: stride,
        count,
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.direct_output)(&job) };
    for (pixel, o) in (0..count * stride).map(|x| (x / stride, x % stride)) {
        let expected = if o >= lanes {
            UNTOUCHED
        } else {
            let at = |x: usize| sums[x * stride + o];
            let below = |x: usize| sums[row + x * stride + o];
            let sum = if pool {
                at(2 * pixel).max(at(2 * pixel + 1)).max(below(2 * pixel)).max(below(2 * pixel + 1))
            } else {
                at(pixel)
            };
            step(sum, bias[o], factor[o], bounds)
        };
        prop_assert_eq!(to[pixel * stride + o], expected, "{} pixel {} output {}", k.isa, pixel, o);
    }
    Ok(())
}

fn dense(k: &Kernels<Integer>, count: usize, more: usize, mut random: Numbers) -> Checked {
    let inputs = count + more;
    let weights = many(inputs * DENSE_BLOCK, || random.weight());
    let mut indices: Vec<u32> = (0..inputs as u32).collect();
    indices.sort_by_key(|&index| (index as u64 + 1).wrapping_mul(random.state | 1) >> 7);
    indices.truncate(count);
    let mut values = many(count, || random.byte());
    indices.resize(count + 4, (inputs - 1) as u32);
    values.resize(count + 4, 0);
    let mut sums = vec![77i32; DENSE_BLOCK + 16];
    let job = DenseJob {
        indices: indices.as_ptr(),
        values: values.as_ptr(),
        count,
        weights: weights.as_ptr(),
        sums: sums.as_mut_ptr(),
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.dense)(&job) };
    for o in 0..DENSE_BLOCK {
        let terms = indices
            .iter()
            .zip(&values)
            .map(|(&i, &value)| i64::from(value) * i64::from(weights[i as usize * DENSE_BLOCK + o]));
        prop_assert_eq!(i64::from(sums[o]), terms.sum::<i64>(), "{} output {}", k.isa, o);
    }
    prop_assert!(sums[DENSE_BLOCK..].iter().all(|&sum| sum == 77));
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn dot_sums_bytes_times_weights(
        channels in 1usize..50, pixels in 1usize..15, gap in 0usize..70, random in numbers()
    ) {
        for k in present() {
            dot(k, channels, pixels, gap, random)?;
        }
    }

    #[test]
    fn product_sums_words_times_weights(
        steps in 1usize..9, tiles in 1usize..15, before in 0usize..3, accumulate: bool, random in numbers()
    ) {
        for k in present() {
            product(k, steps, tiles, before, accumulate, random)?;
        }
    }

    #[test]
    fn direct_output_requantizes(
        sixteens in 1usize..5, count in 1usize..9, pool: bool, gap in 0usize..20, bounds in bounds(), random in numbers()
    ) {
        for k in present() {
            direct_output(k, sixteens, count, pool, gap, bounds, random)?;
        }
    }

    #[test]
    fn dense_sums_the_listed_inputs(
        count in 0usize..70, more in 1usize..20, random in numbers()
    ) {
        for k in present() {
            dense(k, count, more, random)?;
        }
    }
}
