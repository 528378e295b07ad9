//! `vggcam install` and `vggcam rollback`: the model in use is the old one or the new one, and whole, whatever happens.
#![cfg(feature = "finetune")]

#[path = "common/board.rs"]
mod board;
mod common;

use std::{fs, path::Path, thread, time::Instant};

use assert_cmd::Command;
use board::{ANT, BUNDLED, Board, OWL};
use common::Noise;
use vggcam::runtime::update::installed::{self, Installed};

/// Names of the models in use and to go back to.
fn names(board: &Board) -> [Option<String>; 2] {
    let Installed { current, previous, .. } = board.installed();
    [current, previous].map(|entry| entry.map(|entry| entry.name))
}

/// How many files of models there are.
fn models(board: &Board) -> usize {
    fs::read_dir(board.state().join("models")).unwrap().count()
}

fn some(name: &str) -> Option<String> {
    Some(name.into())
}

#[test]
fn the_installed_model_is_used_and_the_one_before_comes_back() {
    let board = Board::new();
    board.answers_as(BUNDLED);
    board.refuses(&["rollback"], "nothing has been installed");
    let said = board.does(&["install", "ant.onnx"]);
    assert!(said.contains("self-test") && said.contains("4 reference pictures"), "{said}");
    board.answers_as(ANT);
    board.does(&["install", "owl.onnx"]);
    assert_eq!(names(&board), [some("owl/elk/yak"), some("ant/bee")]);
    board.answers_as(OWL);
    // Once more changes nothing: the one before is still there to go back to.
    assert!(board.does(&["install", "owl.onnx"]).contains("in use already"));
    let said = board.does(&["rollback"]);
    assert!(said.contains("ant/bee is in use again"), "{said}");
    board.answers_as(ANT);
    board.does(&["rollback"]);
    assert_eq!(names(&board), [some("owl/elk/yak"), some("ant/bee")]);
    assert_eq!(models(&board), 2);
}

#[test]
fn the_bundled_model_is_what_was_before_the_first() {
    let board = Board::new();
    board.does(&["install", "ant.onnx"]);
    assert!(board.does(&["rollback"]).contains("the bundled model is in use again"));
    board.answers_as(BUNDLED);
    board.does(&["rollback"]);
    board.answers_as(ANT);
}

#[test]
fn a_report_comes_along_and_goes_with_its_model() {
    let board = Board::new();
    common::write_tested_model(&board.path("fox.onnx"), 3, &["fox", "hen"]);
    let reports = || {
        let names = fs::read_dir(board.state().join("models")).unwrap();
        let mut found: Vec<String> = names
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with(".onnx.report.html"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        found.sort();
        found
    };
    fs::write(board.path("report.html"), "of ants").unwrap();
    assert!(board.does(&["install", "ant.onnx"]).contains("report"));
    fs::write(board.path("report.html"), "of owls").unwrap();
    board.does(&["install", "owl.onnx"]);
    assert_eq!(reports(), ["of ants", "of owls"]);
    board.does(&["rollback"]);
    assert_eq!(reports(), ["of ants", "of owls"]);
    fs::remove_file(board.path("report.html")).unwrap();
    // The one that is neither in use nor to go back to any more takes its report along.
    assert!(!board.does(&["install", "fox.onnx"]).contains("report"));
    assert_eq!(reports(), ["of ants"]);
    // What is no file is said, and the model is installed all the same.
    fs::create_dir(board.path("report.html")).unwrap();
    assert!(board.does(&["install", "owl.onnx"]).contains("is left out"));
    assert_eq!(names(&board), [some("owl/elk/yak"), some("fox/hen")]);
}

#[test]
fn a_folder_may_be_named() {
    let board = Board::new();
    board.does(&["install", "ant.onnx", "--state", "elsewhere"]);
    assert_eq!(names(&board), [None, None]);
    assert_eq!(installed::read(&board.path("elsewhere")).unwrap().current.unwrap().name, "ant/bee");
    board.does(&["rollback", "--state", "elsewhere"]);
}

#[test]
fn a_check_changes_nothing() {
    let board = Board::new();
    assert!(board.does(&["install", "--check", "ant.onnx"]).contains("4 reference pictures"));
    assert!(!board.state().exists());
}

#[test]
fn what_is_no_good_is_not_installed() {
    let board = Board::new();
    board.does(&["install", "ant.onnx"]);
    common::change_expected_answers(&board.path("owl.onnx"));
    board.refuses(&["install", "owl.onnx"], "this processor's answers differ from those where owl.onnx was made");
    board.refuses(&["install", "--check", "owl.onnx"], "reference picture 1 is ");
    let whole = fs::read(board.path("ant.onnx")).unwrap();
    fs::write(board.path("cut.onnx"), &whole[..whole.len() / 2]).unwrap();
    board.refuses(&["install", "cut.onnx"], "cut.onnx is not a usable model");
    fs::write(board.path("empty.onnx"), "").unwrap();
    board.refuses(&["install", "empty.onnx"], "empty");
    board.refuses(&["install", "missing.onnx"], "cannot read missing.onnx");
    board.refuses(&["install", "."], "it is no file");
    let endless = fs::File::create(board.path("long.onnx")).unwrap();
    endless.set_len((2 << 30) + 1).unwrap();
    board.refuses(&["install", "long.onnx"], "longer than 2 GiB");
    assert_eq!(models(&board), 1);
    board.answers_as(ANT);
}

#[test]
fn a_model_that_was_damaged_is_not_returned_to() {
    let board = Board::new();
    board.does(&["install", "ant.onnx"]);
    board.does(&["install", "owl.onnx"]);
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
    board.does(&["install", "ant.onnx"]);
    let whole = start.elapsed();
    let mut noise = Noise(7);
    let mut switched = 0;
    for round in 0..KILLS {
        let before = names(&board)[0].clone().unwrap();
        let (file, name) = if before == "ant/bee" { ("owl.onnx", "owl/elk/yak") } else { ("ant.onnx", "ant/bee") };
        let mut child = board.command(&["install", file]).stdout(std::process::Stdio::null()).spawn().unwrap();
        thread::sleep(whole.mul_f32(noise.value().abs() * 1.2));
        // It may be done.
        let _ = child.kill();
        child.wait().unwrap();
        let after = names(&board)[0].clone().unwrap();
        assert!(after == before || after == name, "round {round}: {after} after installing {name} over {before}");
        switched += usize::from(after == name);
        let current = installed::model_path(&board.state(), &board.installed().current.unwrap());
        board.does(&["install", "--check", current.to_str().unwrap()]);
    }
    assert!(switched < KILLS, "no kill came before the end");
    board.does(&["install", "ant.onnx"]);
    board.does(&["install", "owl.onnx"]);
    // Nothing that was half done has stayed.
    assert_eq!(models(&board), 2);
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
    let found = vggcam::model::file::open(Path::new(&board.path("ant.onnx"))).unwrap();
    let references = found.references.decode().unwrap();
    assert_eq!((references.precision.as_str(), references.pictures.len()), ("int8", 4));
}
