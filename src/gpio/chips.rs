//! The GPIO chips of this machine.

use std::{fs, path::PathBuf};

use linux_embedded_hal::gpio_cdev::Chip;

/// A GPIO chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundChip {
    /// Its device, such as `/dev/gpiochip0`.
    pub device: PathBuf,
    /// What it is, and which of its lines are taken by whom; `None` where it cannot be opened.
    pub description: Option<String>,
}

/// Lists the GPIO chips of this machine; empty where there are none.
pub fn list() -> Vec<FoundChip> {
    let mut devices: Vec<PathBuf> = fs::read_dir("/dev")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gpiochip")))
        .collect();
    devices.sort();
    devices.into_iter().map(|device| FoundChip { description: describe(&device), device }).collect()
}

fn describe(device: &PathBuf) -> Option<String> {
    let chip = Chip::new(device).ok()?;
    let taken: Vec<String> = chip
        .lines()
        .filter_map(|line| {
            let info = line.info().ok()?;
            let name = info.name().map_or_else(|| line.offset().to_string(), String::from);
            Some(format!("{name} by {}", info.consumer()?))
        })
        .collect();
    let taken = if taken.is_empty() { "none taken".into() } else { format!("taken: {}", taken.join(", ")) };
    Some(format!("{}, {} lines; {taken}", chip.label(), chip.num_lines()))
}
