//! The loops that multiply: `P` pixels or tiles × two vectors of sums in registers.
//!
//! Inputs are read a vector at a time, and multiplied lane by lane.
//!
//! # Safety
//!
//! All have the contract of their job, for the shapes that `table` gives: a panel is two vectors, a chunk one.

use super::{
    RUN, f16,
    lanes::{Halves, LANES},
};
use crate::engine::kernels::{DENSE_BLOCK, DenseJob, DotJob, Half, ProductJob, float::lanes::Floats};

/// Outputs of a panel.
pub const PANEL: usize = 2 * LANES;
/// Rows of dense weights that are asked for ahead of their use.
const AHEAD: usize = 24;
/// Values in a line of the cache.
const LINE: usize = 32;

/// Direct convolution.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn dot<H: Halves, const P: usize>(job: &DotJob<Half>) {
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        let mut sums = [[H::constant(0.0); 2]; P];
        let (mut weights, mut terms, mut accumulate) = (job.weights, 0, false);
        for row in 0..3 {
            let mut from = job.from.add(row * job.row_stride);
            for _ in 0..job.depth / LANES {
                if terms + LANES > RUN {
                    flush(&sums, job.sums, accumulate);
                    (sums, terms, accumulate) = ([[H::constant(0.0); 2]; P], 0, true);
                }
                step(&mut sums, from, job.pixel_stride, weights);
                from = from.add(LANES);
                weights = weights.add(LANES * PANEL);
                terms += LANES;
            }
            for _ in 0..job.depth % LANES {
                if terms == RUN {
                    flush(&sums, job.sums, accumulate);
                    (sums, terms, accumulate) = ([[H::constant(0.0); 2]; P], 0, true);
                }
                single(&mut sums, from, job.pixel_stride, weights);
                from = from.add(1);
                weights = weights.add(PANEL);
                terms += 1;
            }
        }
        flush(&sums, job.sums, accumulate);
    }
}

/// Winograd's products at one position.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn product<H: Halves, const P: usize>(job: &ProductJob<Half>) {
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        let mut weights = job.weights;
        for start in (0..job.channels).step_by(RUN) {
            let mut sums = [[H::constant(0.0); 2]; P];
            for chunk in start / LANES..job.channels.min(start + RUN) / LANES {
                let inputs = job.inputs.add(chunk * job.chunk_stride);
                if let Some(next) = job.next {
                    for line in 0..(P * LANES).div_ceil(LINE) {
                        H::prefetch(next.wrapping_add(chunk * job.chunk_stride + line * LINE));
                    }
                }
                step(&mut sums, inputs, LANES, weights);
                weights = weights.add(LANES * PANEL);
            }
            flush(&sums, job.sums, job.accumulate || start > 0);
        }
    }
}

/// Adds a vector of inputs of each of `P` places, `stride` apart, times a panel's weights for each of its lanes.
#[expect(clippy::needless_range_loop, reason = "iterators over vectors are not always inlined")]
#[inline(always)]
unsafe fn step<H: Halves, const P: usize>(
    sums: &mut [[H; 2]; P],
    from: *const f16,
    stride: usize,
    weights: *const f16,
) {
    // SAFETY: the caller's addresses.
    unsafe {
        let mut inputs = [H::constant(0.0); P];
        for place in 0..P {
            inputs[place] = H::load(from.add(place * stride));
        }
        lane::<H, P, 0>(sums, &inputs, weights);
        lane::<H, P, 1>(sums, &inputs, weights);
        lane::<H, P, 2>(sums, &inputs, weights);
        lane::<H, P, 3>(sums, &inputs, weights);
        lane::<H, P, 4>(sums, &inputs, weights);
        lane::<H, P, 5>(sums, &inputs, weights);
        lane::<H, P, 6>(sums, &inputs, weights);
        lane::<H, P, 7>(sums, &inputs, weights);
    }
}

/// Adds one lane of the inputs of `P` places times its weights.
#[inline(always)]
unsafe fn lane<H: Halves, const P: usize, const LANE: i32>(
    sums: &mut [[H; 2]; P],
    inputs: &[H; P],
    weights: *const f16,
) {
    // SAFETY: the caller's addresses.
    unsafe {
        let weights = weights.add(LANE as usize * PANEL);
        let row = [H::load(weights), H::load(weights.add(LANES))];
        for place in 0..P {
            for v in 0..2 {
                sums[place][v] = sums[place][v].add_lane::<LANE>(inputs[place], row[v]);
            }
        }
    }
}

/// Adds one input of each of `P` places, `stride` apart, times a panel's weights.
#[expect(clippy::needless_range_loop, reason = "iterators over vectors are not always inlined")]
#[inline(always)]
unsafe fn single<H: Halves, const P: usize>(
    sums: &mut [[H; 2]; P],
    from: *const f16,
    stride: usize,
    weights: *const f16,
) {
    // SAFETY: the caller's addresses.
    unsafe {
        let row = [H::load(weights), H::load(weights.add(LANES))];
        for place in 0..P {
            let input = H::splat(from.add(place * stride));
            for v in 0..2 {
                sums[place][v] = input.mul_add(row[v], sums[place][v]);
            }
        }
    }
}

/// Writes `P` panels of sums, or adds them to what is there.
#[expect(clippy::needless_range_loop, reason = "iterators over vectors are not always inlined")]
#[inline(always)]
unsafe fn flush<H: Halves, const P: usize>(sums: &[[H; 2]; P], to: *mut f32, accumulate: bool) {
    for place in 0..P {
        for v in 0..2 {
            // SAFETY: the caller's job takes `P` panels of sums.
            unsafe { flush_vector(sums[place][v], to.add(place * PANEL + v * LANES), accumulate) };
        }
    }
}

#[inline(always)]
unsafe fn flush_vector<H: Halves>(sums: H, to: *mut f32, accumulate: bool) {
    // SAFETY: the caller has room for a vector.
    unsafe {
        let [mut first, mut second] = sums.widen();
        let half = to.add(LANES / 2);
        if accumulate {
            first = first.add(H::Singles::load(to));
            second = second.add(H::Singles::load(half));
        }
        first.store(to);
        second.store(half);
    }
}

/// A dense layer.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn dense<H: Halves>(job: &DenseJob<Half>) {
    // SAFETY: addresses as the job's contract gives them; the list goes on to a multiple of 4.
    unsafe {
        let mut start = 0;
        loop {
            let mut sums = [H::constant(0.0); DENSE_BLOCK / LANES];
            for i in (start..job.count.min(start + RUN)).step_by(4) {
                if i + 4 + AHEAD <= job.count {
                    for ahead in i + AHEAD..i + AHEAD + 4 {
                        let row = job.weights.add(*job.indices.add(ahead) as usize * DENSE_BLOCK);
                        for line in 0..DENSE_BLOCK / LINE {
                            H::prefetch(row.add(line * LINE));
                        }
                    }
                }
                let values = H::load_four(job.values.add(i));
                let row = |lane: usize| job.weights.add(*job.indices.add(i + lane) as usize * DENSE_BLOCK);
                dense_lane::<H, 0>(&mut sums, values, row(0));
                dense_lane::<H, 1>(&mut sums, values, row(1));
                dense_lane::<H, 2>(&mut sums, values, row(2));
                dense_lane::<H, 3>(&mut sums, values, row(3));
            }
            #[expect(clippy::needless_range_loop, reason = "iterators over vectors are not always inlined")]
            for v in 0..DENSE_BLOCK / LANES {
                flush_vector(sums[v], job.sums.add(v * LANES), start > 0);
            }
            start += RUN;
            if start >= job.count {
                break;
            }
        }
    }
}

/// Adds one lane of `values` times a row of weights.
#[expect(clippy::needless_range_loop, reason = "iterators over vectors are not always inlined")]
#[inline(always)]
unsafe fn dense_lane<H: Halves, const LANE: i32>(sums: &mut [H; DENSE_BLOCK / LANES], values: H, row: *const f16) {
    for v in 0..DENSE_BLOCK / LANES {
        // SAFETY: the caller's row has as many values.
        unsafe { sums[v] = sums[v].add_lane::<LANE>(values, H::load(row.add(v * LANES))) };
    }
}
