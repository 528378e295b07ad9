//! Connections and programs that end at any instant.

use std::{fs, os::unix::fs::symlink, process::Stdio, thread, time::Instant};

use vggcam::runtime::update::installed;

use crate::{
    board::{Board, children, none_in, signal, wait_for},
    common::Noise,
};

#[test]
#[ignore = "needs an ssh server"]
fn a_lost_connection_leaves_nothing_behind() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    // At the hash, the model is on the board; at the installation, all is said.
    for (name, arguments) in
        [("sha256sum", ""), ("vggcam", "[ \"$1\" = install ] && [ \"$2\" = --state ] || exec real \"$@\"")]
    {
        let reached = board.path("reached");
        symlink(env!("CARGO_BIN_EXE_vggcam"), board.path("bin/real")).unwrap();
        board.fake(name, &format!("{arguments}\ntouch '{}'\nexec sleep 60", reached.display()));
        let lost = board.command("b.onnx", &[]).spawn().unwrap();
        wait_for("the board to be at work", || reached.exists());
        board.cut_connections();
        board.refused(lost.wait_with_output().unwrap(), "was lost");
        board.is_clean();
        assert_eq!(board.in_use().as_deref(), Some("ant/bee"));

        fs::remove_file(&reached).unwrap();
        let stopped = board.command("b.onnx", &[]).spawn().unwrap();
        wait_for("the board to be at work", || reached.exists());
        signal("INT", stopped.id());
        board.refused(stopped.wait_with_output().unwrap(), "stopped");
        board.is_clean();
        assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
        fs::remove_file(&reached).unwrap();
        fs::remove_file(board.path("bin").join(name)).unwrap();
        fs::remove_file(board.path("bin/real")).unwrap();
    }
}

#[test]
#[ignore = "needs an ssh server"]
fn killed_at_any_instant_the_board_uses_the_old_or_the_new_model() {
    let board = Board::new();
    let start = Instant::now();
    board.deploys("a.onnx", &[]);
    let whole = start.elapsed();
    let kills = std::env::var("VGGCAM_KILLS").map_or(15, |kills| kills.parse().expect("VGGCAM_KILLS is a number"));
    let mut noise = Noise(3);
    let mut switched = 0;
    for round in 0..kills {
        let before = board.in_use().unwrap();
        let (file, name) = if before == "ant/bee" { ("b.onnx", "owl/elk/yak") } else { ("a.onnx", "ant/bee") };
        let mut child = board.command(file, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole.mul_f32(noise.value().abs() * 1.1));
        // Every third time it is the connection that goes.
        if round % 3 == 2 {
            board.cut_connections();
        } else {
            let _ = child.kill();
        }
        child.wait().unwrap();
        wait_for("the board to be idle", || children(board.sshd.id()).is_empty());
        wait_for("the board to remove its folder", || none_in(&board.home().join(".cache/vggcam")));
        // An installation that had begun goes on without the connection.
        wait_for("the installation to end", || installed::Changing::start(&board.path("state")).is_ok());
        let after = board.in_use().unwrap();
        assert!(after == before || after == name, "round {round}: {after} after {name} over {before}");
        switched += usize::from(after == name);
    }
    eprintln!("{kills} interruptions, {switched} of them after the switch");
    fs::remove_dir_all(board.path("tmp")).unwrap();
    fs::create_dir(board.path("tmp")).unwrap();
    board.deploys("a.onnx", &[]);
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}
