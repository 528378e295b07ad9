//! The board itself: its processor and its memory.

use std::fs;

use super::check::{Check, Status, check};
use crate::engine::{isa, layers::weights::available_bytes};

/// What matters for the speed of a model, and whether it fits.
pub fn machine() -> Vec<Check> {
    let board = fs::read_to_string("/proc/device-tree/model").unwrap_or_default();
    let board = board.trim_end_matches('\0').trim();
    let what = if board.is_empty() { std::env::consts::ARCH } else { board };
    let mut checks = vec![check("machine", Status::Ok, what, format!("{} cores", isa::cores()))];
    let features = isa::features();
    let named = |present: bool| -> Vec<&str> {
        features.iter().filter(|feature| feature.present == present).map(|feature| feature.name).collect()
    };
    let (present, absent) = (named(true), named(false));
    let found = match (present.is_empty(), absent.is_empty()) {
        (true, true) => "this architecture cannot be asked".to_string(),
        (_, true) => present.join(", "),
        (true, false) => format!("none of {}", absent.join(", ")),
        (false, false) => format!("{}; not {}", present.join(", "), absent.join(", ")),
    };
    checks.push(check("machine", Status::Ok, "processor extensions", found));
    checks.push(match isa::Isa::chosen() {
        Ok(isa) => check("machine", Status::Ok, "integer kernels", isa.name()),
        Err(reason) => check("machine", Status::Problem, "integer kernels", reason).advise("unset VGGCAM_ISA"),
    });
    checks.extend(memory());
    checks
}

fn memory() -> Option<Check> {
    const ENOUGH: u64 = 200 << 20;
    let available = available_bytes()?;
    let found = format!("{} MB available", available >> 20);
    Some(if available >= ENOUGH {
        check("machine", Status::Ok, "memory", found)
    } else {
        check("machine", Status::Note, "memory", found).advise("close other programs; a full-width VGG16 needs more")
    })
}
