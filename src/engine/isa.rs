//! What the processor offers to kernels, and which kernels run on it.

use std::{fmt, str::FromStr};

/// An instruction set that the integer engine has kernels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// x86-64 with AVX-512 F, BW, VL and VNNI.
    Avx512Vnni,
    /// x86-64 with AVX2.
    Avx2,
    /// 64-bit ARM with the dot product of bytes (Cortex-A76 and newer).
    DotProd,
    /// 64-bit ARM.
    Neon,
    /// Any processor.
    Scalar,
}

impl Isa {
    /// All of them, the strongest of each architecture first.
    pub const ALL: [Isa; 5] = [Isa::Avx512Vnni, Isa::Avx2, Isa::DotProd, Isa::Neon, Isa::Scalar];

    /// Short name, as `VGGCAM_ISA` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Avx512Vnni => "avx512vnni",
            Isa::Avx2 => "avx2",
            Isa::DotProd => "dotprod",
            Isa::Neon => "neon",
            Isa::Scalar => "scalar",
        }
    }

    /// Whether this processor has it.
    pub fn is_present(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "aarch64")]
            Isa::DotProd => std::arch::is_aarch64_feature_detected!("dotprod"),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Isa::Scalar => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// The strongest that this processor has.
    pub fn strongest() -> Isa {
        Isa::ALL.into_iter().find(|isa| isa.is_present()).unwrap_or(Isa::Scalar)
    }

    /// What the environment variable `VGGCAM_ISA` asks for, else the strongest; the error says what is wrong with it.
    pub fn chosen() -> Result<Isa, String> {
        let Some(wish) = std::env::var_os("VGGCAM_ISA").filter(|wish| !wish.is_empty()) else {
            return Ok(Isa::strongest());
        };
        let isa: Isa = wish.to_string_lossy().parse()?;
        if isa.is_present() {
            Ok(isa)
        } else {
            let present: Vec<_> = Isa::ALL.into_iter().filter(|isa| isa.is_present()).map(Isa::name).collect();
            Err(format!("VGGCAM_ISA is {isa}, which this processor lacks; it has {}", present.join(", ")))
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Isa::ALL.map(Isa::name).join(", ");
        Isa::ALL
            .into_iter()
            .find(|isa| isa.name() == name)
            .ok_or_else(|| format!("VGGCAM_ISA is {name:?}; known are {known}"))
    }
}

/// An instruction set extension, and whether this processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Name as the processor's documentation has it, in lower case.
    pub name: &'static str,
    /// Whether this processor has it.
    pub present: bool,
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! detect {
    ($detector:ident: $($name:tt),+) => {
        vec![$(Feature { name: $name, present: std::arch::$detector!($name) }),+]
    };
}

/// The extensions that matter on this architecture, the strongest first.
#[cfg(target_arch = "x86_64")]
pub fn features() -> Vec<Feature> {
    detect!(is_x86_feature_detected: "avx512vnni", "avx512f", "avxvnni", "avx2", "fma")
}

/// The extensions that matter on this architecture, the strongest first.
#[cfg(target_arch = "aarch64")]
pub fn features() -> Vec<Feature> {
    detect!(is_aarch64_feature_detected: "i8mm", "dotprod", "fp16", "neon")
}

/// Empty: there is no stable way to ask this architecture.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn features() -> Vec<Feature> {
    vec![]
}

/// Number of processor cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Threads for a run that leaves the camera and the display some air: all cores, or all but one of four or more.
pub fn threads_beside_others() -> usize {
    match cores() {
        cores @ ..4 => cores,
        cores => cores - 1,
    }
}
