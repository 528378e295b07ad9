//! Kernels on float16. As with [`float`](super::float), the loops are written once over vectors.
//!
//! A sum of float16 loses a little with every product, so at most [`RUN`] of them are summed before they are added to sums of
//! float32. What a number may be at most is settled beforehand, so that none ever becomes infinite:
//!
//! - an activation is at most [`LARGEST`]: it is cut there when it is written;
//! - a value of the picture is at most 255;
//! - a weight is at most [`LARGEST_WEIGHT`]: a layer's weights are packed times a power of two that makes them so;
//! - Winograd's transforms multiply the product of an activation and a weight by at most [`transforms::GROWTH`].

mod ending;
mod lanes;
pub mod loops;
mod scalar;
mod table;
pub mod transforms;

#[cfg(target_arch = "aarch64")]
mod fp16;
#[cfg(test)]
mod tests;

pub use ::half::f16;

use super::{Arithmetic, Half, InstructionSets, Kernels};
use crate::engine::isa::Isa;

/// Most products that are summed in float16.
pub const RUN: usize = 64;
/// The largest activation.
pub const LARGEST: f32 = 40.0;
/// The largest weight.
pub const LARGEST_WEIGHT: f32 = 1.0 / 16.0;

const _: () = assert!(RUN as f32 * LARGEST * LARGEST_WEIGHT * transforms::GROWTH < 0.75 * f16::MAX.to_f32_const());
const _: () = assert!(RUN as f32 * 255.0 * LARGEST_WEIGHT < 0.75 * f16::MAX.to_f32_const());

/// How sums become activations: `sum × factor + bias`, cut to what lies between `low` and `high`.
#[derive(Clone, Copy, Debug)]
pub struct Rescaling {
    /// One for each lane.
    pub bias: *const f32,
    /// From steps of the sums to steps of the activations.
    pub factor: f32,
    /// The least activation.
    pub low: f32,
    /// The largest activation.
    pub high: f32,
}

impl Arithmetic for Half {
    type Activation = f16;
    type Weight = f16;
    type Transformed = f16;
    type Sum = f32;
    type Finish = Rescaling;
}

impl InstructionSets for Half {
    /// For processors that compute with float16, and in plain Rust, very slowly.
    fn kernels(isa: Isa) -> Option<&'static Kernels<Self>> {
        match isa {
            #[cfg(target_arch = "aarch64")]
            Isa::DotProd if std::arch::is_aarch64_feature_detected!("fp16") => Some(&fp16::KERNELS),
            Isa::Scalar => Some(&scalar::KERNELS),
            _ => None,
        }
    }
}
