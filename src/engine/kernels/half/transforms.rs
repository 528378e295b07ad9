//! F(4×4, 3×3) with the points 0, ±3/2, ±5/8, ∞.
//!
//! On float16, the points matter. With these the error is half of what it is with 0, ±1, ±2, ∞, since the transforms
//! multiply by less; and all factors that the transforms of inputs and weights multiply by are float16 exactly. The weights'
//! transform leaves out the constants of its rows, which fall to the outputs' transform, on float32.

use crate::engine::kernels::float::transforms::tile::tile_transforms;

tile_transforms!(4, 6);

const P: f32 = 3.0 / 2.0;
const Q: f32 = 5.0 / 8.0;
/// The constants of the rows of the points 0, ±P and ±Q.
const ROWS: [f32; 3] =
    [1.0 / (P * P * Q * Q), 1.0 / (2.0 * P * P * (P * P - Q * Q)), 1.0 / (2.0 * Q * Q * (Q * Q - P * P))];

/// The product of what an input and a weight are multiplied by at most.
pub const GROWTH: f32 = {
    // The rows of P are the largest of all.
    let row = (1.0 + Q * Q) * (1.0 + P) * (1.0 + P + P * P);
    row * row
};

#[inline(always)]
unsafe fn input_axis<F: Floats>(d: [F; 6]) -> [F; 6] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let (all, both) = (F::constant(P * P * Q * Q), F::constant(-P * P - Q * Q));
        let minus = F::constant(-Q * Q);
        let (even_p, odd_p) = (d[2].mul_add(minus, d[4]), d[1].mul_add(minus, d[3]));
        let minus = F::constant(-P * P);
        let (even_q, odd_q) = (d[2].mul_add(minus, d[4]), d[1].mul_add(minus, d[3]));
        [
            d[0].mul_add(all, d[2].mul_add(both, d[4])),
            odd_p.mul_add(F::constant(P), even_p),
            odd_p.mul_add(F::constant(-P), even_p),
            odd_q.mul_add(F::constant(Q), even_q),
            odd_q.mul_add(F::constant(-Q), even_q),
            d[1].mul_add(all, d[3].mul_add(both, d[5])),
        ]
    }
}

#[inline(always)]
unsafe fn weight_axis<F: Floats>(g: [F; 3]) -> [F; 6] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let even_p = g[2].mul_add(F::constant(P * P), g[0]);
        let even_q = g[2].mul_add(F::constant(Q * Q), g[0]);
        [
            g[0],
            g[1].mul_add(F::constant(P), even_p),
            g[1].mul_add(F::constant(-P), even_p),
            g[1].mul_add(F::constant(Q), even_q),
            g[1].mul_add(F::constant(-Q), even_q),
            g[2],
        ]
    }
}

#[inline(always)]
unsafe fn output_axis<F: Floats>(m: [F; 6]) -> [F; 4] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let [zero, p, q] = ROWS;
        let (even_p, odd_p) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (even_q, odd_q) = (m[3].add(m[4]), m[3].sub(m[4]));
        let first = even_p.mul_add(F::constant(p), m[0].mul(F::constant(zero)));
        let last = odd_p.mul_add(F::constant(p * P * P * P), m[5]);
        [
            even_q.mul_add(F::constant(q), first),
            odd_q.mul_add(F::constant(q * Q), odd_p.mul(F::constant(p * P))),
            even_q.mul_add(F::constant(q * Q * Q), even_p.mul(F::constant(p * P * P))),
            odd_q.mul_add(F::constant(q * Q * Q * Q), last),
        ]
    }
}
