//! Every instruction set's float kernels against what their contracts say, in float64.

use proptest::{prelude::*, test_runner::Config};

use super::Bias;
use crate::engine::{isa::Isa, kernels::*};

/// What a check gives.
type Checked = Result<(), TestCaseError>;

/// A value that a kernel must leave alone.
const UNTOUCHED: f32 = 12345.0;

fn present() -> impl Iterator<Item = &'static Kernels<Float>> {
    Isa::ALL.into_iter().filter_map(Kernels::<Float>::of)
}

/// Numbers between −1 and 1 from a seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// `found` is `expected` but for the rounding of sums of terms below 1.
fn near(found: f32, expected: f64, terms: usize, what: &str) -> Checked {
    let error = (f64::from(found) - expected).abs();
    prop_assert!(error <= 1e-6 * (terms as f64 + 1.0), "{}: {} not {}", what, found, expected);
    Ok(())
}

fn product(k: &Kernels<Float>, steps: usize, tiles: usize, before: usize, accumulate: bool, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let (channels, tiles) = (steps * CHANNEL_STEP, tiles.min(k.tiles));
    let chunk_stride = (before + tiles + 1) * k.chunk;
    let inputs = numbers.many(channels / k.chunk * chunk_stride);
    let weights = numbers.many(channels * k.panel);
    let start = numbers.many(tiles * k.panel + 16);
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
            f64::from(input) * f64::from(weights[c * k.panel + o])
        });
        let first = if accumulate { f64::from(start[i]) } else { 0.0 };
        near(found, first + terms.sum::<f64>(), channels, k.isa.name())?;
    }
    prop_assert_eq!(&sums[tiles * k.panel..], &start[tiles * k.panel..]);
    Ok(())
}

fn dot(k: &Kernels<Float>, depth: usize, pixels: usize, gap: usize, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let pixels = pixels.min(k.pixels);
    let (pixel_stride, row_stride) = (depth.div_ceil(3), (pixels + 2) * depth + gap);
    let from = numbers.many(3 * row_stride + SLACK);
    let weights = numbers.many(3 * depth * k.panel + SLACK);
    let mut sums = vec![UNTOUCHED; (pixels + 1) * k.panel];
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
            f64::from(value) * f64::from(weights[x * k.panel + i % k.panel])
        });
        near(found, terms.sum(), 3 * depth, k.isa.name())?;
    }
    prop_assert!(sums[pixels * k.panel..].iter().all(|&sum| sum == UNTOUCHED));
    Ok(())
}

fn dense(k: &Kernels<Float>, inputs: usize, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let weights = numbers.many(inputs * DENSE_BLOCK);
    let listed: Vec<u32> = (0..inputs as u32).filter(|_| numbers.next() > 0.0).collect();
    let values = numbers.many(listed.len());
    let padded = |mut indices: Vec<u32>| {
        indices.extend([0; 4]);
        indices
    };
    let (indices, mut padded_values) = (padded(listed.clone()), values.clone());
    padded_values.extend([0.0; 4]);
    let mut sums = vec![UNTOUCHED; DENSE_BLOCK];
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
            .map(|(&i, &value)| f64::from(value) * f64::from(weights[i as usize * DENSE_BLOCK + o]));
        near(found, terms.sum(), inputs, k.isa.name())?;
    }
    Ok(())
}

/// One tile through all three transforms is a convolution.
fn tile(
    k: &Kernels<Float>,
    w: &Transforms<Float>,
    (rows, columns): (usize, usize),
    pool: bool,
    relu: bool,
    seed: u64,
) -> Checked {
    let mut numbers = Numbers(seed);
    let (channels, panel) = (CHANNEL_STEP, k.panel);
    let (side, positions) = (w.inputs(), w.positions());
    let pixels = numbers.many(positions * channels);
    let taps = numbers.many(9 * channels * panel);
    let mut inputs = vec![0.0; positions * channels];
    let mut weights = vec![0.0; positions * channels * panel];
    let mut sums = vec![0.0; positions * panel];
    let input = InputTile {
        pixels: pixels.as_ptr(),
        row_stride: side * channels,
        pixel_stride: channels,
        channels,
        to: inputs.as_mut_ptr(),
        position_stride: channels,
        chunk_stride: k.chunk,
    };
    let length = channels * panel;
    let weight =
        WeightPanel { from: taps.as_ptr(), from_stride: length, to: weights.as_mut_ptr(), to_stride: length, length };
    // SAFETY: the buffers are as long as the contracts say.
    unsafe {
        (w.input)(&input);
        (w.weights)(&weight);
    }
    for position in 0..positions {
        let job = ProductJob {
            inputs: inputs[position * channels..].as_ptr(),
            chunk_stride: k.chunk,
            next: None,
            channels,
            tiles: 1,
            weights: weights[position * length..].as_ptr(),
            sums: sums[position * panel..].as_mut_ptr(),
            accumulate: false,
        };
        // SAFETY: the buffers are as long as the contract says.
        unsafe { (k.product)(&job) };
    }
    let bias = numbers.many(panel);
    let low = if relu { 0.0 } else { f32::NEG_INFINITY };
    let most = if pool { w.outputs / 2 } else { w.outputs };
    let (rows, columns) = (rows.min(most), columns.min(most));
    let (pixel_stride, row_stride) = (panel + 3, w.outputs * (panel + 3) + 5);
    let mut to = vec![UNTOUCHED; w.outputs * row_stride];
    let output = OutputTile {
        sums: sums.as_ptr(),
        position_stride: panel,
        lanes: panel,
        finish: Bias { bias: bias.as_ptr(), low },
        pool,
        to: to.as_mut_ptr(),
        row_stride,
        pixel_stride,
        rows,
        columns,
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (w.output)(&output) };
    // The larger transforms' factors are larger, and so is what they round.
    let terms = 9 * channels * if w.outputs > 4 { 8 } else { 1 };
    let sum = |y: usize, x: usize, o: usize| {
        let terms = (0..9 * channels).map(|i| {
            let (tap, c) = (i / channels, i % channels);
            let pixel = pixels[((y + tap / 3) * side + x + tap % 3) * channels + c];
            f64::from(pixel) * f64::from(taps[tap * length + c * panel + o])
        });
        terms.sum::<f64>()
    };
    for (i, &found) in to.iter().enumerate() {
        let (y, x, o) = (i / row_stride, i % row_stride / pixel_stride, i % row_stride % pixel_stride);
        if y < rows && x < columns && o < panel {
            let sum = match pool {
                true => [(0, 0), (0, 1), (1, 0), (1, 1)]
                    .map(|(v, u)| sum(2 * y + v, 2 * x + u, o))
                    .into_iter()
                    .fold(f64::NEG_INFINITY, f64::max),
                false => sum(y, x, o),
            };
            near(found, (sum + f64::from(bias[o])).max(f64::from(low)), terms, k.isa.name())?;
        } else {
            prop_assert_eq!(found, UNTOUCHED);
        }
    }
    Ok(())
}

fn direct_output(k: &Kernels<Float>, count: usize, pool: bool, relu: bool, seed: u64) -> Checked {
    let mut numbers = Numbers(seed);
    let (lanes, per_pixel) = (k.panel, if pool { 2 } else { 1 });
    let sums_row_stride = per_pixel * count * lanes;
    let sums = numbers.many(2 * sums_row_stride);
    let bias = numbers.many(lanes);
    let low = if relu { 0.0 } else { f32::NEG_INFINITY };
    let pixel_stride = lanes + 2;
    let mut to = vec![UNTOUCHED; count * pixel_stride];
    let job = OutputPixels {
        sums: sums.as_ptr(),
        sums_stride: lanes,
        sums_row_stride,
        lanes,
        finish: Bias { bias: bias.as_ptr(), low },
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
        let expected = match (o < lanes, pool) {
            (false, _) => UNTOUCHED,
            (true, false) => (at(0, pixel) + bias[o]).max(low),
            (true, true) => {
                let [a, b] = [0, 1].map(|row| at(row, 2 * pixel).max(at(row, 2 * pixel + 1)));
                (a.max(b) + bias[o]).max(low)
            }
        };
        prop_assert_eq!(found, expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: if cfg!(miri) { 2 } else { 48 }, failure_persistence: None, ..Config::default() })]

    #[test]
    fn product_sums_inputs_times_weights(
        steps in 1usize..5, tiles in 1usize..15, before in 0usize..4, accumulate: bool, seed: u64
    ) {
        present().try_for_each(|k| product(k, steps, tiles, before, accumulate, seed))?;
    }

    #[test]
    fn dot_sums_values_times_weights(depth in 1usize..40, pixels in 1usize..15, gap in 0usize..9, seed: u64) {
        present().try_for_each(|k| dot(k, depth, pixels, gap, seed))?;
    }

    #[test]
    fn dense_sums_the_listed_inputs(inputs in 1usize..90, seed: u64) {
        present().try_for_each(|k| dense(k, inputs, seed))?;
    }

    #[test]
    fn the_transforms_make_a_convolution(rows in 1usize..7, columns in 1usize..7, pool: bool, relu: bool, seed: u64) {
        for k in present() {
            k.winograd.iter().try_for_each(|w| tile(k, w, (rows, columns), pool, relu, seed))?;
        }
    }

    #[test]
    fn direct_output_adds_the_bias(count in 1usize..6, pool: bool, relu: bool, seed: u64) {
        present().try_for_each(|k| direct_output(k, count, pool, relu, seed))?;
    }
}
