//! A model that takes too much is refused, whatever becomes of the process that reads it.

use std::os::unix::process::ExitStatusExt;

use crate::{
    board::{ANT, Board},
    common,
};

#[test]
fn what_reads_a_model_has_its_limits() {
    let board = Board::new();
    let examine = |memory: &str, cpu: &str| {
        board.vggcam(&["examine", "--memory-bytes", memory, "--cpu-s", cpu, "ant.onnx", "called"])
    };
    let passed = examine("1000000000", "60");
    let said = String::from_utf8(passed.stdout).unwrap();
    assert!(passed.status.success() && said.ends_with("{\"name\":\"ant/bee\"}\n"), "{said}");
    let broke = examine("100000", "60");
    assert!(!broke.status.success(), "it takes more than 100 kB");
    let broke = examine("1000000000", "0");
    assert_eq!(broke.status.signal(), Some(libc::SIGXCPU));
}

#[test]
fn a_model_that_is_refused_there_is_refused_here_with_the_cause() {
    let board = Board::new();
    board.does(&["install", "ant.onnx"]);
    common::change_expected_answers(&board.path("owl.onnx"));
    board.refuses(&["install", "owl.onnx"], "this processor's answers differ from those where owl.onnx was made");
    board.refuses(&["install", "picture.jpg"], "picture.jpg is not a usable model");
    assert_eq!(board.whole().as_deref(), Ok(ANT));
}
