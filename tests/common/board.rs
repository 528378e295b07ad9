//! A board: models to install, and the folder they go to.
#![allow(dead_code)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use assert_cmd::cargo::CommandCargoExt;
use vggcam::{
    model::fingerprint,
    runtime::update::installed::{self, Entry, Installed, Trial},
};

use crate::common;

/// What is in use where nothing was installed.
pub const BUNDLED: &str = "bundled";
/// Names of the models `ant.onnx` and `owl.onnx`.
pub const ANT: &str = "ant/bee";
pub const OWL: &str = "owl/elk/yak";
pub const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/demo/cat-chelsea.jpg");

/// A folder with two models, and the state of a board.
pub struct Board {
    root: tempfile::TempDir,
}

impl Board {
    pub fn new() -> Self {
        let board = Board { root: tempfile::tempdir().unwrap() };
        common::write_tested_model(&board.path("ant.onnx"), 1, &["ant", "bee"]);
        common::write_tested_model(&board.path("owl.onnx"), 2, &["owl", "elk", "yak"]);
        fs::copy(PICTURE, board.path("picture.jpg")).unwrap();
        board
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// `program` in this board's folder, with its state and without the machine's settings.
    pub fn set_up(&self, mut command: Command) -> Command {
        command.current_dir(self.root.path()).env("VGGCAM_STATE", self.state()).env("VGGCAM_CONFIG", "/dev/null");
        command.stdin(Stdio::null());
        command
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.set_up(Command::cargo_bin("vggcam").unwrap());
        command.args(arguments);
        command
    }

    pub fn vggcam(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Succeeds; gives its standard output.
    pub fn does(&self, arguments: &[&str]) -> String {
        succeeded(self.vggcam(arguments))
    }

    /// Fails with one line, which says `why`; what is installed stays.
    pub fn refuses(&self, arguments: &[&str], why: &str) {
        let before = self.installed();
        let output = self.vggcam(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(why) && error.lines().count() == 1, "{error}");
        assert_eq!(self.installed(), before);
    }

    pub fn installed(&self) -> Installed {
        installed::read(&self.state()).unwrap()
    }

    /// The name of the model in use.
    pub fn in_use(&self) -> String {
        name(&self.installed().current)
    }

    /// How the trial of the model in use stands.
    pub fn starts(&self) -> Option<u32> {
        self.installed().current.and_then(|entry| entry.trial).map(|trial| trial.starts)
    }

    /// Installs `owl.onnx` over `ant.onnx`, on trial after `starts` failed starts.
    pub fn with_owl_on_trial(starts: u32) -> Self {
        let board = Board::new();
        board.does(&["install", "ant.onnx"]);
        board.does(&["install", "owl.onnx"]);
        board.set_trials(Some(starts));
        board
    }

    /// Notes that the model before has proved itself, and how the trial of the one in use stands.
    pub fn set_trials(&self, starts: Option<u32>) {
        let Installed { current, previous, withdrawn } = self.installed();
        let with = |entry: Option<Entry>, trial| entry.map(|entry| Entry { trial, ..entry });
        let current = with(current, starts.map(|starts| Trial { starts }));
        let changing = installed::Changing::start(&self.state()).unwrap();
        changing.switch(&Installed { current, previous: with(previous, None), withdrawn }).unwrap();
    }

    /// Whether all that is named is there and whole. Gives the name of the model in use.
    pub fn whole(&self) -> Result<String, String> {
        let installed = installed::read(&self.state()).map_err(|error| error.to_string())?;
        for entry in installed.current.iter().chain(&installed.previous) {
            let path = installed::model_path(&self.state(), entry);
            let id = fingerprint::id_of_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            if format!("{id}.onnx") != entry.file {
                return Err(format!("{} has other bytes than its name says", path.display()));
            }
        }
        Ok(name(&installed.current))
    }

    /// Whether the model in use answers as that of this name.
    pub fn answers_as(&self, name: &str) {
        let output = self.does(&["classify", "--json", "picture.jpg"]);
        let line: serde_json::Value = serde_json::from_str(&output).unwrap();
        let mut classes: Vec<&str> = line["probabilities"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected: Vec<&str> = if name == BUNDLED { vec!["cat", "dog"] } else { name.split('/').collect() };
        classes.sort_unstable();
        expected.sort_unstable();
        assert_eq!(classes, expected);
    }

    /// Makes the state what `template` is.
    pub fn restore(&self, template: &Path) {
        let _ = fs::remove_dir_all(self.state());
        copy_folder(template, &self.state());
    }
}

fn name(entry: &Option<Entry>) -> String {
    entry.as_ref().map_or(BUNDLED.into(), |entry| entry.name.clone())
}

pub fn succeeded(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
