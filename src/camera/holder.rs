//! Which program has a device open.

use std::fs;
use std::path::Path;

/// Name and number of another process that has the device at `path` open, such as `guvcview (process 1234)`; `None` where
/// there is none, or none that this user may see.
pub fn holder(path: &Path) -> Option<String> {
    let device = path.canonicalize().ok()?;
    let own = std::process::id();
    let processes = fs::read_dir("/proc").ok()?;
    let mut numbers: Vec<u32> =
        processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(|&n| n != own).collect();
    numbers.sort_unstable();
    let number = numbers.into_iter().find(|&number| has_open(number, &device))?;
    let name = fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
    Some(format!("{} (process {number})", name.trim()))
}

fn has_open(process: u32, device: &Path) -> bool {
    let files = fs::read_dir(format!("/proc/{process}/fd"));
    files
        .into_iter()
        .flatten()
        .any(|file| file.is_ok_and(|file| fs::read_link(file.path()).is_ok_and(|target| target == device)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn names_the_process_that_has_a_file_open() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(holder(file.path()), None, "this process does not count");
        let input = Stdio::from(file.reopen().unwrap());
        let mut child = Command::new("sleep").arg("60").stdin(input).spawn().unwrap();
        let found = holder(file.path());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, Some(format!("sleep (process {})", child.id())));
        assert_eq!(holder(Path::new("/no/such/device")), None);
    }
}
