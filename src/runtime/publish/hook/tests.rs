//! Real programs, which write down what they find.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::runtime::publish::record::tests::{answer, begun, lost};

/// How long to wait for what must happen; only a failing test waits that long.
const LONG: Duration = Duration::from_secs(20);

/// A program of a few lines of shell.
fn program(folder: &Path, lines: &str) -> Settings {
    let path = folder.join("hook");
    fs::write(&path, format!("#!/bin/sh\ncd {}\n{lines}\n", folder.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Settings::program(path.to_str().unwrap())
}

/// The lines of a file once there are `count` of them.
fn lines(path: &Path, count: usize) -> Vec<String> {
    let deadline = Instant::now() + LONG;
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.len() >= count && text.ends_with('\n') {
            return lines;
        }
        assert!(Instant::now() < deadline, "{lines:?} are too few");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_change_runs_the_program_with_all_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let record = begun();
    let said = "echo \"$VGGCAM_PREVIOUS>$VGGCAM_LABEL|$VGGCAM_CONFIDENCE|$VGGCAM_STATE|$VGGCAM_CAUSE|$1\" >>said\n\
                echo $VGGCAM_TIME >>times";
    let mut settings = program(folder.path(), said);
    // An argument is no shell's.
    settings.command.push("$HOME; false".into());
    let _hook = Hook::start(&settings, &record).unwrap();
    let file = folder.path().join("said");
    answer(&record, Some(0));
    assert_eq!(lines(&file, 1), [">cat|0.7500|live||$HOME; false"]);
    answer(&record, Some(0));
    answer(&record, Some(1));
    assert_eq!(lines(&file, 2)[1], "cat>dog \"x\"|0.7500|live||$HOME; false");
    lost(&record, Duration::ZERO);
    assert_eq!(lines(&file, 3)[2], "dog \"x\">||camera lost|unplugged|$HOME; false");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    let times = lines(&folder.path().join("times"), 3);
    assert!(times.iter().all(|time| (now - time.parse::<f64>().unwrap()).abs() < 60.0), "{times:?}");
}

#[test]
fn one_runs_at_a_time_and_the_newest_change_wins() {
    let folder = tempfile::tempdir().unwrap();
    let record = begun();
    let slow = "mkdir running || echo twice >>said\necho $VGGCAM_LABEL >>begun\nwhile [ ! -e go ]; do sleep 0.01; done\n\
                rmdir running\necho $VGGCAM_LABEL >>said";
    let _hook = Hook::start(&program(folder.path(), slow), &record).unwrap();
    answer(&record, Some(0));
    lines(&folder.path().join("begun"), 1);
    for label in [Some(1), Some(0), Some(1), None] {
        answer(&record, label);
    }
    fs::write(folder.path().join("go"), "").unwrap();
    assert_eq!(lines(&folder.path().join("said"), 2), ["cat", "unknown"]);
}

#[test]
fn what_goes_wrong_is_told_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let run = |settings: &Settings, limit: Duration| run(&settings.command, limit, &[], &stop).unwrap_err();
    let failing = run(&program(folder.path(), "echo no lamp >&2\nexit 3"), LONG);
    assert_eq!(failing, "ended with status 3: no lamp");
    let slow = program(folder.path(), "echo $$ >pid\necho waiting >&2\nsleep 1000 & wait");
    let told = run(&slow, Duration::from_millis(500));
    assert!(told.starts_with("took longer than 0.5 s"), "{told}");
    // It was waited for, so that there is not even a zombie.
    let pid = lines(&folder.path().join("pid"), 1).remove(0);
    assert!(!Path::new("/proc").join(pid).exists());
    assert!(run(&Settings::program("/nowhere/hook"), LONG).contains("cannot be started"));
}

#[test]
fn a_program_ends_with_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let record = begun();
    let hook = Hook::start(&program(folder.path(), "echo $$ >pid\nsleep 1000"), &record).unwrap();
    answer(&record, Some(0));
    let pid = lines(&folder.path().join("pid"), 1).remove(0);
    drop(hook);
    assert!(!Path::new("/proc").join(pid).exists());
}

#[test]
fn settings_without_sense_are_refused() {
    let record = begun();
    assert!(Hook::start(&Settings::default(), &record).unwrap().is_none());
    for time_limit_s in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let settings = Settings { time_limit_s, ..Settings::program("x") };
        assert!(Hook::start(&settings, &record).err().unwrap().to_string().contains("time_limit_s"));
    }
}
