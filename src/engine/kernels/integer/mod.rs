//! Kernels on integers. [`scalar`] is the reference; every other set gives the same bits.

pub mod lanes;
pub mod scalar;
mod steps;
pub mod transforms;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_lanes;
#[cfg(target_arch = "x86_64")]
mod avx512_lanes;
#[cfg(target_arch = "x86_64")]
mod avx512vnni;
#[cfg(target_arch = "aarch64")]
mod dotprod;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "aarch64")]
mod neon_peaks;
#[cfg(target_arch = "aarch64")]
mod neon_words;
#[cfg(test)]
pub mod tests;

pub use steps::{Scaling, requantized};

use super::{Arithmetic, InstructionSets, Integer, Kernels};
use crate::engine::isa::Isa;

impl Arithmetic for Integer {
    type Activation = u8;
    type Weight = i8;
    type Transformed = i16;
    type Sum = i32;
    type Finish = Scaling;
}

impl InstructionSets for Integer {
    fn kernels(isa: Isa) -> Option<&'static Kernels<Self>> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => Some(&avx512vnni::KERNELS),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Some(&avx2::KERNELS),
            #[cfg(target_arch = "aarch64")]
            Isa::DotProd => Some(&dotprod::KERNELS),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => Some(&neon::KERNELS),
            Isa::Scalar => Some(&scalar::KERNELS),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }
}
