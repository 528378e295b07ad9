//! Winograd's three transforms against the matrices of the algorithm, and all together against a convolution.

use super::*;

/// Of the inputs, `v = B d`.
const B: [[i64; 6]; 6] = [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
];
/// Of the weights, `u = G g`.
const G: [[i64; 3]; 6] = [[6, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 6]];

/// `transform × tile × transformᵀ`.
fn both_axes<const N: usize>(transform: [[i64; N]; 6], tile: impl Fn(usize, usize) -> i64) -> [i64; 36] {
    std::array::from_fn(|position| {
        let (rows, columns) = (transform[position / 6], transform[position % 6]);
        (0..N * N).map(|x| rows[x / N] * tile(x / N, x % N) * columns[x % N]).sum()
    })
}

fn input(k: &Kernels<Integer>, sixteens: usize, gap: usize, tiles: usize, mut random: Numbers) -> Checked {
    let channels = sixteens * 16;
    let row_stride = 6 * channels + gap;
    let pixels = many(6 * row_stride + SLACK, || random.byte());
    let chunks = channels.div_ceil(k.chunk);
    let (chunk_stride, position_stride) = (k.chunk * tiles, k.chunk * tiles * chunks + 8);
    let mut to = vec![12345i16; 36 * position_stride];
    let last = (tiles - 1) * k.chunk;
    let job = InputTile {
        pixels: pixels.as_ptr(),
        row_stride,
        pixel_stride: channels,
        channels,
        to: to[last..].as_mut_ptr(),
        position_stride,
        chunk_stride,
    };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.winograd[0].input)(&job) };
    for c in 0..channels {
        let expected = both_axes(B, |y, x| i64::from(pixels[y * row_stride + x * channels + c]));
        for (position, &expected) in expected.iter().enumerate() {
            let found = to[last + position * position_stride + c / k.chunk * chunk_stride + c % k.chunk];
            prop_assert_eq!(i64::from(found), expected, "{} channel {} position {}", k.isa, c, position);
        }
    }
    let others = to.iter().enumerate().filter(|(i, _)| i % position_stride % chunk_stride < last);
    prop_assert!(others.into_iter().all(|(_, &value)| value == 12345));
    Ok(())
}

fn weights(k: &Kernels<Integer>, groups: usize, gap: usize, mut random: Numbers) -> Checked {
    let length = groups * k.pair * k.panel;
    let (from_stride, to_stride) = (length + gap, length + 2 * gap);
    let from = many(9 * from_stride, || random.weight());
    let mut to = vec![12345i16; 36 * to_stride];
    let job = WeightPanel { from: from.as_ptr(), from_stride, to: to.as_mut_ptr(), to_stride, length };
    // SAFETY: the buffers are as long as the contract says.
    unsafe { (k.winograd[0].weights)(&job) };
    for i in 0..to_stride {
        let expected = both_axes(G, |y, x| if i < length { i64::from(from[(3 * y + x) * from_stride + i]) } else { 0 });
        for (position, &expected) in expected.iter().enumerate() {
            let expected = if i < length { expected } else { 12345 };
            prop_assert_eq!(
                i64::from(to[position * to_stride + i]),
                expected,
                "{} value {} position {}",
                k.isa,
                i,
                position
            );
        }
    }
    Ok(())
}

fn output(
    k: &Kernels<Integer>,
    channels: usize,
    rows: usize,
    columns: usize,
    pool: bool,
    bounds: Bounds,
    mut random: Numbers,
) -> Checked {
    let (size, most) = if pool { (4, 2) } else { (4, 4) };
    let (rows, columns) = (rows.min(most), columns.min(most));
    for lanes in (16..=k.panel).step_by(16) {
        let pixels = many(36 * channels, || random.byte());
        let weights = many(9 * channels * lanes, || random.weight());
        let position_stride = 3 * k.panel;
        let mut sums = vec![0i32; 36 * position_stride];
        let mut expected = vec![0i64; lanes * size * size];
        for (o, c) in (0..lanes * channels).map(|x| (x / channels, x % channels)) {
            let pixel = |y: usize, x: usize| i64::from(pixels[c * 36 + y * 6 + x]);
            let weight = |y: usize, x: usize| i64::from(weights[(o * channels + c) * 9 + y * 3 + x]);
            for (position, (v, u)) in both_axes(B, pixel).iter().zip(both_axes(G, weight)).enumerate() {
                let sum = &mut sums[position * position_stride + o];
                *sum = sum.wrapping_add((v * u) as i32);
            }
            for (at, sum) in expected[o * 16..][..16].iter_mut().enumerate() {
                *sum += (0..9).map(|x| pixel(at / 4 + x / 3, at % 4 + x % 3) * weight(x / 3, x % 3)).sum::<i64>();
            }
        }
        let bias = many(lanes, || random.pick(-100_000, 100_000, &[0, 1]) as i32);
        let factor = many(lanes, || random.factor(2e-4));
        let (pixel_stride, row_stride) = (lanes + 3, 4 * (lanes + 3) + 5);
        let mut to = vec![UNTOUCHED; 4 * row_stride];
        let job = OutputTile {
            sums: sums.as_ptr(),
            position_stride,
            lanes,
            finish: Scaling { bias: bias.as_ptr(), factor: factor.as_ptr(), bounds },
            pool,
            to: to.as_mut_ptr(),
            row_stride,
            pixel_stride,
            rows,
            columns,
        };
        // SAFETY: the buffers are as long as the contract says.
        unsafe { (k.winograd[0].output)(&job) };
        for (i, &found) in to.iter().enumerate() {
            let (y, x, o) = (i / row_stride, i % row_stride / pixel_stride, i % row_stride % pixel_stride);
            let step = if y < rows && x < columns && o < lanes {
                let at = |y: usize, x: usize| expected[o * 16 + y * 4 + x];
                let sum = if pool {
                    at(2 * y, 2 * x).max(at(2 * y, 2 * x + 1)).max(at(2 * y + 1, 2 * x)).max(at(2 * y + 1, 2 * x + 1))
                } else {
                    at(y, x)
                };
                step(sum as i32, bias[o], factor[o], bounds)
            } else {
                UNTOUCHED
            };
            prop_assert_eq!(found, step, "{} row {} column {} output {}", k.isa, y, x, o);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn inputs_are_transformed(
        sixteens in 1usize..5, gap in 0usize..40, tiles in 1usize..4, random in numbers()
    ) {
        for k in present() {
            input(k, sixteens, gap, tiles, random)?;
        }
    }

    #[test]
    fn weights_are_transformed(
        groups in 1usize..5, gap in 0usize..9, random in numbers()
    ) {
        for k in present() {
            weights(k, groups, gap, random)?;
        }
    }

    #[test]
    fn outputs_are_those_of_the_convolution(
        channels in 1usize..12, rows in 1usize..5, columns in 1usize..5, pool: bool, bounds in bounds(), random in numbers()
    ) {
        for k in present() {
            output(k, channels, rows, columns, pool, bounds, random)?;
        }
    }
}
