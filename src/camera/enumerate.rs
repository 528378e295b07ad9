//! The cameras of this machine: every `/dev/video*` node, what it offers, and whether it can be used.

use std::fs;
use std::path::{Path, PathBuf};

use super::names::lasting;
use super::v4l2::{DeviceInfo, OfferedFormat, inspect};

/// One video node.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraInfo {
    /// Its path, such as `/dev/video0`.
    pub device: PathBuf,
    /// Name of the device, empty where it cannot be asked.
    pub name: String,
    /// Name of its driver, empty where it cannot be asked.
    pub driver: String,
    /// What it offers; printable, one format each.
    pub formats: Vec<OfferedFormat>,
    /// A name of it that lasts when its number changes, where the system keeps one.
    pub lasting_name: Option<PathBuf>,
    /// Why it cannot be used and what to do about it, in one line; `None` where it can be used.
    pub problem: Option<String>,
}

#[cfg(test)]
impl CameraInfo {
    /// A node of which a test cares only whether it can be used.
    pub fn of(device: &str, problem: Option<&str>) -> Self {
        let (name, driver, formats) = (String::new(), String::new(), Vec::new());
        Self { device: device.into(), name, driver, formats, lasting_name: None, problem: problem.map(Into::into) }
    }
}

/// Lists the video nodes of this machine, by number; empty where there are none.
pub fn cameras() -> Vec<CameraInfo> {
    video_nodes(Path::new("/dev")).into_iter().map(camera).collect()
}

fn camera(device: PathBuf) -> CameraInfo {
    let lasting_name = lasting(&device).into_iter().next();
    let info = inspect(&device).unwrap_or_else(|error| DeviceInfo {
        name: String::new(),
        driver: String::new(),
        formats: Vec::new(),
        problem: Some(error.to_string()),
    });
    let DeviceInfo { name, driver, formats, problem } = info;
    CameraInfo { device, name, driver, formats, lasting_name, problem }
}

/// The nodes `video0`, `video1`, … in `folder`, by number.
fn video_nodes(folder: &Path) -> Vec<PathBuf> {
    let mut numbers: Vec<u32> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix("video")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| folder.join(format!("video{number}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_come_by_number() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["video10", "video2", "video", "videos1", "audio0", "video0"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let nodes = video_nodes(folder.path());
        assert_eq!(nodes, ["video0", "video2", "video10"].map(|name| folder.path().join(name)));
        assert!(video_nodes(&folder.path().join("missing")).is_empty());
    }

    #[test]
    fn a_node_that_cannot_be_used_says_why() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let info = camera(file.path().into());
        assert!(info.problem.unwrap().starts_with(&format!("{} cannot be used", file.path().display())));
    }
}
