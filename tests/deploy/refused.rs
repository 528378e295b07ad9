//! What cannot be installed leaves the board as it was, and says why.

use std::{fs, process::Command};

use assert_cmd::cargo::CommandCargoExt;

use crate::{
    board::{Board, done},
    common,
};

#[test]
#[ignore = "needs an ssh server"]
fn a_model_that_answers_otherwise_there_is_not_used() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    common::change_expected_answers(&board.path("b.onnx"));
    board.refuses("b.onnx", &[], "this processor's answers differ");
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_board_that_cannot_take_it_is_told_before_anything_is_copied() {
    let board = Board::new();
    board.fake("uname", "echo riscv64");
    board.refuses("a.onnx", &[], "riscv64");
    board.fake("uname", "case $1 in -m) echo aarch64;; *) echo Linux 6.6;; esac");
    board.refuses("a.onnx", &["--with-program", env!("CARGO_BIN_EXE_vggcam")], "--target aarch64-unknown-linux-gnu");
    fs::remove_file(board.path("bin/uname")).unwrap();
    board.fake("getconf", "case $1 in LONG_BIT) echo 64;; *) echo glibc 2.1;; esac");
    board.refuses("a.onnx", &["--with-program", env!("CARGO_BIN_EXE_vggcam")], "and the board has 2.1");
    fs::remove_file(board.path("bin/getconf")).unwrap();
    board.fake("grep", "echo 'MemAvailable:  20000 kB'");
    board.refuses("a.onnx", &[], "20 MB are available");
    fs::remove_file(board.path("bin/grep")).unwrap();
    board.fake("df", "echo '/dev/mmcblk0p2 9 8 1 99% /'");
    board.refuses("a.onnx", &[], "/dev/mmcblk0p2");
    fs::remove_file(board.path("bin/df")).unwrap();
    board.refuses("a.onnx", &["--with-program", "a.onnx"], "no Linux program");
    assert!(!board.path("state").exists());
}

#[test]
#[ignore = "needs an ssh server"]
fn a_full_card_changes_nothing() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    for (folder, why) in [("board's home/.cache/vggcam", "cannot copy"), ("state/models", "make room")] {
        let folder = board.path(folder);
        let kept: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let aside = board.path("aside");
        fs::create_dir_all(&aside).unwrap();
        for file in &kept {
            fs::copy(file, aside.join(file.file_name().unwrap())).unwrap();
        }
        // What is there, in the pages that a card in memory has, and two more: less than a model needs.
        let pages: u64 = kept.iter().map(|file| file.metadata().unwrap().len().div_ceil(4096)).sum();
        let size = format!("size={}k", (pages + 2) * 4);
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: a full card needs the right to mount one");
            return;
        }
        for file in fs::read_dir(&aside).unwrap().map(|entry| entry.unwrap().path()) {
            fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
        let before = board.in_use();
        let honest = board.command("b.onnx", &[]).output().unwrap();
        // A card that is said to have room, and is full when it comes to it.
        board.fake("df", "echo 'card 99999999 1 99999998 1% /'");
        let believed = board.command("b.onnx", &[]).output().unwrap();
        fs::remove_file(board.path("bin/df")).unwrap();
        let after = board.in_use();
        board.is_clean();
        done(Command::new("umount").arg(&folder));
        board.refused(honest, "are needed");
        board.refused(believed, why);
        assert_eq!((after.as_deref(), before.as_deref()), (Some("ant/bee"), Some("ant/bee")));
    }
    board.deploys("b.onnx", &[]);
}

#[test]
#[ignore = "needs an ssh server"]
fn a_board_that_cannot_be_reached_is_told_with_the_next_step() {
    let board = Board::new();
    fs::write(board.path("authorized_keys"), "").unwrap();
    board.refuses("a.onnx", &[], "ssh-copy-id");
    fs::write(board.path("known_hosts"), "").unwrap();
    board.refuses("a.onnx", &[], "to look at its key");
    let nowhere = board.command("a.onnx", &["--port", "1"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2), "a port is given once");
    let mut other = Command::cargo_bin("finetune").unwrap();
    other.args(["deploy", "-oProxyCommand=touch /tmp/x", "--model", "a.onnx"]);
    assert_eq!(other.output().unwrap().status.code(), Some(2));
}
