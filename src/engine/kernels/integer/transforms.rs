//! The transforms of Winograd's F(4×4, 3×3) on integers, over any vector.
//!
//! Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4.3, with the points 0, ±1,
//! ±2, ∞. Along one axis, four neighbouring outputs `y` of a 3-tap filter `g` over six inputs `d` are
//!
//! ```text
//! u = (6g0, g0+g1+g2, g0−g1+g2, g0+2g1+4g2, g0−2g1+4g2, 6g2)            weights
//! v = (4d0−5d2+d4, …, 4d1−5d3+d5)                                          inputs
//! m = u ∘ v                                                                 products, summed over channels
//! 24 y0 = m0 − 4(m1+m2) +  (m3+m4)
//! 12 y1 =    − 2(m1−m2) +  (m3−m4)
//!  6 y2 =    −  (m1+m2) +  (m3+m4)
//!  6 y3 =    −  (m1−m2) + 2(m3−m4) + m5
//! ```
//!
//! which is the usual form with the fractions of the weights' transform moved to the outputs. The right sides are those
//! multiples of the sums that a convolution of integers gives; in two dimensions each transform runs along both axes, and
//! the multiples are 9 times a power of two.
//!
//! Arithmetic wraps at 32 bits and is still exact: a product with the inverse of 9 modulo 2³² divides a multiple of 9 by
//! 9, and what remains to be divided by up to 64 is right if the *quotient*, the convolution's sum, is below [`MAX_SUM`],
//! however often its parts wrapped.

use super::lanes::{Sums, Words};
use crate::engine::kernels::{InputTile, Integer, OutputPixels, OutputTile, WeightPanel};

/// Bound below which a convolution's sums must stay.
pub const MAX_SUM: i64 = 1 << 25;

/// Inverse of 9 modulo 2³².
const INVERSE_OF_9: i32 = 0x38E3_8E39;

#[inline(always)]
unsafe fn input_axis<W: Words>(d: [W; 6]) -> [W; 6] {
    // SAFETY: the caller's contract is the one of all methods of `Words`.
    unsafe {
        let (t, u) = (d[4].sub(d[2]), d[3].sub(d[1]).shl::<1>());
        let (p, q) = (d[4].sub(d[2].shl::<2>()), d[3].sub(d[1].shl::<2>()));
        [d[0].sub(d[2]).shl::<2>().add(t), p.add(q), p.sub(q), t.add(u), t.sub(u), d[5].sub(d[3]).sub(u.shl::<1>())]
    }
}

/// Transforms one tile of 6×6 pixels, all its channels.
///
/// # Safety
///
/// - the processor has the instruction set of `W`;
/// - 6×6 pixels may be read at `tile.pixels` with its strides, each `channels` bytes rounded up to `W::COUNT`;
/// - 36 positions may be written at `tile.to` with its strides, each chunk `W::COUNT` values.
#[expect(clippy::needless_range_loop, reason = "a column of several rows is written")]
#[inline(always)]
pub unsafe fn input<W: Words>(tile: &InputTile<Integer>) {
    // SAFETY: by the contract above; all addresses stay within it.
    unsafe {
        for chunk in 0..tile.channels.div_ceil(W::COUNT) {
            let pixels = tile.pixels.add(chunk * W::COUNT);
            let to = tile.to.add(chunk * tile.chunk_stride);
            // Rows of the half transformed tile: written a column at a time, read a row at a time.
            let mut half = [[W::from_u8(pixels); 6]; 6];
            for x in 0..6 {
                let top = pixels.add(x * tile.pixel_stride);
                let column = input_axis([
                    W::from_u8(top),
                    W::from_u8(top.add(tile.row_stride)),
                    W::from_u8(top.add(2 * tile.row_stride)),
                    W::from_u8(top.add(3 * tile.row_stride)),
                    W::from_u8(top.add(4 * tile.row_stride)),
                    W::from_u8(top.add(5 * tile.row_stride)),
                ]);
                half[0][x] = column[0];
                half[1][x] = column[1];
                half[2][x] = column[2];
                half[3][x] = column[3];
                half[4][x] = column[4];
                half[5][x] = column[5];
            }
            for (i, row) in half.iter().enumerate() {
                let to = to.add(i * 6 * tile.position_stride);
                let row = input_axis(*row);
                row[0].store(to);
                row[1].store(to.add(tile.position_stride));
                row[2].store(to.add(2 * tile.position_stride));
                row[3].store(to.add(3 * tile.position_stride));
                row[4].store(to.add(4 * tile.position_stride));
                row[5].store(to.add(5 * tile.position_stride));
            }
        }
    }
}

#[inline(always)]
unsafe fn weight_axis<W: Words>(g: [W; 3]) -> [W; 6] {
    // SAFETY: the caller's contract is the one of all methods of `Words`.
    unsafe {
        let (outer, twice) = (g[0].add(g[2]), g[1].shl::<1>());
        let far = g[0].add(g[2].shl::<2>());
        [g[0].mul(6), outer.add(g[1]), outer.sub(g[1]), far.add(twice), far.sub(twice), g[2].mul(6)]
    }
}

/// Transforms the 3×3 kernels of a run of weights, elementwise.
///
/// # Safety
///
/// - the processor has the instruction set of `W`;
/// - `panel.length` is a multiple of `W::COUNT`;
/// - as many values may be read at each of 9 planes `from_stride` apart, and written at each of 36 `to_stride` apart.
#[expect(clippy::needless_range_loop, reason = "a column of several rows is read")]
#[inline(always)]
pub unsafe fn weights<W: Words>(panel: &WeightPanel<Integer>) {
    // SAFETY: by the contract above.
    unsafe {
        for start in (0..panel.length).step_by(W::COUNT) {
            let mut taps = [W::from_i8(panel.from.add(start)); 9];
            for (tap, value) in taps.iter_mut().enumerate().skip(1) {
                *value = W::from_i8(panel.from.add(tap * panel.from_stride + start));
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

/// The multiples by 24, 12, 6 and 6.
#[inline(always)]
unsafe fn output_axis<S: Sums>(m: [S; 6]) -> [S; 4] {
    // SAFETY: the caller's contract is the one of all methods of `Sums`.
    unsafe {
        let (a, b, c, d) = (m[1].add(m[2]), m[1].sub(m[2]), m[3].add(m[4]), m[3].sub(m[4]));
        [c.add(m[0]).sub(a.shl::<2>()), d.sub(b.shl::<1>()), c.sub(a), d.shl::<1>().add(m[5]).sub(b)]
    }
}

/// The row `y` of the outputs, from the multiples of all rows.
#[inline(always)]
unsafe fn output_row<S: Sums>(half: [[S; 6]; 4], y: usize) -> [S; 4] {
    // SAFETY: the caller's contract is the one of all methods of `Sums`.
    unsafe {
        let bits = [3, 2, 1, 1][y];
        let [y0, y1, y2, y3] = output_axis(half[y]);
        [
            y0.mul(INVERSE_OF_9).sar(bits + 3),
            y1.mul(INVERSE_OF_9).sar(bits + 2),
            y2.mul(INVERSE_OF_9).sar(bits + 1),
            y3.mul(INVERSE_OF_9).sar(bits + 1),
        ]
    }
}

/// Transforms the summed products of one tile back to 4×4 outputs, takes the maximum of each 2×2 where `tile.pool` says
/// so, and requantizes what lies inside the map.
///
/// # Safety
///
/// - the processor has the instruction set of `S`;
/// - `tile.lanes` is a multiple of `S::COUNT`, and as many sums may be read at each of 36 positions, as many biases and
///   factors, and as many bytes written for each output pixel inside `rows`×`columns`.
#[expect(clippy::needless_range_loop, reason = "a column of several rows is written")]
#[inline(always)]
pub unsafe fn output<S: Sums>(tile: &OutputTile<Integer>) {
    // SAFETY: by the contract above.
    unsafe {
        for lane in (0..tile.lanes).step_by(S::COUNT) {
            let sums = tile.sums.add(lane);
            // Rows of the half transformed tile: written a column at a time, read a row at a time.
            let mut half = [[S::load(sums); 6]; 4];
            for x in 0..6 {
                let top = sums.add(x * tile.position_stride);
                let step = 6 * tile.position_stride;
                let column = output_axis([
                    S::load(top),
                    S::load(top.add(step)),
                    S::load(top.add(2 * step)),
                    S::load(top.add(3 * step)),
                    S::load(top.add(4 * step)),
                    S::load(top.add(5 * step)),
                ]);
                half[0][x] = column[0];
                half[1][x] = column[1];
                half[2][x] = column[2];
                half[3][x] = column[3];
            }
            let rows = [output_row(half, 0), output_row(half, 1), output_row(half, 2), output_row(half, 3)];
            let scale = S::scale(tile.finish.bias.add(lane), tile.finish.factor.add(lane));
            let to = tile.to.add(lane);
            if tile.pool {
                for y in 0..2 {
                    let (top, bottom) = (rows[2 * y], rows[2 * y + 1]);
                    for x in 0..2 {
                        let left = top[2 * x].max(bottom[2 * x]);
                        let highest = left.max(top[2 * x + 1].max(bottom[2 * x + 1]));
                        if y < tile.rows && x < tile.columns {
                            let to = to.add(y * tile.row_stride + x * tile.pixel_stride);
                            highest.requantize(scale, tile.finish.bounds, to);
                        }
                    }
                }
            } else {
                for (y, row) in rows.iter().enumerate() {
                    for (x, sum) in row.iter().enumerate() {
                        if y < tile.rows && x < tile.columns {
                            let to = to.add(y * tile.row_stride + x * tile.pixel_stride);
                            sum.requantize(scale, tile.finish.bounds, to);
                        }
                    }
                }
            }
        }
    }
}

/// Requantizes pixels of summed products, each with `pixels.lanes` outputs; with `pixels.pool`, the maximum of 2×2.
///
/// # Safety
///
/// - the processor has the instruction set of `S`;
/// - `pixels.lanes` is a multiple of `S::COUNT`, and as many sums may be read, biases and factors too, and bytes written,
///   for each of `pixels.count` outputs with the given strides.
#[inline(always)]
pub unsafe fn direct_output<S: Sums>(pixels: &OutputPixels<Integer>) {
    // SAFETY: by the contract above.
    unsafe {
        for pixel in 0..pixels.count {
            let to = pixels.to.add(pixel * pixels.pixel_stride);
            for lane in (0..pixels.lanes).step_by(S::COUNT) {
                let scale = S::scale(pixels.finish.bias.add(lane), pixels.finish.factor.add(lane));
                let sum = if pixels.pool {
                    let sums = pixels.sums.add(2 * pixel * pixels.sums_stride + lane);
                    let below = sums.add(pixels.sums_row_stride);
                    let top = S::load(sums).max(S::load(sums.add(pixels.sums_stride)));
                    top.max(S::load(below).max(S::load(below.add(pixels.sums_stride))))
                } else {
                    S::load(pixels.sums.add(pixel * pixels.sums_stride + lane))
                };
                sum.requantize(scale, pixels.finish.bounds, to.add(lane));
            }
        }
    }
}
