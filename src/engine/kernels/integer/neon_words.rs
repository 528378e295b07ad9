//! NEON's two loops on words, written in assembler so that their tiles fill the registers exactly.
//!
//! ```text
//! for each channel:
//!     for each four of the panel's outputs:    one half register of weights, two taking turns
//!         for each tile or pixel:              up to 6, so that 24 registers hold sums
//!             multiply the four with the tile's value in this channel, and add
//! ```
//!
//! The multiplication with a lane of another register (`smlal`) is one instruction of four multiply-accumulates, of which
//! these processors start one in a cycle. Whatever else a cycle can start, it has to do beside them: loads are of half
//! registers, which a Cortex-A53 does at the same time, stand right behind the last use of what they overwrite, and are a
//! whole row of multiplications ahead of the first use of what they bring.
//!
//! `dot` widens its bytes and works on words too. Multiplying bytes (`smull`, `sadalp`) is no faster on a Cortex-A53 and
//! less than twice as fast on a Cortex-A72, where only a network's first layer, a small part of its work, would gain.
//!
//! Registers: `v0`–`v5` inputs, of which only `v0`–`v15` may give a lane; `v6`, `v7` weights; four of `v8`–`v31` for each
//! tile or pixel, in its order.

use crate::engine::kernels::{DotJob, Integer, ProductJob};

/// Outputs of a panel: four registers of sums.
pub const PANEL: usize = 16;
/// Channels of a chunk: one register of words.
pub const CHUNK: usize = 8;
/// Most tiles or pixels of a call.
pub const TILES: usize = 6;

/// `asm!` with operands that may use every vector register.
macro_rules! tile_asm {
    ($($operands:tt)*) => {
        std::arch::asm!(
            $($operands)*
            out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
            out("v8") _, out("v9") _, out("v10") _, out("v11") _, out("v12") _, out("v13") _, out("v14") _, out("v15") _,
            out("v16") _, out("v17") _, out("v18") _, out("v19") _, out("v20") _, out("v21") _, out("v22") _,
            out("v23") _, out("v24") _, out("v25") _, out("v26") _, out("v27") _, out("v28") _, out("v29") _,
            out("v30") _, out("v31") _,
            options(nostack),
        )
    };
}

/// Calls the macro `$loop` with the job and, for each tile or pixel of `$count`, its name, number and four registers of sums.
/// Its number is also that of its input register.
macro_rules! tiles {
    ($count:expr, $loop:ident, $job:expr) => {
        match $count {
            1 => $loop!($job, p0 0 8 9 10 11),
            2 => $loop!($job, p0 0 8 9 10 11, p1 1 12 13 14 15),
            3 => $loop!($job, p0 0 8 9 10 11, p1 1 12 13 14 15, p2 2 16 17 18 19),
            4 => $loop!($job, p0 0 8 9 10 11, p1 1 12 13 14 15, p2 2 16 17 18 19, p3 3 20 21 22 23),
            5 => $loop!(
                $job, p0 0 8 9 10 11, p1 1 12 13 14 15, p2 2 16 17 18 19, p3 3 20 21 22 23, p4 4 24 25 26 27
            ),
            _ => $loop!(
                $job, p0 0 8 9 10 11, p1 1 12 13 14 15, p2 2 16 17 18 19, p3 3 20 21 22 23, p4 4 24 25 26 27,
                p5 5 28 29 30 31
            ),
        }
    };
}

pub(super) use {tile_asm, tiles};

/// Multiplies weights `v$w` with lane `$lane` of each input, for one register of sums each.
macro_rules! multiply {
    ($w:literal, $lane:literal, $($x:literal $sum:literal),+) => {
        concat!($("smlal v", $sum, ".4s, v", $w, ".4h, v", $x, ".h[", $lane, "]\n",)+)
    };
}

/// The same for the last use of the inputs; each is replaced by what lies `$offset` bytes behind `$from`.
macro_rules! multiply_and_load {
    ($w:literal, $lane:literal, $from:literal, $offset:literal, $($x:literal $sum:literal),+) => {
        concat!($(
            "smlal v", $sum, ".4s, v", $w, ".4h, v", $x, ".h[", $lane, "]\n",
            "ldr d", $x, ", [", $from, ", #16*", $x, "+", $offset, "]\n",
        )+)
    };
}

/// One channel of a chunk but for its last four outputs. `v6` and `v7` hold weights of the first eight.
macro_rules! channel {
    ($channel:literal, $lane:literal, $($x:literal $a:literal $b:literal $c:literal $d:literal),+) => {
        concat!(
            multiply!(6, $lane, $($x $a),+),
            "ldr d6, [{weights}, #32*", $channel, "+16]\n",
            multiply!(7, $lane, $($x $b),+),
            "ldr d7, [{weights}, #32*", $channel, "+24]\n",
            multiply!(6, $lane, $($x $c),+),
        )
    };
}

/// One channel of a chunk, and the first weights of the next.
macro_rules! whole_channel {
    ($channel:literal, $lane:literal, $($x:literal $a:literal $b:literal $c:literal $d:literal),+) => {
        concat!(
            channel!($channel, $lane, $($x $a $b $c $d),+),
            "ldr d6, [{weights}, #32*", $channel, "+32]\n",
            multiply!(7, $lane, $($x $d),+),
            "ldr d7, [{weights}, #32*", $channel, "+40]\n",
        )
    };
}

/// `product` for the tiles that are listed.
macro_rules! product_of {
    ($job:expr, $($name:ident $x:literal $a:literal $b:literal $c:literal $d:literal),+) => {
        tile_asm!(
            "cbnz {accumulate:w}, 2f",
            $(concat!(
                "movi v", $a, ".4s, #0\n", "movi v", $b, ".4s, #0\n",
                "movi v", $c, ".4s, #0\n", "movi v", $d, ".4s, #0\n",
            ),)+
            "b 3f",
            "2:",
            $(concat!(
                "ldp q", $a, ", q", $b, ", [{sums}, #64*", $x, "]\n",
                "ldp q", $c, ", q", $d, ", [{sums}, #64*", $x, "+32]\n",
            ),)+
            "3:",
            "ldr d6, [{weights}]",
            "ldr d7, [{weights}, #8]",
            $(concat!("ldr d", $x, ", [{inputs}, #16*", $x, "]\n"),)+
            // A chunk. What its last channel loads belongs to the next one; the last chunk reads its own start once more.
            "4:",
            "subs {channels}, {channels}, #8",
            "add {next_weights}, {weights}, #256",
            "add {next_inputs}, {inputs}, {stride}",
            "csel {next_weights}, {weights}, {next_weights}, eq",
            "csel {next_inputs}, {inputs}, {next_inputs}, eq",
            whole_channel!(0, 0, $($x $a $b $c $d),+),
            whole_channel!(1, 1, $($x $a $b $c $d),+),
            whole_channel!(2, 2, $($x $a $b $c $d),+),
            channel!(3, 3, $($x $a $b $c $d),+),
            "ldr d6, [{weights}, #32*4]",
            multiply_and_load!(7, 3, "{inputs}", 8, $($x $d),+),
            "ldr d7, [{weights}, #32*4+8]",
            whole_channel!(4, 0, $($x $a $b $c $d),+),
            whole_channel!(5, 1, $($x $a $b $c $d),+),
            whole_channel!(6, 2, $($x $a $b $c $d),+),
            channel!(7, 3, $($x $a $b $c $d),+),
            "ldr d6, [{next_weights}]",
            multiply_and_load!(7, 3, "{next_inputs}", 0, $($x $d),+),
            "ldr d7, [{next_weights}, #8]",
            "mov {weights}, {next_weights}",
            "mov {inputs}, {next_inputs}",
            "b.ne 4b",
            $(concat!(
                "stp q", $a, ", q", $b, ", [{sums}, #64*", $x, "]\n",
                "stp q", $c, ", q", $d, ", [{sums}, #64*", $x, "+32]\n",
            ),)+
            accumulate = in(reg) u32::from($job.accumulate),
            sums = in(reg) $job.sums,
            weights = inout(reg) $job.weights => _,
            inputs = inout(reg) $job.inputs => _,
            channels = inout(reg) $job.channels => _,
            stride = in(reg) $job.chunk_stride * size_of::<i16>(),
            next_weights = out(reg) _,
            next_inputs = out(reg) _,
        )
    };
}

/// See [`ProductJob`].
#[target_feature(enable = "neon")]
pub unsafe fn product(job: &ProductJob<Integer>) {
    debug_assert!((1..=TILES).contains(&job.tiles) && job.channels > 0 && job.channels.is_multiple_of(CHUNK));
    // SAFETY: every address is one that the job's contract gives; no other memory and no stack is touched.
    unsafe { tiles!(job.tiles, product_of, job) }
}

/// One byte of each pixel, lane `$lane` of its words; ends the row behind the last one. `v6` holds the first eight outputs'
/// weights as words, `v7` the others as bytes; both are replaced by those of the next byte.
macro_rules! byte {
    ($lane:literal, $($x:literal $a:literal $b:literal $c:literal $d:literal),+) => {
        concat!(
            multiply!(6, $lane, $($x $a),+),
            "sxtl v7.8h, v7.8b\n",
            $("smlal2 v", $b, ".4s, v6.8h, v", $x, ".h[", $lane, "]\n",)+
            "ldr d6, [{weights}, #16]\n",
            multiply!(7, $lane, $($x $c),+),
            "sxtl v6.8h, v6.8b\n",
            "subs {left}, {left}, #1\n",
            $("smlal2 v", $d, ".4s, v7.8h, v", $x, ".h[", $lane, "]\n",)+
            "ldr d7, [{weights}, #24]\n",
            "add {weights}, {weights}, #16\n",
            "b.eq 4f\n",
        )
    };
}

/// `dot` for the pixels that are listed, whose names stand for their addresses.
macro_rules! dot_of {
    ($job:expr, $($pixel:ident $x:literal $a:literal $b:literal $c:literal $d:literal),+) => {
        tile_asm!(
            $(concat!(
                "movi v", $a, ".4s, #0\n", "movi v", $b, ".4s, #0\n",
                "movi v", $c, ".4s, #0\n", "movi v", $d, ".4s, #0\n",
            ),)+
            "ldr d6, [{weights}]",
            "ldr d7, [{weights}, #8]",
            "sxtl v6.8h, v6.8b",
            "mov {rows:w}, #3",
            "2:",
            "mov {left}, {depth}",
            "mov {at}, {row}",
            // Eight bytes of a row, or as many as are left; what is read behind them is not multiplied.
            "3:",
            $(concat!("ldr d", $x, ", [{", stringify!($pixel), "}, {at}]\n"),)+
            $(concat!("uxtl v", $x, ".8h, v", $x, ".8b\n"),)+
            "add {at}, {at}, #8",
            byte!(0, $($x $a $b $c $d),+),
            byte!(1, $($x $a $b $c $d),+),
            byte!(2, $($x $a $b $c $d),+),
            byte!(3, $($x $a $b $c $d),+),
            byte!(4, $($x $a $b $c $d),+),
            byte!(5, $($x $a $b $c $d),+),
            byte!(6, $($x $a $b $c $d),+),
            byte!(7, $($x $a $b $c $d),+),
            "b 3b",
            "4:",
            "add {row}, {row}, {row_stride}",
            "subs {rows:w}, {rows:w}, #1",
            "b.ne 2b",
            $(concat!(
                "stp q", $a, ", q", $b, ", [{sums}, #64*", $x, "]\n",
                "stp q", $c, ", q", $d, ", [{sums}, #64*", $x, "+32]\n",
            ),)+
            $($pixel = in(reg) $job.from.wrapping_add($x * $job.pixel_stride),)+
            sums = in(reg) $job.sums,
            weights = inout(reg) $job.weights => _,
            depth = in(reg) $job.depth,
            row_stride = in(reg) $job.row_stride,
            row = inout(reg) 0usize => _,
            at = out(reg) _,
            left = out(reg) _,
            rows = out(reg) _,
        )
    };
}

/// See [`DotJob`].
#[target_feature(enable = "neon")]
pub unsafe fn dot(job: &DotJob<Integer>) {
    debug_assert!((1..=TILES).contains(&job.pixels) && job.depth > 0);
    // SAFETY: every address is one that the job's contract gives; no other memory and no stack is touched.
    unsafe { tiles!(job.pixels, dot_of, job) }
}
