//! AVX-512 with VNNI: sixteen sums a register, four products of bytes or two of words added to each at once.
//!
//! ```text
//! for each group of inputs:            four bytes, or a pair of words
//!     load two registers of weights    32 outputs
//!     for each pixel or tile:          up to 14, so that 28 registers hold sums
//!         broadcast the group; multiply and add into two registers
//! ```
//!
//! Every register of sums is independent of the others, which hides the latency of the dot product. Fourteen divides every
//! width of a VGG on 224×224 pictures.

use std::{arch::x86_64::*, hint::black_box};

use super::{
    avx512_lanes::{Sums512, Words512},
    transforms,
};
use crate::engine::isa::Isa;
use crate::engine::kernels::{
    Blocking, DENSE_BLOCK, DenseJob, DotJob, InputTile, Integer, Kernels, OutputPixels, OutputTile, Peaks, ProductJob,
    TransformCosts, Transforms, WeightPanel,
};

/// Outputs of a panel: two registers of sums.
const PANEL: usize = 32;
/// Channels of a chunk: one register of words.
const CHUNK: usize = 32;
/// Rows of dense weights that are asked for ahead of their use.
const AHEAD: usize = 96;

/// Needs AVX-512 F, BW, VL and VNNI.
pub static KERNELS: Kernels<Integer> = Kernels {
    isa: Isa::Avx512Vnni,
    panel: PANEL,
    chunk: CHUNK,
    pair: 2,
    tiles: 14,
    group: 4,
    pixels: 14,
    dot_offset: 0,
    dot_rate: 2.0,
    winograd: &[Transforms {
        outputs: 4,
        costs: TransformCosts { input: 400.0, output: 750.0, weights: 310.0 },
        input,
        weights,
        output,
    }],
    blocking: Blocking::LARGE_CACHE,
    dot,
    product,
    direct_output,
    dense,
    peaks: Some(Peaks { dot: peak_dot, product: peak_product }),
    prefetch,
};

/// Calls `$function` with its constant parameter equal to `$count`, from 1 to 14.
macro_rules! with_constant {
    ($count:expr, $function:ident, $job:expr) => {
        match $count {
            1 => $function::<1>($job),
            2 => $function::<2>($job),
            3 => $function::<3>($job),
            4 => $function::<4>($job),
            5 => $function::<5>($job),
            6 => $function::<6>($job),
            7 => $function::<7>($job),
            8 => $function::<8>($job),
            9 => $function::<9>($job),
            10 => $function::<10>($job),
            11 => $function::<11>($job),
            12 => $function::<12>($job),
            13 => $function::<13>($job),
            _ => $function::<14>($job),
        }
    };
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn dot(job: &DotJob<Integer>) {
    debug_assert!((1..=14).contains(&job.pixels) && job.depth.is_multiple_of(4));
    // SAFETY: the job's contract.
    unsafe { with_constant!(job.pixels, dot_pixels, job) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn dot_pixels<const P: usize>(job: &DotJob<Integer>) {
    let mut sums = [[_mm512_setzero_si512(); 2]; P];
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        let mut weights = job.weights.cast::<__m512i>();
        for row in 0..3 {
            let mut from = job.from.add(row * job.row_stride);
            for _ in 0..job.depth / 4 {
                let (low, high) = (_mm512_loadu_si512(weights), _mm512_loadu_si512(weights.add(1)));
                for (pixel, sums) in sums.iter_mut().enumerate() {
                    let bytes = _mm512_set1_epi32(from.add(pixel * job.pixel_stride).cast::<i32>().read_unaligned());
                    sums[0] = _mm512_dpbusd_epi32(sums[0], bytes, low);
                    sums[1] = _mm512_dpbusd_epi32(sums[1], bytes, high);
                }
                from = from.add(4);
                weights = weights.add(2);
            }
        }
        store_sums(&sums, job.sums);
    }
}

#[inline(always)]
unsafe fn store_sums<const P: usize>(sums: &[[__m512i; 2]; P], to: *mut i32) {
    for (i, pair) in sums.iter().enumerate() {
        // SAFETY: the caller's job takes `P × PANEL` sums.
        unsafe {
            _mm512_storeu_si512(to.add(i * PANEL).cast(), pair[0]);
            _mm512_storeu_si512(to.add(i * PANEL + 16).cast(), pair[1]);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn product(job: &ProductJob<Integer>) {
    debug_assert!((1..=14).contains(&job.tiles) && job.channels.is_multiple_of(16));
    // SAFETY: the job's contract.
    unsafe { with_constant!(job.tiles, product_tiles, job) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn product_tiles<const P: usize>(job: &ProductJob<Integer>) {
    let mut sums = [[_mm512_setzero_si512(); 2]; P];
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        if job.accumulate {
            for (i, pair) in sums.iter_mut().enumerate() {
                let from = job.sums.add(i * PANEL);
                *pair = [_mm512_loadu_si512(from.cast()), _mm512_loadu_si512(from.add(16).cast())];
            }
        }
        let mut weights = job.weights.cast::<__m512i>();
        // Half a chunk at a time: 16 channels, 8 pairs.
        for half in 0..job.channels / 16 {
            let inputs = job.inputs.add(half / 2 * job.chunk_stride + half % 2 * 16).cast::<i32>();
            if let Some(next) = job.next {
                let next = next.wrapping_add(half / 2 * job.chunk_stride + half % 2 * 16 * P).cast::<i8>();
                for line in 0..P.div_ceil(2) {
                    _mm_prefetch::<_MM_HINT_T0>(next.wrapping_add(line * 64));
                }
            }
            for pair in 0..8 {
                let (low, high) = (_mm512_loadu_si512(weights), _mm512_loadu_si512(weights.add(1)));
                for (tile, sums) in sums.iter_mut().enumerate() {
                    let words = _mm512_set1_epi32(inputs.add(tile * (CHUNK / 2) + pair).read_unaligned());
                    sums[0] = _mm512_dpwssd_epi32(sums[0], words, low);
                    sums[1] = _mm512_dpwssd_epi32(sums[1], words, high);
                }
                weights = weights.add(2);
            }
        }
        store_sums(&sums, job.sums);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn input(tile: &InputTile<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::input::<Words512>(tile) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn weights(panel: &WeightPanel<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::weights::<Words512>(panel) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn output(tile: &OutputTile<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::output::<Sums512>(tile) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn direct_output(pixels: &OutputPixels<Integer>) {
    // SAFETY: the caller's contract.
    unsafe { transforms::direct_output::<Sums512>(pixels) }
}

/// Four rows at a time: their bytes are interleaved, so that each lane holds one output's four weights.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn dense(job: &DenseJob<Integer>) {
    const VECTORS: usize = DENSE_BLOCK / 64;
    let mut sums = [[_mm512_setzero_si512(); 4]; VECTORS];
    // SAFETY: addresses as the job's contract gives them.
    unsafe {
        for first in (0..job.count).step_by(4) {
            if first + AHEAD + 4 <= job.count {
                for i in first + AHEAD..first + AHEAD + 4 {
                    let ahead = job.weights.add(*job.indices.add(i) as usize * DENSE_BLOCK);
                    for line in 0..VECTORS {
                        _mm_prefetch::<_MM_HINT_T0>(ahead.add(line * 64));
                    }
                }
            }
            let row_a = job.weights.add(*job.indices.add(first) as usize * DENSE_BLOCK);
            let row_b = job.weights.add(*job.indices.add(first + 1) as usize * DENSE_BLOCK);
            let row_c = job.weights.add(*job.indices.add(first + 2) as usize * DENSE_BLOCK);
            let row_d = job.weights.add(*job.indices.add(first + 3) as usize * DENSE_BLOCK);
            let bytes = _mm512_set1_epi32(job.values.add(first).cast::<i32>().read_unaligned());
            for (vector, sums) in sums.iter_mut().enumerate() {
                let a = _mm512_loadu_si512(row_a.add(vector * 64).cast());
                let b = _mm512_loadu_si512(row_b.add(vector * 64).cast());
                let c = _mm512_loadu_si512(row_c.add(vector * 64).cast());
                let d = _mm512_loadu_si512(row_d.add(vector * 64).cast());
                let (ab, ab_high) = (_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b));
                let (cd, cd_high) = (_mm512_unpacklo_epi8(c, d), _mm512_unpackhi_epi8(c, d));
                sums[0] = _mm512_dpbusd_epi32(sums[0], bytes, _mm512_unpacklo_epi16(ab, cd));
                sums[1] = _mm512_dpbusd_epi32(sums[1], bytes, _mm512_unpackhi_epi16(ab, cd));
                sums[2] = _mm512_dpbusd_epi32(sums[2], bytes, _mm512_unpacklo_epi16(ab_high, cd_high));
                sums[3] = _mm512_dpbusd_epi32(sums[3], bytes, _mm512_unpackhi_epi16(ab_high, cd_high));
            }
        }
        for (vector, sums) in sums.iter().enumerate() {
            for (quarter, &sum) in sums.iter().enumerate() {
                // The interleaving works within each 16 bytes: lane `l` of a quarter holds outputs from `16·l + 4·quarter`.
                let to = job.sums.add(vector * 64 + quarter * 4).cast::<__m128i>();
                _mm_storeu_si128(to, _mm512_extracti32x4_epi32::<0>(sum));
                _mm_storeu_si128(to.add(4), _mm512_extracti32x4_epi32::<1>(sum));
                _mm_storeu_si128(to.add(8), _mm512_extracti32x4_epi32::<2>(sum));
                _mm_storeu_si128(to.add(12), _mm512_extracti32x4_epi32::<3>(sum));
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn prefetch(from: *const u8, bytes: usize) {
    for line in (0..bytes).step_by(64) {
        _mm_prefetch::<_MM_HINT_T1>(from.wrapping_add(line).cast());
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn peak_dot(rounds: usize) -> u64 {
    let mut sums = [_mm512_setzero_si512(); 16];
    let one = black_box(_mm512_set1_epi8(1));
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_dpbusd_epi32(*sum, one, one);
        }
    }
    black_box(sums);
    (rounds * sums.len() * 64) as u64
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn peak_product(rounds: usize) -> u64 {
    let mut sums = [_mm512_setzero_si512(); 16];
    let one = black_box(_mm512_set1_epi16(1));
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_dpwssd_epi32(*sum, one, one);
        }
    }
    black_box(sums);
    (rounds * sums.len() * 32) as u64
}
