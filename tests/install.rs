//! `vggcam install` and `vggcam rollback`: the model in use is the old one or the new one, and whole, whatever happens.
#![cfg(feature = "finetune")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    thread,
    time::Instant,
};

use assert_cmd::{Command, cargo::CommandCargoExt};
use common::Noise;
use serde_json::Value;
use vggcam::runtime::installed::{self, Installed};

/// A board: models to install, and the folder they go to.
struct Board {
    root: tempfile::TempDir,
}

impl Board {
    fn new() -> Self {
        let board = Board { root: tempfile::tempdir().unwrap() };
        common::write_tested_model(&board.path("a.onnx"), 1, &["ant", "bee"]);
        common::write_tested_model(&board.path("b.onnx"), 2, &["owl", "elk", "yak"]);
        board
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn state(&self) -> PathBuf {
        self.path("state")
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::cargo_bin("vggcam").unwrap();
        command.current_dir(self.root.path()).env("VGGCAM_STATE", self.state());
        // This machine may have settings of its own.
        command.env("VGGCAM_CONFIG", "/dev/null").args(arguments);
        command
    }

    fn vggcam(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Succeeds, and says so on standard output.
    fn does(&self, arguments: &[&str]) -> String {
        let output = self.vggcam(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Fails with one line, which says `why`; what is installed stays.
    fn refuses(&self, arguments: &[&str], why: &str) {
        let before = self.installed();
        let output = self.vggcam(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(why) && error.lines().count() == 1, "{error}");
        assert_eq!(self.installed(), before);
    }

    fn installed(&self) -> Installed {
        installed::read(&self.state()).unwrap()
    }

    /// Names of the models in use and to go back to.
    fn names(&self) -> [Option<String>; 2] {
        let Installed { current, previous } = self.installed();
        [current, previous].map(|entry| entry.map(|entry| entry.name))
    }

    /// The classes that a model knows when none is named.
    fn classes(&self) -> Vec<String> {
        let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/models/demo/cat-chelsea.jpg");
        let line: Value = serde_json::from_str(&self.does(&["classify", "--json", picture])).unwrap();
        line["probabilities"].as_object().unwrap().keys().cloned().collect()
    }

    fn models(&self) -> usize {
        fs::read_dir(self.state().join("models")).unwrap().count()
    }
}

fn some(name: &str) -> Option<String> {
    Some(name.into())
}

#[test]
fn the_installed_model_is_used_and_the_one_before_comes_back() {
    let board = Board::new();
    assert_eq!(board.classes(), ["cat", "dog"]);
    board.refuses(&["rollback"], "nothing has been installed");
    let said = board.does(&["install", "a.onnx"]);
    assert!(said.contains("self-test") && said.contains("4 reference pictures"), "{said}");
    assert_eq!(board.classes(), ["ant", "bee"]);
    board.does(&["install", "b.onnx"]);
    assert_eq!(board.names(), [some("owl/elk/yak"), some("ant/bee")]);
    assert_eq!(board.classes(), ["elk", "owl", "yak"]);
    // Once more changes nothing: the one before is still there to go back to.
    assert!(board.does(&["install", "b.onnx"]).contains("in use already"));
    let said = board.does(&["rollback"]);
    assert!(said.contains("ant/bee is in use again"), "{said}");
    assert_eq!(board.classes(), ["ant", "bee"]);
    board.does(&["rollback"]);
    assert_eq!(board.names(), [some("owl/elk/yak"), some("ant/bee")]);
    assert_eq!(board.models(), 2);
}

#[test]
fn the_bundled_model_is_what_was_before_the_first() {
    let board = Board::new();
    board.does(&["install", "a.onnx"]);
    assert!(board.does(&["rollback"]).contains("the bundled model is in use again"));
    assert_eq!(board.classes(), ["cat", "dog"]);
    board.does(&["rollback"]);
    assert_eq!(board.classes(), ["ant", "bee"]);
}

#[test]
fn a_folder_may_be_named() {
    let board = Board::new();
    board.does(&["install", "a.onnx", "--state", "elsewhere"]);
    assert_eq!(board.names(), [None, None]);
    assert_eq!(installed::read(&board.path("elsewhere")).unwrap().current.unwrap().name, "ant/bee");
    board.does(&["rollback", "--state", "elsewhere"]);
}

#[test]
fn a_check_changes_nothing() {
    let board = Board::new();
    assert!(board.does(&["install", "--check", "a.onnx"]).contains("4 reference pictures"));
    assert!(!board.state().exists());
}

#[test]
fn what_is_no_good_is_not_installed() {
    let board = Board::new();
    board.does(&["install", "a.onnx"]);
    common::change_expected_answers(&board.path("b.onnx"));
    board.refuses(&["install", "b.onnx"], "this processor's answers differ from those where b.onnx was made");
    board.refuses(&["install", "--check", "b.onnx"], "reference picture 1 is ");
    let whole = fs::read(board.path("a.onnx")).unwrap();
    fs::write(board.path("cut.onnx"), &whole[..whole.len() / 2]).unwrap();
    board.refuses(&["install", "cut.onnx"], "cut.onnx is not a usable model");
    fs::write(board.path("empty.onnx"), "").unwrap();
    board.refuses(&["install", "empty.onnx"], "empty");
    board.refuses(&["install", "missing.onnx"], "cannot read missing.onnx");
    board.refuses(&["install", "."], "it is no file");
    let endless = fs::File::create(board.path("long.onnx")).unwrap();
    endless.set_len((2 << 30) + 1).unwrap();
    board.refuses(&["install", "long.onnx"], "longer than 2 GiB");
    assert_eq!(board.models(), 1);
    assert_eq!(board.classes(), ["ant", "bee"]);
}

#[test]
fn a_model_that_was_damaged_is_not_returned_to() {
    let board = Board::new();
    board.does(&["install", "a.onnx"]);
    board.does(&["install", "b.onnx"]);
    let previous = installed::model_path(&board.state(), &board.installed().previous.unwrap());
    let mut bytes = fs::read(&previous).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&previous, bytes).unwrap();
    board.refuses(&["rollback"], "damaged");
    fs::remove_file(installed::model_path(&board.state(), &board.installed().current.unwrap())).unwrap();
    board.refuses(&["classify", "a.png"], "vggcam rollback");
    let doctor = board.vggcam(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("is not there"));
}

/// How often an installation is killed.
const KILLS: usize = 12;

#[test]
fn killed_at_any_instant_the_old_or_the_new_model_is_in_use() {
    let board = Board::new();
    let start = Instant::now();
    board.does(&["install", "a.onnx"]);
    let whole = start.elapsed();
    let mut noise = Noise(7);
    let mut switched = 0;
    for round in 0..KILLS {
        let before = board.names()[0].clone().unwrap();
        let (file, name) = if before == "ant/bee" { ("b.onnx", "owl/elk/yak") } else { ("a.onnx", "ant/bee") };
        let mut child = board.command(&["install", file]).stdout(std::process::Stdio::null()).spawn().unwrap();
        thread::sleep(whole.mul_f32(noise.value().abs() * 1.2));
        // It may be done.
        let _ = child.kill();
        child.wait().unwrap();
        let after = board.names()[0].clone().unwrap();
        assert!(after == before || after == name, "round {round}: {after} after installing {name} over {before}");
        switched += usize::from(after == name);
        let current = installed::model_path(&board.state(), &board.installed().current.unwrap());
        board.does(&["install", "--check", current.to_str().unwrap()]);
    }
    assert!(switched < KILLS, "no kill came before the end");
    board.does(&["install", "a.onnx"]);
    board.does(&["install", "b.onnx"]);
    // Nothing that was half done has stayed.
    assert_eq!(board.models(), 2);
    let left: Vec<_> = fs::read_dir(board.state()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn help_is_what_the_contract_says() {
    for command in ["install", "rollback"] {
        let output = Command::cargo_bin("vggcam").unwrap().args([command, "--help"]).output().unwrap();
        insta::assert_snapshot!(format!("help_{command}"), String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn a_new_model_carries_what_it_is_tested_with() {
    let board = Board::new();
    let found = vggcam::model::file::open(Path::new(&board.path("a.onnx"))).unwrap();
    let references = found.references.decode().unwrap();
    assert_eq!((references.precision.as_str(), references.pictures.len()), ("int8", 4));
}
