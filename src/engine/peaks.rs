//! What this machine could do at most, measured: multiplications of the kernels, and bytes read from memory.

use std::{hint::black_box, thread, time::Instant};

use super::kernels::{Arithmetic, Kernels};

/// Measured ceilings of so many threads together, each in units a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceilings {
    /// Multiply-accumulates of direct convolution.
    pub dot: f64,
    /// Multiply-accumulates of Winograd's products.
    pub product: f64,
    /// Bytes read from memory that no cache holds.
    pub bytes: f64,
}

/// Rounds of multiplications in a measurement.
const ROUNDS: usize = 200_000;
/// Bytes that all threads read together; more than caches hold.
const BYTES: usize = 192 << 20;
/// Measurements, of which the best counts.
const TRIES: usize = 5;

/// Measures the ceilings with `threads` threads at work; `None` if the kernels have no loops for it.
pub fn measure<A: Arithmetic>(kernels: &Kernels<A>, threads: usize) -> Option<Ceilings> {
    let peaks = kernels.peaks?;
    // SAFETY: the kernels are for this processor: `Kernels::of` has checked it.
    let rate = |work: unsafe fn(usize) -> u64| best(threads, &|_| unsafe { work(black_box(ROUNDS)) });
    let memory = vec![1u64; BYTES / size_of::<u64>()];
    let share = memory.len() / threads;
    let bytes = best(threads, &|thread| {
        let part = &memory[thread * share..][..share];
        black_box(part.iter().fold(0u64, |sum, word| sum.wrapping_add(*word)));
        size_of_val(part) as u64
    });
    Some(Ceilings { dot: rate(peaks.dot), product: rate(peaks.product), bytes })
}

/// The highest rate of several tries of `work` on all threads at once; it says how much it did.
fn best(threads: usize, work: &(dyn Fn(usize) -> u64 + Sync)) -> f64 {
    let once = || {
        let start = Instant::now();
        let done: u64 = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|thread| scope.spawn(move || work(thread))).collect();
            let own = work(0);
            // A thread that panicked did nothing that counts.
            own + others.into_iter().map(|other| other.join().unwrap_or(0)).sum::<u64>()
        });
        done as f64 / start.elapsed().as_secs_f64()
    };
    (0..TRIES).map(|_| once()).fold(0.0, f64::max)
}
