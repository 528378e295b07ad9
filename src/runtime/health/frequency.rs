//! The processor's clock.
//!
//! Source: the kernel's Documentation/admin-guide/pm/cpufreq.rst; files hold kHz.

use std::path::Path;

use super::{
    Frequency,
    files::{entries, number},
};

/// The clock of the cores that can run fastest.
pub fn fastest(root: &Path) -> Option<Frequency> {
    let policies = entries(root.join("sys/devices/system/cpu/cpufreq"), |name| name.starts_with("policy"));
    let mhz = |path| u32::try_from(number(path)? / 1000).ok().filter(|&mhz| mhz > 0);
    let frequencies = policies.iter().filter_map(|policy| {
        let max_mhz = mhz(policy.join("cpuinfo_max_freq"))?;
        Some(Frequency { current_mhz: mhz(policy.join("scaling_cur_freq"))?, max_mhz })
    });
    frequencies.max_by_key(|frequency| (frequency.max_mhz, frequency.current_mhz))
}
