//! Temperatures, and what the kernel has slowed down because of them.
//!
//! Source: the kernel's Documentation/driver-api/thermal/sysfs-api.rst.

use std::path::Path;

use super::files::{entries, number, text};

/// Parts of the types of zones that lie in the chip itself.
const CHIP: [&str; 6] = ["cpu", "soc", "gpu", "tj", "x86_pkg", "mcpu"];
/// Temperatures in °C that sensors can mean; others stand for a sensor that is off.
const SENSIBLE: std::ops::Range<f32> = -40.0..150.0;

/// The hottest zone of the chip in °C; of all zones where none says that it lies in the chip.
pub fn hottest(root: &Path) -> Option<f32> {
    let zones = entries(root.join("sys/class/thermal"), |name| name.starts_with("thermal_zone"));
    let zones: Vec<(String, f32)> = zones
        .iter()
        .filter_map(|zone| {
            let kind = text(zone.join("type"))?.to_lowercase();
            Some((kind, number(zone.join("temp"))? as f32 / 1000.0))
        })
        // A Jetson Nano's power chip tells 100 °C always.
        .filter(|(kind, degrees)| !kind.starts_with("pmic") && SENSIBLE.contains(degrees))
        .collect();
    let hottest = |chip: bool| {
        let wanted = zones.iter().filter(|(kind, _)| !chip || CHIP.iter().any(|part| kind.contains(part)));
        wanted.map(|(_, degrees)| *degrees).max_by(f32::total_cmp)
    };
    hottest(true).or_else(|| hottest(false))
}

/// Whether the kernel holds the clock of a processor down to cool it; `None` where it could not.
pub fn slowed_down(root: &Path) -> Option<bool> {
    let devices = entries(root.join("sys/class/thermal"), |name| name.starts_with("cooling_device"));
    let states: Vec<i64> = devices
        .iter()
        .filter(|device| {
            // A fan that runs slows nothing down.
            let kind = text(device.join("type")).unwrap_or_default().to_lowercase();
            ["cpufreq", "devfreq", "processor"].iter().any(|part| kind.contains(part))
        })
        .filter_map(|device| number(device.join("cur_state")))
        .collect();
    (!states.is_empty()).then(|| states.iter().any(|&state| state > 0))
}
