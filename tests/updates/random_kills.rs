//! `kill -9` at random instants of updates, as often as VGGCAM_KILLS says.

use std::{env, os::unix::process::ExitStatusExt, process::Stdio, thread, time::Instant};

use crate::{
    board::{ANT, BUNDLED, Board, OWL},
    common::Noise,
};

/// Kills where nothing else is said.
const KILLS: usize = 1000;
/// Kills between two that are looked at closely.
const CLOSELY: usize = 20;
/// What is killed.
const OPERATIONS: [&str; 4] = ["install", "rollback", "a run that proves", "a run that takes back"];
const CAMERA: &str = "pipe:while cat picture.jpg; do sleep 0.01; done";

#[derive(Clone, Copy, Default)]
struct Tally {
    rounds: usize,
    killed: usize,
    old: usize,
    new: usize,
    else_: usize,
}

/// Puts the state before the operation in place; gives the operation's arguments.
fn prepare(board: &Board, operation: usize) -> Vec<&'static str> {
    let run = |frames| vec!["run", "--json", "--display=none", "--camera", CAMERA, "--frames", frames];
    match operation {
        0 => vec!["install", if board.in_use() == ANT { "owl.onnx" } else { "ant.onnx" }],
        1 => vec!["rollback"],
        2 => {
            board.set_trials(Some(0));
            run("12")
        }
        _ => {
            board.set_trials(Some(3));
            run("1")
        }
    }
}

#[test]
#[ignore = "takes minutes"]
fn killed_at_random_instants_the_old_or_the_new_model_is_in_use_and_whole() {
    let kills = env::var("VGGCAM_KILLS").map_or(KILLS, |text| text.parse().expect("VGGCAM_KILLS is a number"));
    let board = Board::new();
    board.does(&["install", "ant.onnx"]);
    board.does(&["install", "owl.onnx"]);
    let durations: Vec<_> = (0..OPERATIONS.len())
        .map(|operation| {
            let arguments = prepare(&board, operation);
            let start = Instant::now();
            board.does(&arguments);
            start.elapsed()
        })
        .collect();
    let mut noise = Noise(20);
    let mut tallies = [Tally::default(); OPERATIONS.len()];
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        // Half of them are installations.
        let operation = [0, 1, 0, 2, 0, 3][round % 6];
        round += 1;
        let arguments = prepare(&board, operation);
        let before = board.in_use();
        let other = if before == ANT { OWL } else { ANT };
        let mut child = board.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(durations[operation].mul_f32(noise.value().abs() * 1.3));
        // It may be done.
        let _ = child.kill();
        let was_killed = child.wait().unwrap().signal() == Some(9);
        let tally = &mut tallies[operation];
        tally.rounds += 1;
        tally.killed += usize::from(was_killed);
        killed += usize::from(was_killed);
        match board.whole() {
            Ok(after) if after == before => tally.old += 1,
            Ok(after) if after == other => tally.new += 1,
            odd => {
                tally.else_ += 1;
                eprintln!("round {round}, {}: {odd:?}", OPERATIONS[operation]);
            }
        }
        if round % CLOSELY == 0 {
            board.answers_as(&board.in_use());
        }
    }
    println!("| operation | rounds | killed | old model | new model | anything else |\n|---|---|---|---|---|---|");
    for (name, Tally { rounds, killed, old, new, else_ }) in OPERATIONS.iter().zip(tallies) {
        println!("| {name} | {rounds} | {killed} | {old} | {new} | {else_} |");
    }
    assert!(tallies.iter().all(|tally| tally.else_ == 0));
    assert!(tallies[0].old > 0 && tallies[0].new > 0, "no kill came before the switch, or none after it");
    // What was left behind is in nobody's way.
    board.does(&["install", "ant.onnx"]);
    board.does(&["install", "owl.onnx"]);
    assert_ne!(board.in_use(), BUNDLED);
    let left = std::fs::read_dir(board.state().join("models")).unwrap().count();
    assert!(left <= 2 * 3, "{left} files are left");
}
