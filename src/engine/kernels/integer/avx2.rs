//! AVX2: eight sums a register, two products of words added to each at once.
//!
//! The loops are those of the AVX-512 kernels with half as wide registers, and half as many: six tiles by two registers of
//! sums leave room for the weights and one broadcast. There is no exact product of unsigned and signed bytes (`vpmaddubsw`
//! saturates), so `dot` widens its bytes and works on words too.

use std::{arch::x86_64::*, hint::black_box};

use super::{
    avx2_lanes::{Sums256, Words256},
    transforms,
};
use crate::engine::isa::Isa;
use crate::engine::kernels::{
    Blocking, DENSE_BLOCK, DenseJob, DotJob, InputTile, Integer, Kernels, OutputPixels, OutputTile, Peaks, ProductJob,
    TransformCosts, Transforms, WeightPanel,
};

/// Outputs of a panel: two registers of sums.
const PANEL: usize = 16;
/// Channels of a chunk: one register of words.
const CHUNK: usize = 16;
/// Rows of dense weights that are asked for ahead of their use.
const AHEAD: usize = 96;

/// Needs AVX2.
pub static KERNELS: Kernels<Integer> = Kernels {
    isa: Isa::Avx2,
    panel: PANEL,
    chunk: CHUNK,
    pair: 2,
    tiles: 6,
    group: 2,
    pixels: 6,
    dot_offset: 0,
    dot_rate: 0.8,
    winograd: &[Transforms {
        outputs: 4,
        costs: TransformCosts { input: 300.0, output: 600.0, weights: 100.0 },
        input,
        weights,
        output,
    }],
    blocking: Blocking::LARGE_CACHE,
    dot,
    product,
    direct_output,
    dense,
    peaks: Some(Peaks { dot: peak, product: peak }),
    prefetch,
};

/// Calls `$function` with its constant parameter equal to `$count`, from 1 to 6.
macro_rules! with_constant {
    ($count:expr, $function:ident, $job:expr) => {
        match $count {
            1 => $function::<1>($job),
            2 => $function::<2>($job),
            3 => $function::<3>($job),
            4 => $function::<4>($job),
            5 => $function::<5>($job),
            _ => $function::<6>($job),
        }
    };
}

#[target_feature(enable = "avx2")]
unsafe fn dot(job: &DotJob<Integer>) {
    debug_assert!((1..=6).contains(&job.pixels) && job.depth.is_multiple_of(2));
    // SAFETY: the job's contract.
    unsafe { with_constant!(job.pixels, dot_pixels, job) }
}

#[target_feature(enable = "avx2")]
unsafe fn dot_pixels<const P: usize>(job: &DotJob<Integer>) {
    let mut sums = [[_mm256_setzero_si256(); 2]; P];
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        let mut weights = job.weights.cast::<__m128i>();
        for row in 0..3 {
            let mut from = job.from.add(row * job.row_stride);
            for _ in 0..job.depth / 2 {
                let low = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights));
                let high = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights.add(1)));
                for (pixel, sums) in sums.iter_mut().enumerate() {
                    let bytes = from.add(pixel * job.pixel_stride).cast::<i16>().read_unaligned();
                    let words = _mm256_cvtepu8_epi16(_mm_set1_epi16(bytes));
                    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(words, low));
                    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(words, high));
                }
                from = from.add(2);
                weights = weights.add(2);
            }
        }
        store_sums(&sums, job.sums);
    }
}

#[inline(always)]
unsafe fn store_sums<const P: usize>(sums: &[[__m256i; 2]; P], to: *mut i32) {
    for (i, pair) in sums.iter().enumerate() {
        // SAFETY: the caller's job takes `P × PANEL` sums.
        unsafe {
            _mm256_storeu_si256(to.add(i * PANEL).cast(), pair[0]);
            _mm256_storeu_si256(to.add(i * PANEL + 8).cast(), pair[1]);
        }
    }
}

#[target_feature(enable = "avx2")]
unsafe fn product(job: &ProductJob<Integer>) {
    debug_assert!((1..=6).contains(&job.tiles) && job.channels.is_multiple_of(16));
    // SAFETY: the job's contract.
    unsafe { with_constant!(job.tiles, product_tiles, job) }
}

#[target_feature(enable = "avx2")]
unsafe fn product_tiles<const P: usize>(job: &ProductJob<Integer>) {
    let mut sums = [[_mm256_setzero_si256(); 2]; P];
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        if job.accumulate {
            for (i, pair) in sums.iter_mut().enumerate() {
                let from = job.sums.add(i * PANEL);
                *pair = [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(8).cast())];
            }
        }
        let mut weights = job.weights.cast::<__m256i>();
        // Always a whole chunk; unrolled, the loop would not fit the registers.
        let pairs = job.channels.min(CHUNK) / 2;
        for chunk in 0..job.channels / CHUNK {
            let inputs = job.inputs.add(chunk * job.chunk_stride).cast::<i32>();
            for pair in 0..pairs {
                let (low, high) = (_mm256_loadu_si256(weights), _mm256_loadu_si256(weights.add(1)));
                for (tile, sums) in sums.iter_mut().enumerate() {
                    let words = _mm256_set1_epi32(inputs.add(tile * (CHUNK / 2) + pair).read_unaligned());
                    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(words, low));
                    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(words, high));
                }
                weights = weights.add(2);
            }
        }
        store_sums(&sums, job.sums);
    }
}

#[target_feature(enable = "avx2")]
unsafe fn input(tile: &InputTile<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::input::<Words256>(tile) }
}

#[target_feature(enable = "avx2")]
unsafe fn weights(panel: &WeightPanel<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::weights::<Words256>(panel) }
}

#[target_feature(enable = "avx2")]
unsafe fn output(tile: &OutputTile<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::output::<Sums256>(tile) }
}

#[target_feature(enable = "avx2")]
unsafe fn direct_output(pixels: &OutputPixels<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::direct_output::<Sums256>(pixels) }
}

/// Two rows at a time, 32 outputs at a time: their words are interleaved, so that each lane holds one output's two weights.
#[target_feature(enable = "avx2")]
unsafe fn dense(job: &DenseJob<Integer>) {
    const OUTPUTS: usize = 32;
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        for start in (0..DENSE_BLOCK).step_by(OUTPUTS) {
            let mut sums = [_mm256_setzero_si256(); 4];
            for first in (0..job.count).step_by(2) {
                if start == 0 && first + AHEAD + 2 <= job.count {
                    for i in first + AHEAD..first + AHEAD + 2 {
                        let ahead = job.weights.add(*job.indices.add(i) as usize * DENSE_BLOCK);
                        for line in 0..DENSE_BLOCK / 64 {
                            _mm_prefetch::<_MM_HINT_T0>(ahead.add(line * 64));
                        }
                    }
                }
                let row_a = job.weights.add(*job.indices.add(first) as usize * DENSE_BLOCK + start);
                let row_b = job.weights.add(*job.indices.add(first + 1) as usize * DENSE_BLOCK + start);
                let (x, y) = (i32::from(*job.values.add(first)), i32::from(*job.values.add(first + 1)));
                let words = _mm256_set1_epi32(x | y << 16);
                for half in 0..2 {
                    let a = _mm256_cvtepi8_epi16(_mm_loadu_si128(row_a.add(half * 16).cast()));
                    let b = _mm256_cvtepi8_epi16(_mm_loadu_si128(row_b.add(half * 16).cast()));
                    let (low, high) = (_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b));
                    sums[2 * half] = _mm256_add_epi32(sums[2 * half], _mm256_madd_epi16(words, low));
                    sums[2 * half + 1] = _mm256_add_epi32(sums[2 * half + 1], _mm256_madd_epi16(words, high));
                }
            }
            for half in 0..2 {
                // The interleaving works within each 16 bytes.
                let (low, high) = (sums[2 * half], sums[2 * half + 1]);
                let to = job.sums.add(start + half * 16).cast::<__m256i>();
                _mm256_storeu_si256(to, _mm256_permute2x128_si256::<0x20>(low, high));
                _mm256_storeu_si256(to.add(1), _mm256_permute2x128_si256::<0x31>(low, high));
            }
        }
    }
}

#[target_feature(enable = "avx2")]
fn prefetch(from: *const u8, bytes: usize) {
    for line in (0..bytes).step_by(64) {
        _mm_prefetch::<_MM_HINT_T1>(from.wrapping_add(line).cast());
    }
}

/// Both kernels multiply words.
#[target_feature(enable = "avx2")]
fn peak(rounds: usize) -> u64 {
    let mut sums = [_mm256_setzero_si256(); 12];
    let one = black_box(_mm256_set1_epi16(1));
    for _ in 0..rounds {
        for sum in &mut sums {
            // The product depends on the sum, so that it is not taken out of the loop.
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(*sum, one));
        }
    }
    black_box(sums);
    (rounds * sums.len() * 16) as u64
}
