//! What the processor offers to integer and float kernels.

/// An instruction set extension that kernels may use, and whether this processor has it.
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

/// The strongest extension present, or `generic`.
pub fn name() -> &'static str {
    features().into_iter().find(|feature| feature.present).map_or("generic", |feature| feature.name)
}

/// Number of processor cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
