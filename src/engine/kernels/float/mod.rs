//! Kernels on float32. The loops are written once over vectors of any width; each instruction set has its own vectors and
//! its own number of sums in registers.

pub(super) mod ending;
pub(super) mod lanes;
pub mod loops;
pub(super) mod scalar;
mod table;
pub mod transforms;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
#[cfg(test)]
mod tests;

use super::{Arithmetic, Float, InstructionSets, Kernels};
use crate::engine::isa::Isa;

/// How sums become activations: `max(sum + bias, low)`.
#[derive(Clone, Copy, Debug)]
pub struct Bias {
    /// One for each lane.
    pub bias: *const f32,
    /// 0 for ReLU, else −∞.
    pub low: f32,
}

impl Arithmetic for Float {
    type Activation = f32;
    type Weight = f32;
    type Transformed = f32;
    type Sum = f32;
    type Finish = Bias;
}

impl InstructionSets for Float {
    /// On a processor with AVX2 but without FMA, the scalar ones.
    fn kernels(isa: Isa) -> Option<&'static Kernels<Self>> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => Some(&avx512::KERNELS),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 if is_x86_feature_detected!("fma") => Some(&avx2::KERNELS),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon | Isa::DotProd => Some(&neon::KERNELS),
            Isa::Avx2 | Isa::Scalar => Some(&scalar::KERNELS),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }
}
