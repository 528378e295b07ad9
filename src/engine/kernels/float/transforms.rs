//! The transforms of Winograd's F(4×4, 3×3) on floats, over any vector.
//!
//! Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4.3, with the points 0, ±1,
//! ±2, ∞.

use super::lanes::Floats;
use crate::engine::kernels::{Float, InputTile, OutputPixels, OutputTile, WeightPanel};

#[inline(always)]
unsafe fn input_axis<F: Floats>(d: [F; 6]) -> [F; 6] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let (two, four) = (F::constant(2.0), F::constant(4.0));
        let (minus_two, minus_four) = (F::constant(-2.0), F::constant(-4.0));
        let (t, u) = (d[4].sub(d[2]), d[3].sub(d[1]));
        let (p, q) = (d[2].mul_add(minus_four, d[4]), d[1].mul_add(minus_four, d[3]));
        [
            d[0].sub(d[2]).mul_add(four, t),
            p.add(q),
            p.sub(q),
            u.mul_add(two, t),
            u.mul_add(minus_two, t),
            u.mul_add(minus_four, d[5].sub(d[3])),
        ]
    }
}

/// Transforms one tile of 6×6 pixels, all its channels.
///
/// # Safety
///
/// - the processor has the instruction set of `F`;
/// - 6×6 pixels may be read at `tile.pixels` with its strides, each `channels` values, a multiple of `F::COUNT`;
/// - 36 positions may be written at `tile.to` with its strides, each chunk `F::COUNT` values.
#[expect(clippy::needless_range_loop, reason = "a column of several rows is written")]
#[inline(always)]
pub unsafe fn input<F: Floats>(tile: &InputTile<Float>) {
    // SAFETY: by the contract above; all addresses stay within it.
    unsafe {
        for chunk in 0..tile.channels / F::COUNT {
            let pixels = tile.pixels.add(chunk * F::COUNT);
            let to = tile.to.add(chunk * tile.chunk_stride);
            // Rows of the half transformed tile: written a column at a time, read a row at a time.
            let mut half = [[F::constant(0.0); 6]; 6];
            for x in 0..6 {
                let top = pixels.add(x * tile.pixel_stride);
                let column = input_axis([
                    F::load(top),
                    F::load(top.add(tile.row_stride)),
                    F::load(top.add(2 * tile.row_stride)),
                    F::load(top.add(3 * tile.row_stride)),
                    F::load(top.add(4 * tile.row_stride)),
                    F::load(top.add(5 * tile.row_stride)),
                ]);
                for y in 0..6 {
                    half[y][x] = column[y];
                }
            }
            for (i, row) in half.iter().enumerate() {
                for (j, value) in input_axis(*row).iter().enumerate() {
                    value.store(to.add((i * 6 + j) * tile.position_stride));
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn weight_axis<F: Floats>(g: [F; 3]) -> [F; 6] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let sixth = F::constant(-1.0 / 6.0);
        let (outer, middle) = (g[0].add(g[2]).mul(sixth), g[1].mul(sixth));
        let far = g[0].mul_add(F::constant(1.0 / 24.0), g[2].mul(F::constant(1.0 / 6.0)));
        let twice = g[1].mul(F::constant(1.0 / 12.0));
        [g[0].mul(F::constant(0.25)), outer.add(middle), outer.sub(middle), far.add(twice), far.sub(twice), g[2]]
    }
}

/// Transforms the 3×3 kernels of a run of weights, elementwise.
///
/// # Safety
///
/// - the processor has the instruction set of `F`;
/// - `panel.length` is a multiple of `F::COUNT`;
/// - as many values may be read at each of 9 planes `from_stride` apart, and written at each of 36 `to_stride` apart.
#[expect(clippy::needless_range_loop, reason = "a column of several rows is read")]
#[inline(always)]
pub unsafe fn weights<F: Floats>(panel: &WeightPanel<Float>) {
    // SAFETY: by the contract above.
    unsafe {
        for start in (0..panel.length).step_by(F::COUNT) {
            let mut taps = [F::constant(0.0); 9];
            for (tap, value) in taps.iter_mut().enumerate() {
                *value = F::load(panel.from.add(tap * panel.from_stride + start));
            }
            let [a, b, c, d, e, f, g, h, k] = taps;
            let columns = [weight_axis([a, d, g]), weight_axis([b, e, h]), weight_axis([c, f, k])];
            for i in 0..6 {
                let row = weight_axis([columns[0][i], columns[1][i], columns[2][i]]);
                for (j, value) in row.iter().enumerate() {
                    value.store(panel.to.add((i * 6 + j) * panel.to_stride + start));
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn output_axis<F: Floats>(m: [F; 6]) -> [F; 4] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let (a, b, c, d) = (m[1].add(m[2]), m[1].sub(m[2]), m[3].add(m[4]), m[3].sub(m[4]));
        [
            m[0].add(a).add(c),
            d.mul_add(F::constant(2.0), b),
            c.mul_add(F::constant(4.0), a),
            d.mul_add(F::constant(8.0), b.add(m[5])),
        ]
    }
}

/// Transforms the summed products of one tile back to 4×4 outputs, takes the maximum of each 2×2 where `tile.pool` says
/// so, and finishes what lies inside the map.
///
/// # Safety
///
/// - the processor has the instruction set of `F`;
/// - `tile.lanes` is a multiple of `F::COUNT`, and as many sums may be read at each of 36 positions, as many biases, and as
///   many values written for each output pixel inside `rows`×`columns`.
#[expect(clippy::needless_range_loop, reason = "a column of several rows is written")]
#[inline(always)]
pub unsafe fn output<F: Floats>(tile: &OutputTile<Float>) {
    // SAFETY: by the contract above.
    unsafe {
        let low = F::constant(tile.finish.low);
        for lane in (0..tile.lanes).step_by(F::COUNT) {
            let sums = tile.sums.add(lane);
            // Rows of the half transformed tile: written a column at a time, read a row at a time.
            let mut half = [[F::constant(0.0); 6]; 4];
            for x in 0..6 {
                let top = sums.add(x * tile.position_stride);
                let step = 6 * tile.position_stride;
                let column = output_axis([
                    F::load(top),
                    F::load(top.add(step)),
                    F::load(top.add(2 * step)),
                    F::load(top.add(3 * step)),
                    F::load(top.add(4 * step)),
                    F::load(top.add(5 * step)),
                ]);
                for y in 0..4 {
                    half[y][x] = column[y];
                }
            }
            let bias = F::load(tile.finish.bias.add(lane));
            let to = tile.to.add(lane);
            if tile.pool {
                for y in 0..2 {
                    let (top, bottom) = (output_axis(half[2 * y]), output_axis(half[2 * y + 1]));
                    for x in 0..2 {
                        let left = top[2 * x].max(bottom[2 * x]);
                        let highest = left.max(top[2 * x + 1].max(bottom[2 * x + 1]));
                        if y < tile.rows && x < tile.columns {
                            let to = to.add(y * tile.row_stride + x * tile.pixel_stride);
                            highest.add(bias).max(low).store(to);
                        }
                    }
                }
            } else {
                for (y, row) in half.iter().enumerate() {
                    for (x, sum) in output_axis(*row).iter().enumerate() {
                        if y < tile.rows && x < tile.columns {
                            let to = to.add(y * tile.row_stride + x * tile.pixel_stride);
                            sum.add(bias).max(low).store(to);
                        }
                    }
                }
            }
        }
    }
}

/// Finishes pixels of summed products, each with `pixels.lanes` outputs; with `pixels.pool`, the maximum of 2×2.
///
/// # Safety
///
/// - the processor has the instruction set of `F`;
/// - `pixels.lanes` is a multiple of `F::COUNT`, and as many sums may be read, biases too, and values written, for each of
///   `pixels.count` outputs with the given strides.
#[inline(always)]
pub unsafe fn direct_output<F: Floats>(pixels: &OutputPixels<Float>) {
    // SAFETY: by the contract above.
    unsafe {
        let low = F::constant(pixels.finish.low);
        for pixel in 0..pixels.count {
            let to = pixels.to.add(pixel * pixels.pixel_stride);
            for lane in (0..pixels.lanes).step_by(F::COUNT) {
                let bias = F::load(pixels.finish.bias.add(lane));
                let sum = if pixels.pool {
                    let sums = pixels.sums.add(2 * pixel * pixels.sums_stride + lane);
                    let below = sums.add(pixels.sums_row_stride);
                    let top = F::load(sums).max(F::load(sums.add(pixels.sums_stride)));
                    top.max(F::load(below).max(F::load(below.add(pixels.sums_stride))))
                } else {
                    F::load(pixels.sums.add(pixel * pixels.sums_stride + lane))
                };
                sum.add(bias).max(low).store(to.add(lane));
            }
        }
    }
}
