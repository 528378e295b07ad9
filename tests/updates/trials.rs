//! A new model proves itself in its first runs, or is given up for the one before.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use vggcam::runtime::update::installed;

use crate::board::{ANT, Board, OWL};

/// A camera that gives pictures for as long as somebody takes them.
const CAMERA: &str = "pipe:while cat picture.jpg; do sleep 0.02; done";
/// A camera that gives one picture.
const ONE_PICTURE: &str = "pipe?wait=600:cat picture.jpg; sleep 600";

fn run<'a>(camera: &'a str, frames: &'a str) -> [&'a str; 7] {
    ["run", "--json", "--display=none", "--camera", camera, "--frames", frames]
}

#[test]
fn ten_results_prove_a_model_and_fewer_do_not_count_against_it() {
    let board = Board::with_owl_on_trial(2);
    board.does(&run(CAMERA, "9"));
    assert_eq!(board.starts(), Some(2));
    board.does(&run(CAMERA, "10"));
    assert_eq!((board.in_use().as_str(), board.starts()), (OWL, None));
    board.answers_as(OWL);
}

#[test]
fn a_camera_that_is_not_there_does_not_count_against_the_model() {
    let board = Board::with_owl_on_trial(0);
    for _ in 0..4 {
        assert!(!board.vggcam(&run("/dev/no-such-camera", "1")).status.success());
    }
    assert_eq!((board.in_use().as_str(), board.starts()), (OWL, Some(0)));
}

#[test]
fn a_model_that_kills_its_runs_is_given_up_after_three() {
    let board = Board::with_owl_on_trial(0);
    for failed in 1..=3 {
        let mut child = board.command(&run(ONE_PICTURE, "100")).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!((board.in_use().as_str(), board.starts()), (OWL, Some(failed)), "{line}");
    }
    let output = board.vggcam(&run(CAMERA, "3"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("owl/elk/yak is taken back, because 3 starts"), "{said}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert!(last["warnings"].to_string().contains("new model owl/elk/yak was taken back"), "{last}");
    assert_eq!(board.in_use(), ANT);
    let doctor = String::from_utf8(board.vggcam(&["doctor"]).stdout).unwrap();
    assert!(doctor.contains("owl/elk/yak was taken back") && doctor.contains("`vggcam rollback` tries"), "{doctor}");

    // Whoever wants it all the same gets it, on trial once more.
    let said = board.does(&["rollback"]);
    assert!(said.contains("owl/elk/yak is in use again; it was taken back because 3 starts"), "{said}");
    assert_eq!((board.in_use().as_str(), board.starts(), board.installed().withdrawn), (OWL, Some(0), None));
    board.does(&["rollback"]);
    assert_eq!((board.in_use().as_str(), board.starts()), (ANT, None));
}

#[test]
fn a_model_that_cannot_be_opened_is_given_up_at_once() {
    let board = Board::with_owl_on_trial(0);
    let current = installed::model_path(&board.state(), &board.installed().current.unwrap());
    fs::write(&current, "no model").unwrap();
    let output = board.vggcam(&run(CAMERA, "2"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("taken back, because it cannot be used"), "{said}");
    assert_eq!(board.in_use(), ANT);
    board.answers_as(ANT);
    board.refuses(&["rollback"], "damaged");
    // A model that is named is the user's own affair.
    let named = current.to_str().unwrap();
    assert!(!board.vggcam(&[&run(CAMERA, "2")[..], &["--model", named]].concat()).status.success());
}
