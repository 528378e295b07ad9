//! NEON with the dot product of bytes (`sdot`): four products of bytes added to each of four sums at once, two such
//! instructions in a cycle on a Cortex-A76 or A78AE. Everything but `dot` is as without it.
//!
//! ```text
//! for each row of the kernel, for each eight bytes of the row:
//!     for each pixel:                            up to 6, so that 24 registers hold sums
//!         read its eight bytes, subtract 128
//!     for each four bytes, for each four of the panel's outputs:
//!         load a register of weights             two registers taking turns
//!         for each pixel: multiply and add
//! ```
//!
//! Both factors of `sdot` are signed, so 128 is subtracted from every byte of the map; the layer's bias makes up for it. The
//! bytes take the way through the integer registers, where this costs the vector units nothing. Direct convolution by `sdot`
//! takes half as long as Winograd's products on words: these processors start one multiplication of words in a cycle.
//!
//! Registers: `v0`–`v5` inputs; `v6`, `v7` weights; four of `v8`–`v31` for each pixel, in its order.

use super::{
    neon, neon_peaks,
    neon_words::{self, CHUNK, PANEL, TILES, tile_asm, tiles},
};
use crate::engine::isa::Isa;
use crate::engine::kernels::{Blocking, DotJob, Integer, Kernels, TransformCosts, Transforms};

/// Needs NEON and the dot product.
pub static KERNELS: Kernels<Integer> = Kernels {
    isa: Isa::DotProd,
    panel: PANEL,
    chunk: CHUNK,
    pair: 1,
    tiles: TILES,
    group: 4,
    pixels: TILES,
    dot_offset: 128,
    dot_rate: 8.0,
    blocking: Blocking::SMALL_CACHE,
    winograd: &[Transforms {
        outputs: 4,
        costs: TransformCosts { input: 130.0, output: 220.0, weights: 60.0 },
        input: neon::input,
        weights: neon::weights,
        output: neon::output,
    }],
    dot,
    product: neon_words::product,
    direct_output: neon::direct_output,
    dense: neon::dense,
    peaks: Some(neon_peaks::BYTES),
    prefetch: neon::prefetch_bytes,
};

/// Loads weights `v$w`, those of the `$place`-th four outputs, and multiplies them with four bytes of each pixel, lane `$lane`,
/// for one register of sums each.
macro_rules! multiply {
    ($w:literal, $place:literal, $lane:literal, $($x:literal $sum:literal),+) => {
        concat!(
            "ldur q", $w, ", [{weights}, #64*", $lane, "+16*", $place, "]\n",
            $("sdot v", $sum, ".4s, v", $w, ".16b, v", $x, ".4b[", $lane, "]\n",)+
        )
    };
}

/// Multiplies four bytes of each pixel with the whole panel's weights.
macro_rules! group {
    ($lane:literal, $($x:literal $a:literal $b:literal $c:literal $d:literal),+) => {
        concat!(
            multiply!(6, 0, $lane, $($x $a),+),
            multiply!(7, 1, $lane, $($x $b),+),
            multiply!(6, 2, $lane, $($x $c),+),
            multiply!(7, 3, $lane, $($x $d),+),
        )
    };
}

/// `dot` for the pixels that are listed, whose names stand for where their rows end.
macro_rules! dot_of {
    ($job:expr, $($pixel:ident $x:literal $a:literal $b:literal $c:literal $d:literal),+) => {
        tile_asm!(
            $(concat!(
                "movi v", $a, ".4s, #0\n", "movi v", $b, ".4s, #0\n",
                "movi v", $c, ".4s, #0\n", "movi v", $d, ".4s, #0\n",
            ),)+
            "mov {rows:w}, #3",
            "2:",
            "neg {at}, {depth}",
            // Eight bytes of a row, or four; what is read behind them is not multiplied. `at` counts up to the row's end.
            "3:",
            $(concat!(
                "ldr {bytes}, [{", stringify!($pixel), "}, {at}]\n",
                "eor {bytes}, {bytes}, #0x8080808080808080\n",
                "fmov d", $x, ", {bytes}\n",
            ),)+
            "adds {at}, {at}, #8",
            group!(0, $($x $a $b $c $d),+),
            "b.gt 4f",
            group!(1, $($x $a $b $c $d),+),
            "add {weights}, {weights}, #128",
            "b.lt 3b",
            "b 5f",
            "4:",
            "add {weights}, {weights}, #64",
            "5:",
            $(concat!("add {", stringify!($pixel), "}, {", stringify!($pixel), "}, {row_stride}\n"),)+
            "subs {rows:w}, {rows:w}, #1",
            "b.ne 2b",
            $(concat!(
                "stp q", $a, ", q", $b, ", [{sums}, #64*", $x, "]\n",
                "stp q", $c, ", q", $d, ", [{sums}, #64*", $x, "+32]\n",
            ),)+
            $($pixel = inout(reg) $job.from.wrapping_add($x * $job.pixel_stride + $job.depth) => _,)+
            sums = in(reg) $job.sums,
            weights = inout(reg) $job.weights => _,
            depth = in(reg) $job.depth,
            row_stride = in(reg) $job.row_stride,
            at = out(reg) _,
            rows = out(reg) _,
            bytes = out(reg) _,
        )
    };
}

#[target_feature(enable = "neon,dotprod")]
unsafe fn dot(job: &DotJob<Integer>) {
    debug_assert!((1..=TILES).contains(&job.pixels) && job.depth > 0 && job.depth.is_multiple_of(4));
    // SAFETY: every address is one that the job's contract gives; no other memory and no stack is touched.
    unsafe { tiles!(job.pixels, dot_of, job) }
}
