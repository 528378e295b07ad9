//! Winograd's transforms against convolution, and that they stay in range.

use proptest::{prelude::*, test_runner::Config};

use super::{Checked, Numbers, ROUNDING, UNTOUCHED, present};
use crate::engine::kernels::{
    half::{LARGEST, LARGEST_WEIGHT, RUN, Rescaling, f16, transforms::GROWTH},
    *,
};

/// Pixels of one tile, kernels, and the products of both transforms at all positions, for `channels` and a panel.
struct Tile {
    channels: usize,
    pixels: Vec<f16>,
    taps: Vec<f16>,
    sums: Vec<f32>,
}

impl Tile {
    fn new(k: &Kernels<Half>, w: &Transforms<Half>, channels: usize, pixels: Vec<f16>, taps: Vec<f16>) -> Tile {
        let (panel, side, positions) = (k.panel, w.inputs(), w.positions());
        let mut inputs = vec![f16::ZERO; positions * channels];
        let mut weights = vec![f16::ZERO; positions * channels * panel];
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
        let (from, to) = (taps.as_ptr(), weights.as_mut_ptr());
        let weight = WeightPanel { from, from_stride: length, to, to_stride: length, length };
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
        Tile { channels, pixels, taps, sums }
    }

    /// The convolution's sum at a pixel of the output.
    fn sum(&self, k: &Kernels<Half>, w: &Transforms<Half>, (y, x): (usize, usize), o: usize) -> f64 {
        let terms = (0..9 * self.channels).map(|i| {
            let (tap, c) = (i / self.channels, i % self.channels);
            let pixel = self.pixels[((y + tap / 3) * w.inputs() + x + tap % 3) * self.channels + c];
            pixel.to_f64() * self.taps[(tap * self.channels + c) * k.panel + o].to_f64()
        });
        terms.sum()
    }
}

/// One tile through all three transforms is a convolution.
fn tile(
    k: &Kernels<Half>,
    w: &Transforms<Half>,
    (rows, columns): (usize, usize),
    pool: bool,
    low: f32,
    seed: u64,
) -> Checked {
    let mut numbers = Numbers(seed);
    let (channels, panel) = (CHANNEL_STEP, k.panel);
    let pixels = numbers.halves(w.positions() * channels);
    let taps = numbers.halves(9 * channels * panel);
    let tile = Tile::new(k, w, channels, pixels, taps);
    let bias = numbers.singles(panel);
    let (factor, high) = (0.25, 1.5);
    let most = if pool { w.outputs / 2 } else { w.outputs };
    let (rows, columns) = (rows.min(most), columns.min(most));
    let (pixel_stride, row_stride) = (panel + 3, w.outputs * (panel + 3) + 5);
    let mut to = vec![UNTOUCHED; w.outputs * row_stride];
    let output = OutputTile {
        sums: tile.sums.as_ptr(),
        position_stride: panel,
        lanes: panel,
        finish: Rescaling { bias: bias.as_ptr(), factor, low, high },
        pool,
        to: to.as_mut_ptr(),
        row_stride,
        pixel_stride,
        rows,
        columns,
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (w.output)(&output) };
    for (i, &found) in to.iter().enumerate() {
        let (y, x, o) = (i / row_stride, i % row_stride / pixel_stride, i % row_stride % pixel_stride);
        if y < rows && x < columns && o < panel {
            let sum = match pool {
                true => [(0, 0), (0, 1), (1, 0), (1, 1)]
                    .map(|(v, u)| tile.sum(k, w, (2 * y + v, 2 * x + u), o))
                    .into_iter()
                    .fold(f64::NEG_INFINITY, f64::max),
                false => tile.sum(k, w, (y, x), o),
            };
            let expected = (sum * f64::from(factor) + f64::from(bias[o])).clamp(f64::from(low), f64::from(high));
            // The transforms multiply what each product of a pixel and a weight loses.
            let error = (found.to_f64() - expected).abs();
            prop_assert!(error <= 2.0 * 0.25 * ROUNDING * (9 * channels) as f64, "{}: {found} not {expected}", k.isa);
        } else {
            prop_assert_eq!(found, UNTOUCHED);
        }
    }
    Ok(())
}

/// Nothing becomes infinite while all numbers are as large as they may be, whatever their signs.
fn extremes(k: &Kernels<Half>, w: &Transforms<Half>, seed: u64, worst: bool) -> Checked {
    let mut numbers = Numbers(seed);
    let (channels, side) = (2 * RUN, w.inputs());
    let (pixels, taps) = if worst {
        // All products have one sign where the transforms multiply by most.
        let sign = |place: usize| if place % 6 == 1 || place % 6 == 2 { -LARGEST } else { LARGEST };
        let pixel = |i: usize| sign(i / channels / side) * sign(i / channels % side) / LARGEST;
        let pixels = (0..w.positions() * channels).map(|i| f16::from_f32(pixel(i)));
        (pixels.collect(), vec![f16::from_f32(LARGEST_WEIGHT); 9 * channels * k.panel])
    } else {
        let pixels = numbers.extremes(w.positions() * channels, LARGEST);
        (pixels, numbers.extremes(9 * channels * k.panel, LARGEST_WEIGHT))
    };
    let tile = Tile::new(k, w, channels, pixels, taps);
    prop_assert!(tile.sums.iter().all(|sum| sum.is_finite()), "{}", k.isa);
    let largest = tile.sums.iter().fold(0.0, |largest: f32, sum| largest.max(sum.abs()));
    let most = channels as f32 * LARGEST * LARGEST_WEIGHT * GROWTH;
    prop_assert!(largest <= 1.01 * most && (!worst || largest > 0.99 * most), "{largest} of {most}");
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: if cfg!(miri) { 2 } else { 48 }, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_transforms_make_a_convolution(rows in 1usize..7, columns in 1usize..7, pool: bool, relu: bool, seed: u64) {
        for k in present() {
            let low = if relu { 0.0 } else { -1.5 };
            k.winograd.iter().try_for_each(|w| tile(k, w, (rows, columns), pool, low, seed))?;
        }
    }

    #[test]
    fn nothing_becomes_infinite(seed: u64) {
        for k in present() {
            k.winograd.iter().try_for_each(|w| extremes(k, w, seed, false))?;
        }
    }
}

#[test]
fn the_largest_products_are_where_they_are_expected() {
    for k in present() {
        k.winograd.iter().try_for_each(|w| extremes(k, w, 0, true)).unwrap();
    }
}
