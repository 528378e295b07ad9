//! `kill -9` before every single system call of an update that changes something, by strace.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use assert_cmd::cargo::CommandCargoExt;
use vggcam::runtime::update::trial;

use crate::board::{ANT, BUNDLED, Board, OWL, copy_folder};

/// What changes files, names or locks; an architecture lacks some of them.
const CALLS: [&str; 17] = [
    "openat",
    "write",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "chmod",
    "fchmod",
    "fchmodat",
    "ftruncate",
    "flock",
    "close",
];
/// States between two that are looked at closely.
const CLOSELY: usize = 8;

/// More calls of one kind than the first thread of a test makes.
const STARTING_CALLS: usize = 40;

/// Kills what `command` makes before each call, beginning each time with the state in `template`; afterwards one of the models
/// in `allowed` is in use. `follow` is `-f` where calls of other threads count as well. Gives the number of kills, and the states of its trial that they have left.
fn kill_at_every_step(
    board: &Board,
    template: &str,
    command: &dyn Fn() -> Command,
    follow: Option<&str>,
    allowed: [&str; 2],
) -> (usize, BTreeSet<Option<u32>>) {
    let template = board.path(template);
    let (mut kills, mut seen, mut trials) = (0, [0; 2], BTreeSet::new());
    for call in CALLS {
        for step in 1.. {
            board.restore(&template);
            let program = command();
            let mut strace = board.set_up(Command::new("strace"));
            strace.args(follow).args(["-o", "/dev/null", "-e", &format!("trace=?{call}")]);
            strace.args(["-e", &format!("inject=?{call}:signal=KILL:when={step}")]);
            strace.arg(program.get_program()).args(program.get_args());
            let ended = strace.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("strace is installed");
            let after = board.whole().unwrap_or_else(|odd| panic!("{call} {step}: {odd}"));
            let which = allowed.iter().position(|name| *name == after);
            let which = which.unwrap_or_else(|| panic!("{call} {step}: {after} is in use"));
            trials.insert(board.starts());
            if kills % CLOSELY == 0 {
                board.answers_as(&after);
                board.does(&["install", "ant.onnx"]);
                assert_eq!(board.whole().as_deref(), Ok(ANT), "{call} {step}");
            }
            if ended.signal() != Some(9) {
                assert!(ended.success(), "{call} {step}: {ended}");
                break;
            }
            seen[which] += 1;
            kills += 1;
        }
    }
    println!("{kills} kills: {} {}, {} {}", seen[0], allowed[0], seen[1], allowed[1]);
    (kills, trials)
}

/// Keeps the state as it is now under a name.
fn keep(board: &Board, name: &str) {
    copy_folder(&board.state(), &board.path(name));
}

#[test]
#[ignore = "needs strace"]
fn an_installation_killed_at_any_step() {
    let board = Board::new();
    fs::create_dir_all(board.path("nothing")).unwrap();
    let install = |model: &'static str| {
        let board = &board;
        move || board.command(&["install", model])
    };
    assert!(kill_at_every_step(&board, "nothing", &install("owl.onnx"), None, [BUNDLED, OWL]).0 > 20);
    board.restore(&board.path("nothing"));
    board.does(&["install", "ant.onnx"]);
    keep(&board, "ant");
    assert!(kill_at_every_step(&board, "ant", &install("owl.onnx"), None, [ANT, OWL]).0 > 20);
}

#[test]
#[ignore = "needs strace"]
fn going_back_killed_at_any_step() {
    let board = Board::with_owl_on_trial(0);
    keep(&board, "trial");
    assert!(kill_at_every_step(&board, "trial", &|| board.command(&["rollback"]), None, [OWL, ANT]).0 > 10);
    board.restore(&board.path("trial"));
    board.set_trials(Some(trial::STARTS));
    keep(&board, "failed");
    let run = ["run", "--json", "--display=none", "--camera", "files:picture.jpg", "--frames", "1"];
    assert!(kill_at_every_step(&board, "failed", &|| board.command(&run), None, [OWL, ANT]).0 > 10);
}

#[test]
#[ignore = "needs strace"]
fn a_trial_killed_at_any_step() {
    let board = Board::with_owl_on_trial(0);
    keep(&board, "trial");
    // strace counts the calls of each thread, and a run's first one makes most; so the trial is done without the rest of a run.
    let this = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "steps::a_trial", "--test-threads=1"]);
        command
    };
    let (_, trials) = kill_at_every_step(&board, "trial", &this, Some("-f"), [OWL, OWL]);
    // Not begun or interrupted by the count, counted, proved.
    assert_eq!(trials, BTreeSet::from([None, Some(0), Some(1)]));
}

/// All that a run notes of a trial; another test runs it, on a board's state.
#[test]
#[ignore = "part of another test"]
fn a_trial() {
    let Some(state) = std::env::var_os("VGGCAM_STATE").map(PathBuf::from).filter(|state| state.exists()) else {
        return;
    };
    let Some(mut trial) = trial::choose(None).unwrap().trial else { return };
    // This thread is to make more calls than the one that started it, which would else be the one to be killed.
    for _ in 0..STARTING_CALLS {
        fs::write("/dev/null", "x").unwrap();
    }
    trial.begins();
    trial.ends();
    trial.begins();
    for _ in 0..trial::RESULTS {
        trial.gave_result();
    }
    assert!(trial::choose(None).unwrap().trial.is_none(), "{}", state.display());
}

#[test]
#[ignore = "needs strace"]
fn what_is_named_is_on_the_disk_before_its_name() {
    let board = Board::new();
    board.does(&["install", "ant.onnx"]);
    let mut strace = board.set_up(Command::new("strace"));
    strace.args(["-y", "-o", "log", "-e", "trace=fsync,?rename,?renameat,?renameat2"]);
    let program = Command::cargo_bin("vggcam").unwrap();
    assert!(strace.arg(program.get_program()).args(["install", "owl.onnx"]).status().unwrap().success());
    let log = fs::read_to_string(board.path("log")).unwrap();
    let calls: Vec<String> = log
        .lines()
        .filter(|line| line.contains("state"))
        .map(|line| {
            let call = line.split('(').next().unwrap_or_default();
            let call = if call.starts_with("rename") { "rename" } else { call };
            // The last name in the call is the file that is synced, or the new name.
            let name = line.rsplit(['<', '"']).find(|part| part.contains("/state")).unwrap_or_default();
            let name = name.rsplit_once("/state").map_or("", |(_, name)| name);
            let name = name.split(['>', '"', ')']).next().unwrap_or_default();
            let kind = match name {
                "" => "folder",
                "/models" => "models",
                "/models/draft.onnx" => "draft",
                "/installed.json" => "list",
                name if name.starts_with("/installed.json.") => "new list",
                _ => "model",
            };
            format!("{call} {kind}")
        })
        .collect();
    let expected = ["fsync draft", "rename model", "fsync models", "fsync new list", "rename list", "fsync folder"];
    assert_eq!(calls, expected, "{log}");
}
