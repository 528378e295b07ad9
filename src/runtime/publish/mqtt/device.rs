//! What the board is called, and its topics.

use std::{fs, path::Path};

use super::Settings;
use crate::model::fingerprint::hash_of_bytes;

/// A board among others on a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What people call it.
    pub name: String,
    /// Where Home Assistant listens, if it is to be told.
    pub discovery: Option<String>,
    id: String,
    base: String,
}

impl Device {
    /// The board whose files lie below `root`.
    pub fn new(settings: &Settings, root: &Path) -> Self {
        let text = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default().trim().to_owned();
        let host = || Some(text("proc/sys/kernel/hostname")).filter(|host| !host.is_empty());
        let name = settings.name.clone().or_else(host).unwrap_or_else(|| "vggcam".into());
        let id = id(&name, &text("etc/machine-id"));
        let discovery = settings.discovery.then(|| settings.discovery_prefix.clone());
        Self { base: format!("{}/{id}", settings.prefix), name, discovery, id }
    }

    /// What tells the board from all others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it says whether it is there.
    pub fn availability(&self) -> String {
        format!("{}/availability", self.base)
    }

    /// Where it says whether a label counts.
    pub fn label_availability(&self) -> String {
        format!("{}/label/availability", self.base)
    }

    /// Where it says what it sees.
    pub fn state(&self) -> String {
        format!("{}/state", self.base)
    }

    /// Where it says how it fares.
    pub fn health(&self) -> String {
        format!("{}/health", self.base)
    }
}

/// The name in plain letters, and what tells boards of the same name apart: a hash of the number that every installation of Linux
/// has, which is to be kept secret itself (machine-id(5)).
fn id(name: &str, machine: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(plain).take(40).collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "vggcam" } else { name };
    match machine {
        "" => name.into(),
        machine => format!("{name}-{:08x}", hash_of_bytes(format!("vggcam {machine}").as_bytes()) as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_of_one_name_are_told_apart() {
        let (one, other) = (id("raspberrypi", "aaaa"), id("raspberrypi", "bbbb"));
        assert!(one != other && one.starts_with("raspberrypi-") && one.len() == "raspberrypi-".len() + 8);
        assert_eq!(one, id("raspberrypi", "aaaa"));
        assert_eq!([id("Küche + Flur/1", ""), id("…", "")], ["k-che---flur-1", "vggcam"]);
    }

    #[test]
    fn topics_begin_with_the_prefix_and_the_board() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/sys/kernel")).unwrap();
        fs::write(root.path().join("proc/sys/kernel/hostname"), "pi\n").unwrap();
        let device = Device::new(&Settings { prefix: "home/cams".into(), ..Settings::default() }, root.path());
        assert_eq!((device.name.as_str(), device.state()), ("pi", "home/cams/pi/state".into()));
        let named = Settings { name: Some("Door".into()), discovery: false, ..Settings::default() };
        let device = Device::new(&named, root.path());
        assert_eq!((device.availability(), device.discovery), ("vggcam/door/availability".into(), None));
    }
}
