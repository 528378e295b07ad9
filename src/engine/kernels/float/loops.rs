//! The loops that multiply: `P` pixels or tiles × `V` vectors of sums in registers.
//!
//! # Safety
//!
//! All have the contract of their job, for the shapes that `table` gives: a panel is `V` vectors, a chunk one.

use super::lanes::Floats;
use crate::engine::kernels::{DENSE_BLOCK, DenseJob, DotJob, Float, ProductJob};

/// Rows of dense weights that are asked for ahead of their use.
const AHEAD: usize = 24;
/// Values in a line of the cache.
const LINE: usize = 16;

/// Direct convolution.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn dot<F: Floats<Value = f32>, const P: usize, const V: usize>(job: &DotJob<Float>) {
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        let mut sums = [[F::constant(0.0); V]; P];
        let mut weights = job.weights;
        for row in 0..3 {
            let mut from = job.from.add(row * job.row_stride);
            for _ in 0..job.depth {
                step(&mut sums, from, job.pixel_stride, weights);
                from = from.add(1);
                weights = weights.add(V * F::COUNT);
            }
        }
        store(&sums, job.sums);
    }
}

/// Winograd's products at one position.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn product<F: Floats<Value = f32>, const P: usize, const V: usize>(job: &ProductJob<Float>) {
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        let mut sums = [[F::constant(0.0); V]; P];
        if job.accumulate {
            for (i, row) in sums.iter_mut().enumerate() {
                for (v, sum) in row.iter_mut().enumerate() {
                    *sum = F::load(job.sums.add((i * V + v) * F::COUNT));
                }
            }
        }
        let mut weights = job.weights;
        for chunk in 0..job.channels / F::COUNT {
            let inputs = job.inputs.add(chunk * job.chunk_stride);
            if let Some(next) = job.next {
                for line in 0..(P * F::COUNT).div_ceil(LINE) {
                    F::prefetch(next.wrapping_add(chunk * job.chunk_stride + line * LINE));
                }
            }
            for channel in 0..F::COUNT {
                step(&mut sums, inputs.add(channel), F::COUNT, weights);
                weights = weights.add(V * F::COUNT);
            }
        }
        store(&sums, job.sums);
    }
}

/// Adds one input of each of `P` places, `stride` apart, times a panel's weights.
#[expect(clippy::needless_range_loop, reason = "iterators over vectors are not always inlined")]
#[inline(always)]
unsafe fn step<F: Floats<Value = f32>, const P: usize, const V: usize>(
    sums: &mut [[F; V]; P],
    inputs: *const f32,
    stride: usize,
    weights: *const f32,
) {
    // SAFETY: the caller's addresses.
    unsafe {
        let mut row = [F::constant(0.0); V];
        for v in 0..V {
            row[v] = F::load(weights.add(v * F::COUNT));
        }
        for place in 0..P {
            let input = F::splat(inputs.add(place * stride));
            for v in 0..V {
                sums[place][v] = input.mul_add(row[v], sums[place][v]);
            }
        }
    }
}

#[expect(clippy::needless_range_loop, reason = "iterators over vectors are not always inlined")]
#[inline(always)]
unsafe fn store<F: Floats<Value = f32>, const P: usize, const V: usize>(sums: &[[F; V]; P], to: *mut f32) {
    for i in 0..P {
        for v in 0..V {
            // SAFETY: the caller's job takes `P` panels of sums.
            unsafe { sums[i][v].store(to.add((i * V + v) * F::COUNT)) };
        }
    }
}

/// A dense layer, `V` vectors of a block at a time.
///
/// # Safety
///
/// See above.
#[inline(always)]
pub unsafe fn dense<F: Floats<Value = f32>, const V: usize>(job: &DenseJob<Float>) {
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        for start in (0..DENSE_BLOCK).step_by(V * F::COUNT) {
            let mut sums = [F::constant(0.0); V];
            for i in 0..job.count {
                if start == 0 && i + AHEAD < job.count {
                    let ahead = job.weights.add(*job.indices.add(i + AHEAD) as usize * DENSE_BLOCK);
                    for line in 0..DENSE_BLOCK / LINE {
                        F::prefetch(ahead.add(line * LINE));
                    }
                }
                let row = job.weights.add(*job.indices.add(i) as usize * DENSE_BLOCK + start);
                let input = F::splat(job.values.add(i));
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = input.mul_add(F::load(row.add(v * F::COUNT)), *sum);
                }
            }
            for (v, &sum) in sums.iter().enumerate() {
                sum.store(job.sums.add(start + v * F::COUNT));
            }
        }
    }
}

/// Independent multiply-adds on registers; says how many.
///
/// # Safety
///
/// The processor has the instruction set of `F`.
#[inline(always)]
pub unsafe fn peak<F: Floats>(rounds: usize) -> u64 {
    // SAFETY: by the contract above.
    unsafe {
        let mut sums = [F::constant(0.0); 12];
        let one = std::hint::black_box(F::constant(1.0));
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = one.mul_add(one, *sum);
            }
        }
        std::hint::black_box(sums);
        (rounds * sums.len() * F::COUNT) as u64
    }
}
