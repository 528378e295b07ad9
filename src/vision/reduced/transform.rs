//! The inverse cosine transform of a block, at eight, four, two or one samples a side.
//!
//! With fewer samples than eight, only as many of the lowest frequencies count: the block as it is seen from afar.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::vision::yuv::rounded;

/// Where each coefficient of the zigzag order stands.
#[rustfmt::skip]
pub const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// cos(kπ/16).
const COSINES: [f32; 8] =
    [1.0, 0.980_785_25, 0.923_879_5, 0.831_469_6, 0.707_106_77, 0.555_570_24, 0.382_683_43, 0.195_090_32];

/// What a coefficient is multiplied with before [`inverse`], for each of 64, in rows.
pub fn factors(quantization: &[u16; 64]) -> [f32; 64] {
    let mut factors = [0.0; 64];
    for (&place, &step) in ZIGZAG.iter().zip(quantization) {
        // The standard's ½ C(u) for each direction.
        let half = |frequency: u8| if frequency == 0 { 0.5 * FRAC_1_SQRT_2 } else { 0.5 };
        factors[usize::from(place)] = (f64::from(step) * half(place % 8) * half(place / 8)) as f32;
    }
    factors
}

/// Transforms a block, its coefficients in rows, to `W`×`H` samples at the start of `out`'s rows of `stride` bytes.
#[inline(always)]
pub fn samples<const W: usize, const H: usize>(
    coefficients: &[i16; 64],
    factors: &[f32; 64],
    out: &mut [u8],
    stride: usize,
) {
    let mut rows = [[0.0; W]; H];
    for v in 0..H {
        for u in 0..W {
            rows[v][u] = f32::from(coefficients[8 * v + u]) * factors[8 * v + u];
        }
    }
    // Luma and chroma are coded around 128.
    rows[0][0] += 128.0;
    let rows = inverse::<H, W>(rows);
    let mut columns = [[0.0; H]; W];
    for y in 0..H {
        for x in 0..W {
            columns[x][y] = rows[y][x];
        }
    }
    let columns = inverse::<W, H>(columns);
    for y in 0..H {
        let mut row = [0; W];
        for x in 0..W {
            row[x] = rounded(columns[x][y]);
        }
        if let Some(place) = out.get_mut(y * stride..).and_then(|rest| rest.first_chunk_mut::<W>()) {
            *place = row;
        }
    }
}

/// Fills `W`×`H` samples with the value of a block that has no coefficient but the first.
#[inline(always)]
pub fn flat<const W: usize, const H: usize>(coefficient: i16, factors: &[f32; 64], out: &mut [u8], stride: usize) {
    let value = rounded(f32::from(coefficient) * factors[0] + 128.0);
    for y in 0..H {
        if let Some(place) = out.get_mut(y * stride..).and_then(|rest| rest.first_chunk_mut::<W>()) {
            *place = [value; W];
        }
    }
}

/// The inverse transform along the first index, of `N` frequencies, for `L` columns at once.
#[inline(always)]
fn inverse<const N: usize, const L: usize>(f: [[f32; L]; N]) -> [[f32; L]; N] {
    let mut out = f;
    for lane in 0..L {
        // Samples that mirror each other share the even frequencies, and have the odd ones with opposite signs.
        match N {
            2 => {
                let odd = f[1][lane] * COSINES[4];
                out[0][lane] = f[0][lane] + odd;
                out[1][lane] = f[0][lane] - odd;
            }
            4 => {
                let four = inverse_four([f[0][lane], f[1][lane], f[2][lane], f[3][lane]]);
                for sample in 0..4 {
                    out[sample][lane] = four[sample];
                }
            }
            8 => {
                let even = inverse_four([f[0][lane], f[2][lane], f[4][lane], f[6][lane]]);
                let [a, b, c, d] = [f[1][lane], f[3][lane], f[5][lane], f[7][lane]];
                let [_, c1, _, c3, _, c5, _, c7] = COSINES;
                let odd = [
                    (a * c1 + b * c3) + (c * c5 + d * c7),
                    (a * c3 - b * c7) - (c * c1 + d * c5),
                    (a * c5 - b * c1) + (c * c7 + d * c3),
                    (a * c7 - b * c5) + (c * c3 - d * c1),
                ];
                for sample in 0..4 {
                    out[sample][lane] = even[sample] + odd[sample];
                    out[7 - sample][lane] = even[sample] - odd[sample];
                }
            }
            _ => {}
        }
    }
    out
}

/// The same for four frequencies of one column.
#[inline(always)]
fn inverse_four([a, b, c, d]: [f32; 4]) -> [f32; 4] {
    let [_, _, c2, _, c4, _, c6, _] = COSINES;
    let even = [a + c * c4, a - c * c4];
    let odd = [b * c2 + d * c6, b * c6 - d * c2];
    [even[0] + odd[0], even[1] + odd[1], even[1] - odd[1], even[0] - odd[0]]
}
