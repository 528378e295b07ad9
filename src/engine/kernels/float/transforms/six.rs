//! F(6×6, 3×3), with the points 0, ±1, ±2, ±1/2, ∞: fewer multiplications than F(4×4, 3×3), and a larger error.

use super::tile::tile_transforms;

tile_transforms!(6, 8);

#[inline(always)]
unsafe fn input_axis<F: Floats>(d: [F; 8]) -> [F; 8] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let outer = F::constant(5.25);
        // Pairs of rows for ±p share what is even and what is odd in p.
        let minus = F::constant(-4.25);
        let (even_1, odd_1) = (d[4].mul_add(minus, d[2].add(d[6])), d[3].mul_add(minus, d[1].add(d[5])));
        let (quarter, half, two) = (F::constant(0.25), F::constant(0.5), F::constant(2.0));
        let minus = F::constant(-2.5);
        let even_2 = d[4].mul_add(F::constant(-1.25), d[2].mul_add(quarter, d[6]));
        let odd_2 = d[5].mul_add(two, d[3].mul_add(minus, d[1].mul(half)));
        let even_half = d[4].mul_add(F::constant(-5.0), d[2].mul_add(F::constant(4.0), d[6]));
        let odd_half = d[5].mul_add(half, d[3].mul_add(minus, d[1].mul(two)));
        [
            d[4].sub(d[2]).mul_add(outer, d[0].sub(d[6])),
            even_1.add(odd_1),
            even_1.sub(odd_1),
            even_2.add(odd_2),
            even_2.sub(odd_2),
            even_half.add(odd_half),
            even_half.sub(odd_half),
            d[3].sub(d[5]).mul_add(outer, d[7].sub(d[1])),
        ]
    }
}

#[inline(always)]
unsafe fn weight_axis<F: Floats>(g: [F; 3]) -> [F; 8] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let ninths = F::constant(-2.0 / 9.0);
        let (even_1, odd_1) = (g[0].add(g[2]).mul(ninths), g[1].mul(ninths));
        let even_2 = g[0].mul_add(F::constant(1.0 / 90.0), g[2].mul(F::constant(2.0 / 45.0)));
        let odd_2 = g[1].mul(F::constant(1.0 / 45.0));
        let even_half = g[0].mul_add(F::constant(32.0 / 45.0), g[2].mul(F::constant(8.0 / 45.0)));
        let odd_half = g[1].mul(F::constant(16.0 / 45.0));
        [
            g[0],
            even_1.add(odd_1),
            even_1.sub(odd_1),
            even_2.add(odd_2),
            even_2.sub(odd_2),
            even_half.add(odd_half),
            even_half.sub(odd_half),
            g[2],
        ]
    }
}

#[inline(always)]
unsafe fn output_axis<F: Floats>(m: [F; 8]) -> [F; 6] {
    // SAFETY: the caller's contract is the one of all methods of `Floats`.
    unsafe {
        let (even_1, odd_1) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (even_2, odd_2) = (m[3].add(m[4]), m[3].sub(m[4]));
        let (even_half, odd_half) = (m[5].add(m[6]), m[5].sub(m[6]));
        [
            m[0].add(even_1).add(even_2.add(even_half)),
            odd_half.mul_add(F::constant(0.5), odd_2.mul_add(F::constant(2.0), odd_1)),
            even_half.mul_add(F::constant(0.25), even_2.mul_add(F::constant(4.0), even_1)),
            odd_half.mul_add(F::constant(0.125), odd_2.mul_add(F::constant(8.0), odd_1)),
            even_half.mul_add(F::constant(0.0625), even_2.mul_add(F::constant(16.0), even_1)),
            odd_half.mul_add(F::constant(0.03125), odd_2.mul_add(F::constant(32.0), odd_1.add(m[7]))),
        ]
    }
}
