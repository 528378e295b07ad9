//! What a Raspberry Pi's firmware tells about its power supply and its clock.
//!
//! Sources: `vcgencmd get_throttled` in the Raspberry Pi documentation for the bits, which Raspberry Pi's kernels also give in a
//! file; the kernel's Documentation/hwmon/raspberrypi-hwmon.rst for the alarm that every kernel has.

use std::path::Path;

use super::{
    Condition,
    files::{entries, number, text},
};

/// The bits of the firmware that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// The supply's voltage is or was below 4.63 V.
    pub under_voltage: Condition,
    /// The clock is or was held down, by whatever cause.
    pub throttled: Condition,
}

/// How far the bits that remember lie above those of this moment.
const SINCE_BOOT: u32 = 16;
const UNDER_VOLTAGE: u32 = 1;
/// Clock capped, throttled, or lowered at the soft limit of temperature.
const THROTTLED: u32 = 0b1110;

/// What the firmware tells; `None` on other boards and kernels.
pub fn firmware(root: &Path) -> Option<Firmware> {
    // The bus is called after its address on newer boards: soc@107c000000.
    let buses = entries(root.join("sys/devices/platform"), |name| name.starts_with("soc"));
    let mut devices = buses.iter().flat_map(|bus| entries(bus, |name| name.ends_with("firmware")));
    let digits = devices.find_map(|device| text(device.join("get_throttled")))?;
    let bits = u32::from_str_radix(digits.trim_start_matches("0x"), 16).ok()?;
    let condition =
        |mask: u32| Condition { now: bits & mask != 0, since_boot: bits & (mask | mask << SINCE_BOOT) != 0 };
    Some(Firmware { under_voltage: condition(UNDER_VOLTAGE), throttled: condition(THROTTLED) })
}

/// Whether the kernel's alarm for a low voltage is on; `None` on other boards.
pub fn low_voltage(root: &Path) -> Option<Condition> {
    let chips = entries(root.join("sys/class/hwmon"), |name| name.starts_with("hwmon"));
    let chip = chips.iter().find(|chip| text(chip.join("name")).as_deref() == Some("rpi_volt"))?;
    let now = number(chip.join("in0_lcrit_alarm"))? != 0;
    Some(Condition { now, since_boot: now })
}
