//! Loops of nothing but NEON's multiplications, each on registers of its own, to measure what a processor can do at most.

use super::neon_words::tile_asm;
use crate::engine::kernels::Peaks;

/// Of words: both kernels of plain NEON multiply them.
pub const WORDS: Peaks = Peaks { dot: words, product: words };
/// With the dot product of bytes.
pub const BYTES: Peaks = Peaks { dot: bytes, product: words };

/// Independent multiplications of a round.
const MULTIPLICATIONS: usize = 16;

macro_rules! rounds {
    ($rounds:expr, $instruction:literal, $width:literal, $($sum:literal)+) => {
        tile_asm!(
            "2:",
            $(concat!($instruction, " v", $sum, ".4s, v0.", $width, ", v1.", $width, "\n"),)+
            "subs {left}, {left}, #1",
            "b.ne 2b",
            left = inout(reg) $rounds => _,
        )
    };
}

#[target_feature(enable = "neon")]
fn words(rounds: usize) -> u64 {
    let rounds = rounds.max(1);
    // SAFETY: only registers are touched, and all of them are given up.
    unsafe { rounds!(rounds, "smlal", "4h", 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23) }
    (rounds * MULTIPLICATIONS * 4) as u64
}

#[target_feature(enable = "neon,dotprod")]
fn bytes(rounds: usize) -> u64 {
    let rounds = rounds.max(1);
    // SAFETY: only registers are touched, and all of them are given up.
    unsafe { rounds!(rounds, "sdot", "16b", 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23) }
    (rounds * MULTIPLICATIONS * 16) as u64
}
