//! Powers of two that keep numbers in the range of float16; multiplying by them rounds nothing.

use crate::engine::kernels::half::{LARGEST, LARGEST_WEIGHT};

/// How often the largest expected activation fits into what there may be, at least.
const HEADROOM: f32 = 2.5;
/// Exponents beyond this are no network's.
const MOST: i32 = 40;

/// What a layer's activations are stored times, by the largest that is expected: it becomes more than a half and at most the
/// whole of [`LARGEST`] ÷ [`HEADROOM`]. `None` for a range that makes no sense.
pub fn of_activations(range: f32) -> Option<f32> {
    if range == 0.0 { Some(1.0) } else { up_to(LARGEST / HEADROOM, range) }
}

/// What a layer's weights are packed times, by the largest of them: it becomes more than a half of [`LARGEST_WEIGHT`] and at
/// most that. `None` for weights that make no sense.
pub fn of_weights(weights: &[f32]) -> Option<f32> {
    let sound = weights.iter().all(|weight| weight.is_finite());
    let largest = weights.iter().fold(0.0, |largest: f32, weight| largest.max(weight.abs()));
    // Weights that are all but zero stay so.
    if largest < power(-MOST) { Some(1.0).filter(|_| sound) } else { up_to(LARGEST_WEIGHT, largest).filter(|_| sound) }
}

/// The largest power of two by which `value` becomes at most `limit`, which is one too.
fn up_to(limit: f32, value: f32) -> Option<f32> {
    let sound = value >= power(-MOST) && value <= power(MOST);
    // `value` lies between that power and the next one.
    let exponent = |value: f32| (value.to_bits() >> 23) as i32 - 127;
    let whole = value == power(exponent(value));
    sound.then(|| limit * power(-exponent(value) - i32::from(!whole)))
}

/// 2 to a power that is no subnormal number.
fn power(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}
