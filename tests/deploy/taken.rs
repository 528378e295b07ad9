//! Models, signatures and programs that the board takes.

use std::{fs, process::Command};

use assert_cmd::cargo::CommandCargoExt;

use crate::{
    board::{Board, done, write_program},
    common,
};

#[test]
#[ignore = "needs an ssh server"]
fn a_model_is_brought_tested_and_used() {
    let board = Board::new();
    assert_eq!(board.in_use(), None);
    let said = board.deploys("a.onnx", &[]);
    let steps: Vec<_> = said.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(
        steps,
        ["model", "board", "program", "copied", "origin", "model", "self-test", "installed", "service"],
        "{said}"
    );
    assert!(said.contains("4 reference pictures answered as where it was made"), "{said}");
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
    // A name that ssh and scp might read as something else.
    fs::rename(board.path("b.onnx"), board.path("-b:1 's.onnx")).unwrap();
    board.deploys("./-b:1 's.onnx", &[]);
    assert_eq!(board.in_use().as_deref(), Some("owl/elk/yak"));
    // Whatever has to be asked is asked once.
    assert_eq!(board.connections(), 2);
    let rolled_back =
        Command::new(board.path("bin/vggcam")).arg("rollback").env("VGGCAM_STATE", board.path("state")).output();
    assert!(rolled_back.unwrap().status.success());
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_signature_goes_along_and_a_board_with_a_key_wants_one() {
    let board = Board::new();
    let done = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("finetune").unwrap();
        done(command.current_dir(board.root.path()).args(arguments));
    };
    done(&["keygen", "--out", "owner", "--no-password"]);
    let settings = board.path("settings.toml");
    fs::write(&settings, format!("model_key = '{}'\n", board.path("owner.pub").display())).unwrap();
    let program = format!("VGGCAM_CONFIG='{}' exec '{}' \"$@\"", settings.display(), env!("CARGO_BIN_EXE_vggcam"));
    board.fake("vggcam", &program);
    board.refuses("a.onnx", &[], "is not signed");
    done(&["sign", "a.onnx", "--key", "owner.key"]);
    let said = board.deploys("a.onnx", &[]);
    assert!(said.contains("copied       signature") && said.contains("signed with the pinned key"), "{said}");
    assert_eq!(board.in_use().as_deref(), Some("ant/bee"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_board_without_the_program_gets_it() {
    let board = Board::new();
    board.fake("vggcam", "[ \"$1\" = --version ] && echo vggcam 0.0.1");
    board.refuses("a.onnx", &[], "too old to install models (vggcam 0.0.1)");
    fs::remove_file(board.path("bin/vggcam")).unwrap();
    board.refuses("a.onnx", &[], "there is no vggcam on");
    let program = ["--with-program", env!("CARGO_BIN_EXE_vggcam")];
    board.deploys("a.onnx", &program);
    let placed = board.home().join(".local/bin/vggcam");
    assert_eq!(fs::read(&placed).unwrap(), fs::read(env!("CARGO_BIN_EXE_vggcam")).unwrap());
    // From then on it is found, and another one takes its place.
    assert!(board.deploys("b.onnx", &[]).contains("home/.local/bin/vggcam"));
    write_program(&placed, "#!/bin/sh\nexit 1\n");
    common::change_expected_answers(&board.path("a.onnx"));
    board.refuses("a.onnx", &program, "nothing is changed there");
    assert!(fs::read(&placed).unwrap().starts_with(b"#!/bin/sh"));
    board.deploys("b.onnx", &program);
    assert!(!fs::read(&placed).unwrap().starts_with(b"#!/bin/sh"));
}

#[test]
#[ignore = "needs an ssh server"]
fn a_service_takes_the_new_model_or_gets_the_old_one_back() {
    let board = Board::new();
    board.deploys("a.onnx", &[]);
    let restarts = board.path("restarts");
    let log = format!("[ \"$1\" = restart ] && echo x >>'{}'", restarts.display());
    board.fake("sudo", "[ \"$1\" = -n ] && shift && exec \"$@\"");
    board.fake("systemctl", &format!("{log}\nexit 0"));
    assert!(board.deploys("b.onnx", &[]).contains("restarted, and it stays up"));
    assert_eq!(fs::read_to_string(&restarts).unwrap(), "x\n");
    // It is active until it is restarted with a model that it does not like, and again with the one before.
    let odd = format!("{log} && exit 0\n[ \"$(wc -l <'{}')\" != 2 ]", restarts.display());
    board.fake("systemctl", &odd);
    let output = board.command("a.onnx", &[]).output().unwrap();
    board.refused(output, "went back to the one before");
    assert_eq!(board.in_use().as_deref(), Some("owl/elk/yak"));
    assert_eq!(fs::read_to_string(&restarts).unwrap(), "x\nx\nx\n");
    // It runs, but has gone back by itself.
    let withdraw = "s/^{/{\"withdrawn\": {\"name\": \"new\", \"reason\": \"odd\"},/";
    let list = board.path("state/installed.json");
    board.fake("systemctl", &format!("[ \"$1\" != restart ] || sed -i '{withdraw}' '{}'", list.display()));
    let output = board.command("a.onnx", &[]).output().unwrap();
    board.refused(output, "gave the new model up by itself");
    // It ends before it is ready, and so do two more starts, after which it has gone back by itself.
    let crashes = format!(
        "[ \"$1\" = restart ] || exec [ ! -e crashed ]\ntouch crashed\nsed -i '{withdraw}' '{}'\nexit 1",
        list.display()
    );
    board.fake("systemctl", &crashes);
    let output = board.command("b.onnx", &[]).output().unwrap();
    board.refused(output, "gave the new model up by itself");
    // Whoever may not restart it is told that it runs on.
    board.fake("systemctl", "[ \"$1\" != restart ]");
    assert!(board.deploys("a.onnx", &[]).contains("it runs on with the old model"));
    board.fake("sudo", "exit 1");
    if board.user != "root" {
        board.fake("systemctl", "exit 0");
        assert!(board.deploys("a.onnx", &[]).contains("sudo systemctl restart vggcam"));
    }
}
