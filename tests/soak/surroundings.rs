//! What a run depends on besides its camera: a disk that fills up or cannot be written, and a clock that is put right.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// A small disk in memory, seen by this test and what it starts.
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts it; this needs a name space of its own, or root.
    pub fn mount(path: PathBuf) -> Self {
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "soak"]).arg(&path).status();
        assert!(
            mounted.unwrap().success(),
            "start the test by `unshare --map-root-user --mount`, as `.ci/run soak` does"
        );
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves no byte free.
    pub fn fill(&self) {
        let mut file = File::create(self.path.join("filling")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    pub fn make_room(&self) {
        fs::remove_file(self.path.join("filling")).unwrap();
    }

    /// Allows writing, or forbids it as soon as no file is being written.
    pub fn allow_writing(&self, allowed: bool) {
        let option = if allowed { "remount,rw" } else { "remount,ro" };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !Command::new("mount").args(["-o", option]).arg(&self.path).status().unwrap().success() {
            assert!(Instant::now() < deadline, "the disk is written all the time");
            thread::sleep(Duration::from_millis(7));
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.path).status();
    }
}

/// The wall clock that a run sees, moved by libfaketime; the clock that only counts on is left alone.
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    pub fn new(file: PathBuf) -> Self {
        let clock = Self { file };
        clock.step_days(0);
        clock
    }

    /// Lets `command` see this clock.
    pub fn give(&self, command: &mut Command) {
        let listed = Command::new("dpkg")
            .args(["-L", "libfaketime"])
            .output()
            .expect("Debian's package libfaketime is installed");
        let listed = String::from_utf8(listed.stdout).unwrap();
        let library =
            listed.lines().find(|line| line.ends_with("libfaketimeMT.so.1")).expect("libfaketime is installed");
        command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &self.file);
        command.env("FAKETIME_CACHE_DURATION", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }

    /// Sets the clock so many days off the machine's.
    pub fn step_days(&self, days: i32) {
        // Renamed, so that no half of it is read.
        let part = self.file.with_extension("part");
        fs::write(&part, format!("{days:+}d\n")).unwrap();
        fs::rename(&part, &self.file).unwrap();
    }
}
