//! From sums to steps.

use super::lanes::Bounds;

/// How sums become steps: a bias and a factor for each lane, bounds for all.
#[derive(Clone, Copy, Debug)]
pub struct Scaling {
    /// One for each lane.
    pub bias: *const i32,
    /// One for each lane.
    pub factor: *const f32,
    /// Steps of the output.
    pub bounds: Bounds,
}

/// A sum as a step of the output: `sum + bias` wraps, is rounded to a float, scaled by `factor`, cut to the bounds and
/// rounded half to even.
#[inline(always)]
pub fn requantized(sum: i32, bias: i32, factor: f32, bounds: Bounds) -> u8 {
    let real = sum.wrapping_add(bias) as f32 * factor;
    // Whole numbers from 0 to 255 by now.
    (real.max(bounds.low).min(bounds.high).round_ties_even() as i32 + bounds.zero) as u8
}
