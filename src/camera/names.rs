//! Names of devices that stay the same when numbers change: `/dev/v4l/by-id/…` and `/dev/v4l/by-path/…`.

use std::fs;
use std::path::{Path, PathBuf};

/// Where udev keeps the names; a name by the camera's own identity says more than one by the socket it is plugged into.
const FOLDERS: [&str; 2] = ["/dev/v4l/by-id", "/dev/v4l/by-path"];

/// The lasting names of the device at `path`, the best first; empty where the system keeps none.
pub fn lasting(path: &Path) -> Vec<PathBuf> {
    lasting_in(&FOLDERS.map(Path::new), path)
}

fn lasting_in(folders: &[&Path], path: &Path) -> Vec<PathBuf> {
    let Ok(device) = path.canonicalize() else { return Vec::new() };
    let mut names = Vec::new();
    for folder in folders {
        let mut here: Vec<PathBuf> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|name| name.canonicalize().is_ok_and(|target| target == device))
            .collect();
        here.sort();
        names.append(&mut here);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn names_lead_to_the_device_the_best_first() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["video0", "video1"] {
            fs::write(at(name), b"").unwrap();
        }
        for (name, target) in [
            ("by-id/cam-b", "video1"),
            ("by-id/cam-a", "video0"),
            ("by-path/usb-1", "video1"),
            ("by-id/gone", "video7"),
        ] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            symlink(at(target), at(name)).unwrap();
        }
        let (by_path, by_id) = (at("by-path"), at("by-id"));
        let folders = [by_id.as_path(), by_path.as_path(), Path::new("/no/such/folder")];
        assert_eq!(lasting_in(&folders, &at("video1")), [at("by-id/cam-b"), at("by-path/usb-1")]);
        assert_eq!(lasting_in(&folders, &at("by-path/usb-1")), [at("by-id/cam-b"), at("by-path/usb-1")]);
        assert!(lasting_in(&folders, &at("video9")).is_empty());
    }
}
