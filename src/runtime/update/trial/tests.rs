use std::{fs, os::unix::fs::PermissionsExt};

use super::*;
use crate::model::fingerprint;

/// A board with the models `old` and `new` installed, `new` in use after `starts` starts that failed.
struct Board(tempfile::TempDir);

impl Board {
    fn new(starts: u32) -> Self {
        let board = Board(tempfile::tempdir().unwrap());
        let changing = Changing::start(board.folder()).unwrap();
        let entry = |name: &str, trial| {
            let file = format!("{}.onnx", fingerprint::id_of_bytes(name.as_bytes()));
            fs::write(board.folder().join("models").join(&file), name).unwrap();
            Some(Entry { file, name: name.into(), trial })
        };
        let installed =
            Installed { current: entry("new", Some(Trial { starts })), previous: entry("old", None), withdrawn: None };
        changing.switch(&installed).unwrap();
        board
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn installed(&self) -> Installed {
        read(self.folder()).unwrap()
    }

    fn starts(&self) -> Option<u32> {
        self.installed().current.unwrap().trial.map(|trial| trial.starts)
    }

    /// What a run that begins now uses.
    fn choose(&self) -> InUse {
        choose_in(self.folder()).unwrap()
    }

    /// The name of the model that a run uses, and that of the one it was taken instead of.
    fn chosen(&self) -> (String, Option<String>) {
        let InUse { path, withdrawn, .. } = self.choose();
        (fs::read_to_string(path.unwrap()).unwrap(), withdrawn.map(|withdrawn| withdrawn.name))
    }
}

#[test]
fn a_start_counts_only_while_the_model_is_at_work() {
    let board = Board::new(0);
    let mut trial = board.choose().trial.unwrap();
    assert_eq!(board.starts(), Some(0));
    for _ in 0..2 {
        trial.begins();
        trial.begins();
        assert_eq!(board.starts(), Some(1));
        trial.ends();
        trial.ends();
        assert_eq!(board.starts(), Some(0));
    }
}

#[test]
fn ten_results_prove_a_model() {
    let board = Board::new(2);
    let mut trial = board.choose().trial.unwrap();
    trial.begins();
    for _ in 1..RESULTS {
        assert!(!trial.gave_result());
        assert_eq!(board.starts(), Some(3));
    }
    assert!(trial.gave_result());
    assert_eq!(board.starts(), None);
    assert!(board.choose().trial.is_none());
    // What comes later is not counted.
    trial.ends();
    assert_eq!((board.starts(), board.chosen()), (None, ("new".into(), None)));
}

#[test]
fn a_model_whose_starts_fail_is_given_up_once() {
    let board = Board::new(0);
    for failed in 1..=STARTS {
        board.choose().trial.unwrap().begins();
        assert_eq!(board.starts(), Some(failed));
    }
    assert_eq!(board.chosen(), ("old".into(), Some("new".into())));
    let installed = board.installed();
    assert!(installed.withdrawn.unwrap().reason.contains("3 starts"));
    // It may be tried again; the one before is not given up in its turn.
    assert_eq!(installed.previous.unwrap().trial, Some(Trial { starts: 0 }));
    assert!(board.choose().trial.is_none());
    assert_eq!(board.chosen(), ("old".into(), Some("new".into())));
}

#[test]
fn what_is_not_on_trial_is_not_counted() {
    let board = Board::new(1);
    let mut trial = board.choose().trial.unwrap();
    let changing = Changing::start(board.folder()).unwrap();
    // Somebody installs another model while the run goes on.
    let Installed { current, previous, .. } = board.installed();
    changing.switch(&Installed { current: previous, previous: current, withdrawn: None }).unwrap();
    drop(changing);
    let before = board.installed();
    trial.begins();
    assert!((0..RESULTS).any(|_| trial.gave_result()));
    assert_eq!(board.installed(), before);
    let InUse { path, trial, .. } = trial.give_up("it failed");
    assert!(path.unwrap().ends_with(&before.current.unwrap().file) && trial.is_none());
    assert!(choose(Some(Path::new("m.onnx"))).unwrap().trial.is_none());
}

#[test]
fn a_damaged_model_is_not_returned_to() {
    let board = Board::new(STARTS);
    let old = model_path(board.folder(), &board.installed().previous.unwrap());
    fs::write(&old, "odd").unwrap();
    let before = board.installed();
    let InUse { path, trial, .. } = board.choose();
    assert_eq!(fs::read_to_string(path.unwrap()).unwrap(), "new");
    assert!(trial.is_none());
    assert_eq!(board.installed(), before);
}

#[test]
fn a_model_that_has_gone_is_given_up_at_once() {
    let board = Board::new(0);
    fs::remove_file(model_path(board.folder(), &board.installed().current.unwrap())).unwrap();
    assert_eq!(board.chosen(), ("old".into(), Some("new".into())));
}

#[test]
fn where_nothing_can_be_written_runs_go_on() {
    let board = Board::new(STARTS);
    // Root may write everywhere, but no folder can be made where a file is.
    let models = board.folder().join("models");
    let aside = board.folder().join("aside");
    fs::set_permissions(board.folder(), fs::Permissions::from_mode(0o555)).unwrap();
    let writable = fs::write(board.folder().join("probe"), "").is_ok();
    if writable {
        fs::set_permissions(board.folder(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(board.folder().join("lock"), &aside).unwrap();
        fs::create_dir(board.folder().join("lock")).unwrap();
        fs::create_dir(board.folder().join(format!("installed.json.{}.tmp", std::process::id()))).unwrap();
    }
    let before = board.installed();
    assert_eq!(board.chosen(), ("old".into(), Some("new".into())));
    assert_eq!(board.installed(), before);
    fs::set_permissions(board.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(models.exists());
}
