//! Models that are signed, and models that are not, also with the real minisign.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use assert_cmd::cargo::CommandCargoExt;

use crate::board::{ANT, BUNDLED, Board, OWL, succeeded};

fn finetune(board: &Board, arguments: &[&str]) -> String {
    let mut command = board.set_up(Command::cargo_bin("finetune").unwrap());
    succeeded(command.args(arguments).output().unwrap())
}

/// A board beside a key `owner`, with both models signed.
fn signed() -> Board {
    let board = Board::new();
    finetune(&board, &["keygen", "--out", "owner", "--no-password"]);
    for model in ["ant.onnx", "owl.onnx"] {
        assert!(finetune(&board, &["sign", model, "--key", "owner.key"]).contains(&format!("{model}.minisig")));
    }
    board
}

#[test]
fn with_a_pinned_key_only_what_it_has_signed_is_installed() {
    let board = signed();
    let said = board.does(&["install", "ant.onnx", "--key", "owner.pub"]);
    assert!(said.contains("✓ origin") && said.contains("file:ant.onnx") && said.contains("model:ant/bee"), "{said}");
    // The line of the key pins it in the settings, too.
    let line = fs::read_to_string(board.path("owner.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    fs::write(board.path("settings.toml"), format!("model_key = \"{line}\"\n")).unwrap();
    let pinned = ["--config", "settings.toml"];
    let install = |model| ["install", model].into_iter().chain(pinned).collect::<Vec<_>>();

    fs::rename(board.path("owl.onnx.minisig"), board.path("aside")).unwrap();
    board.refuses(&install("owl.onnx"), "owl.onnx is not signed: there is no owl.onnx.minisig");
    board.refuses(&["install", "--check", "owl.onnx", "--key", &line], "is not signed");
    fs::copy(board.path("ant.onnx.minisig"), board.path("owl.onnx.minisig")).unwrap();
    board.refuses(&install("owl.onnx"), "owl.onnx is not what was signed");
    finetune(&board, &["keygen", "--out", "stranger", "--no-password"]);
    finetune(&board, &["sign", "owl.onnx", "--key", "stranger.key"]);
    board.refuses(&install("owl.onnx"), "signed with another key");
    // Nothing of it is parsed, so that it is no model is not found out.
    fs::write(board.path("noise.onnx"), [7; 999]).unwrap();
    fs::copy(board.path("aside"), board.path("noise.onnx.minisig")).unwrap();
    board.refuses(&install("noise.onnx"), "noise.onnx is not what was signed");
    board.refuses(&["install", "owl.onnx", "--key", "nobody.pub"], "is no public key");
    let mut bytes = fs::read(board.path("owl.onnx")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(board.path("bent.onnx"), bytes).unwrap();
    board.refuses(&["install", "bent.onnx", "--signature", "aside", "--key", &line], "not what was signed");
    assert_eq!(board.whole().as_deref(), Ok(ANT));
    assert_eq!(fs::read_dir(board.state().join("models")).unwrap().count(), 1);

    board.does(&["install", "owl.onnx", "--signature", "aside", "--key", &line]);
    assert_eq!(board.in_use(), OWL);
}

#[test]
fn without_a_key_it_is_said_loudly_that_the_origin_is_not_checked() {
    let board = Board::new();
    let said = board.does(&["install", "ant.onnx"]);
    assert!(said.contains("! origin       NOT CHECKED: no key is pinned") && said.contains("model_key"), "{said}");
}

#[test]
fn a_setting_that_is_wrong_installs_nothing() {
    let board = signed();
    fs::write(board.path("settings.toml"), "model_kee = \"RW\"\n").unwrap();
    board.refuses(&["install", "ant.onnx", "--config", "settings.toml"], "no setting \"model_kee\"");
    fs::write(board.path("settings.toml"), "model_key = \"RW\"\n").unwrap();
    board.refuses(&["install", "ant.onnx", "--config", "settings.toml"], "is no public key");
    let doctor = board.vggcam(&["doctor", "--config", "settings.toml"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert_eq!(board.in_use(), BUNDLED);
}

#[test]
fn a_key_is_never_written_over() {
    let board = signed();
    let before = fs::read(board.path("owner.key")).unwrap();
    let mut again = board.set_up(Command::cargo_bin("finetune").unwrap());
    let again = again.args(["keygen", "--out", "owner", "--no-password"]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
    assert_eq!(fs::read(board.path("owner.key")).unwrap(), before);
}

/// Runs the real minisign, which is told `password` where it asks.
fn minisign(board: &Board, arguments: &[&str], password: &str) -> bool {
    let mut command = board.set_up(Command::new("minisign"));
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("minisign is installed");
    // It may not ask.
    let _ = write!(child.stdin.take().unwrap(), "{password}\n{password}\n");
    child.wait().unwrap().success()
}

#[test]
#[ignore = "needs minisign"]
fn minisign_takes_our_signatures_and_we_take_its() {
    let board = signed();
    assert!(minisign(&board, &["-V", "-p", "owner.pub", "-m", "ant.onnx"], ""));
    assert!(!minisign(&board, &["-V", "-p", "owner.pub", "-m", "ant.onnx", "-x", "owl.onnx.minisig"], ""));
    // Its own key, with a password.
    assert!(minisign(&board, &["-G", "-p", "its.pub", "-s", "its.key"], "secret"));
    assert!(minisign(&board, &["-S", "-s", "its.key", "-m", "ant.onnx"], "secret"));
    board.does(&["install", "ant.onnx", "--key", "its.pub"]);
    board.refuses(&["install", "ant.onnx", "--key", "owner.pub"], "signed with another key");
    // Its old form of signatures is not taken.
    assert!(minisign(&board, &["-S", "-l", "-s", "its.key", "-m", "owl.onnx"], "secret"));
    assert!(minisign(&board, &["-V", "-p", "its.pub", "-m", "owl.onnx"], ""));
    board.refuses(&["install", "owl.onnx", "--key", "its.pub"], "old versions of minisign");
    // Each signs with the other's key.
    let mut ours = board.set_up(Command::cargo_bin("finetune").unwrap());
    ours.env("VGGCAM_KEY_PASSWORD", "secret").args(["sign", "owl.onnx", "--key", "its.key"]);
    succeeded(ours.output().unwrap());
    assert!(minisign(&board, &["-V", "-p", "its.pub", "-m", "owl.onnx"], ""));
    let mut ours = board.set_up(Command::cargo_bin("finetune").unwrap());
    succeeded(ours.env("VGGCAM_KEY_PASSWORD", "other").args(["keygen", "--out", "shut"]).output().unwrap());
    assert!(!minisign(&board, &["-S", "-s", "shut.key", "-m", "owl.onnx"], "wrong"));
    assert!(minisign(&board, &["-S", "-s", "shut.key", "-m", "owl.onnx"], "other"));
    board.does(&["install", "owl.onnx", "--key", "shut.pub"]);
    assert_eq!(board.in_use(), OWL);
}
