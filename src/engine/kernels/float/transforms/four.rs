//! F(4×4, 3×3), with the points 0, ±1, ±2, ∞.

use super::tile::tile_transforms;

tile_transforms!(4, 6);

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
