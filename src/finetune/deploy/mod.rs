//! `finetune deploy`: a model onto a board, over ssh, step by step; the board has the old model or the new one at every
//! instant.

pub mod board;
pub mod connection;
pub mod destination;
pub mod model;
pub mod program;
pub mod shell;
pub mod watch;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use anyhow::{Context, bail, ensure};

use self::{
    board::{Access, Board, megabytes},
    connection::{Connection, Way},
    destination::Destination,
    model::Model,
    watch::Ended,
};
use super::cache::{hash_of_path, hex};
use crate::{
    message::print,
    model::{beside::trained_report, signature},
};

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// The board and how to reach it.
    pub way: Way,
    /// Model file.
    pub model: PathBuf,
    /// Program for the board, to be copied too.
    pub program: Option<PathBuf>,
}

/// Brings the model to the board, tests it there and makes it the one in use; `stop` ends it early. Prints a line for each
/// step.
pub fn deploy(options: &Options, stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let model = Model::read(&options.model)?;
    say("model", &model.in_words)?;
    let program = options.program.as_deref().map(read_program).transpose()?;

    let connection = Connection::open(&options.way, Arc::clone(stop))?;
    let destination = &options.way.destination;
    let answers = connection.run(include_str!("probe.sh"), &[], &mut |_| ())?;
    let board = Board::parse(&answers).map_err(|reason| anyhow::anyhow!("{destination} cannot be asked: {reason}"))?;
    say("board", &board.in_words())?;
    let unfit = |reason: String| anyhow::anyhow!("{destination}: {reason}");
    board.architecture().map_err(unfit)?;
    if let (Some(program), Some(path)) = (&program, &options.program) {
        board.takes(program).map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))?;
    }
    board.has_memory(model.memory).map_err(unfit)?;
    let report = trained_report(&options.model);
    let bytes = model.bytes + length(&report) + options.program.as_deref().map_or(0, length);
    board.has_room(bytes, bytes).map_err(unfit)?;
    let found = match &options.program {
        None => usable(&board, destination)?,
        Some(_) => board.program.as_ref().map_or(String::new(), |found| found.path.clone()),
    };
    let as_root = installs_as_root(&board, destination)?;

    copy(&connection, &options.model, MODEL)?;
    let signature = signature::path_for(&options.model);
    if signature.exists() {
        copy(&connection, &signature, SIGNATURE)?;
    }
    if report.is_file() {
        copy(&connection, &report, REPORT)?;
    }
    let program = match &options.program {
        None => found,
        Some(file) => bring_program(&connection, file, &found)?,
    };
    let state = &board.state.folder;
    if board.state.access == Access::Absent {
        let made = connection.run("sudo -n install -d -o \"$1\" \"$2\"", &[&board.user, state], &mut |_| ())?;
        succeeded(&made, &format!("cannot make {state} on the board"))?;
    }
    let script = "$4 \"$1\" install --state \"$2\" \"$3\"";
    let arguments = [&program, state, &arrived(&connection, MODEL), as_root];
    let installed = connection.run(script, &arguments, &mut pass_on)?;
    succeeded(&installed, "the model is not installed; the board keeps the one it had")?;
    restart(&connection, &program, state, as_root, destination)
}

/// Names of what is copied, in the folder on the board.
const MODEL: &str = "model.onnx";
const SIGNATURE: &str = "model.onnx.minisig";
const REPORT: &str = "report.html";
const PROGRAM: &str = "vggcam";

/// Where a file is on the board that was copied there.
fn arrived(connection: &Connection, name: &str) -> String {
    format!("{}/{name}", connection.folder())
}

/// Copies the program in `file` to the board, tests it there with the model, and lets it take the place of the one at
/// `replaced`, if there is one; gives its place.
fn bring_program(connection: &Connection, file: &Path, replaced: &str) -> anyhow::Result<String> {
    copy(connection, file, PROGRAM)?;
    let (program, model) = (arrived(connection, PROGRAM), arrived(connection, MODEL));
    let script = "chmod 755 \"$1\" && \"./$1\" install --check \"$2\"";
    let tested = connection.run(script, &[&program, &model], &mut |_| ())?;
    succeeded(&tested, "the program and the model do not go together on the board; nothing is changed there")?;
    let placed = connection.run(include_str!("place.sh"), &[&program, replaced], &mut |_| ())?;
    succeeded(&placed, "the program cannot be put into its place; the board keeps what it had")?;
    let place = placed.value("deploy.program").context("the board did not say where the program is")?;
    say("program", &format!("{place}, tested with this model and put into its place"))?;
    Ok(place.to_string())
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |found| found.len())
}

fn read_program(path: &Path) -> anyhow::Result<program::Program> {
    let found = program::read(path).with_context(|| format!("cannot read the program {}", path.display()))?;
    found.map_err(|reason| anyhow::anyhow!("{} cannot run on a board: {reason}", path.display()))
}

/// Where the program is on the board, if it can do what is asked of it.
fn usable(board: &Board, destination: &Destination) -> anyhow::Result<String> {
    let build = board.architecture.map_or("TARGET", |architecture| architecture.target());
    let bring = format!(
        "build it with `cross build --release --no-default-features --target {build}` and add `--with-program \
         target/{build}/release/vggcam`"
    );
    match &board.program {
        None => bail!("there is no vggcam on {destination}; {bring}"),
        Some(found) if !found.installs => {
            bail!("{} on {destination} is too old to install models ({}); {bring}", found.path, found.version)
        }
        Some(found) => {
            say("program", &format!("{}, {}", found.path, found.version))?;
            Ok(found.path.clone())
        }
    }
}

/// What has to stand before the command that installs.
fn installs_as_root(board: &Board, destination: &Destination) -> anyhow::Result<&'static str> {
    let (user, folder) = (&board.user, &board.state.folder);
    match board.state.access {
        Access::Writable => Ok(""),
        Access::Closed if board.sudo => Ok("sudo -n"),
        Access::Absent if board.sudo => Ok(""),
        Access::Closed | Access::Absent => bail!(
            "{user} may not write to {folder} on {destination}, and sudo wants a password there; once, run: \
             ssh -t {destination} sudo install -d -o {user} {folder}"
        ),
    }
}

/// Copies a file and makes sure that it has arrived as it is here.
fn copy(connection: &Connection, file: &Path, name: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    let here = hash_of_path(file).map(|hash| hex(&hash)).with_context(|| format!("cannot read {}", file.display()))?;
    connection.copy(file, name)?;
    let told = connection.run("sha256sum \"$1\"", &[&arrived(connection, name)], &mut |_| ())?;
    succeeded(&told, "the board cannot compute SHA-256 of what was copied")?;
    let there = told.lines.iter().any(|line| line.split_whitespace().next() == Some(here.as_str()));
    ensure!(there, "{} has not arrived as it is here; run the same command again", file.display());
    let what = match name {
        PROGRAM => "program",
        SIGNATURE => "signature",
        REPORT => "report",
        _ => "model",
    };
    let (size, seconds) = (megabytes(length(file)), start.elapsed().as_secs_f64());
    say("copied", &format!("{what}, {size} in {seconds:.1} s, SHA-256 as here"))
}

/// Lets a running service take the new model.
fn restart(
    connection: &Connection,
    program: &str,
    state: &str,
    as_root: &str,
    destination: &Destination,
) -> anyhow::Result<()> {
    let ended = connection.run(include_str!("service.sh"), &[program, state, as_root], &mut |_| ())?;
    match ended.value("deploy.service") {
        Some("restarted") => say("service", "restarted, and it stays up"),
        Some("none") => say("service", "none runs; `vggcam run` takes the new model"),
        Some("by-hand") => say("service", "none, but a vggcam runs; it takes the new model when it is started again"),
        Some("refused") => say(
            "service",
            &format!("it runs on with the old model: ssh -t {destination} sudo systemctl restart vggcam"),
        ),
        Some("withdrawn") => bail!(
            "the service gave the new model up by itself and went back to the one before; `vggcam doctor` on the board says why"
        ),
        Some("rolled-back") => bail!(
            "the service did not stay up with the new model, so the board went back to the one before; look at \
             `journalctl -u vggcam` there"
        ),
        _ => bail!("the service does not stay up; look at `journalctl -u vggcam` on the board: {}", ended.complaint()),
    }
}

fn succeeded(ended: &Ended, otherwise: &str) -> anyhow::Result<()> {
    if ended.code == Some(0) {
        Ok(())
    } else {
        Err(anyhow::anyhow!("{}", ended.complaint()).context(otherwise.to_string()))
    }
}

/// Passes on what the board's own program says of a step.
fn pass_on(line: &str) {
    if line.starts_with(['✓', '!']) {
        // Whoever does not read it does not stop it.
        let _ = print(&format!("{line}\n"));
    }
}

fn say(step: &str, outcome: &str) -> anyhow::Result<()> {
    print(&format!("✓ {step:11}  {outcome}\n"))
}
