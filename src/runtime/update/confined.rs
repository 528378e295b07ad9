//! Examines a model in another process: one that crashes, hangs or takes all memory there ends that process and nothing else.
//!
//! The other process is this program again. It sets its own limits before it reads anything, and writes JSON lines:
//! `{"step": "model", "outcome": "…"}` for each step, and `{"name": "…"}` or `{"refused": "…"}` at the end.

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Instant,
};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::{examine::examine, limits::Limits};
use crate::{engine::open::Settings, message::one_line};

/// Bytes that are listened to of what the process says, of results and of errors.
const MAX_TALK_BYTES: u64 = 64 << 10;

/// Why a model did not pass.
#[derive(Debug, thiserror::Error)]
pub enum ConfinedError {
    /// No process could be started to test it in.
    #[error("cannot start a process to test {model} in: {source}")]
    Start { model: PathBuf, source: io::Error },
    /// The process says why.
    #[error("{0}")]
    Refused(String),
    /// The process has come to a bad end.
    #[error("{model} is not installed: testing it {how}; copy or make the file again")]
    Broke { model: PathBuf, how: String },
}

/// What the process says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Word {
    Step { step: String, outcome: String },
    Passed { name: String },
    Refused { refused: String },
}

/// The arguments with which `vggcam` examines `file`, which messages call `called`.
fn arguments(file: &Path, called: &Path, limits: &Limits) -> Vec<OsString> {
    let Limits { memory_bytes, cpu_s } = limits;
    let options = ["examine".into(), format!("--memory-bytes={memory_bytes}"), format!("--cpu-s={cpu_s}")];
    let paths = ["--".into(), file.into(), called.into()];
    options.map(OsString::from).into_iter().chain(paths).collect()
}

/// What the process does: sets `limits` for itself, examines `file`, and says what came of it.
pub fn obey(file: &Path, called: &Path, limits: &Limits, settings: Settings) -> anyhow::Result<()> {
    limits.set()?;
    let word = match examine(file, called, settings, &mut |step, outcome| {
        tell(&Word::Step { step: step.into(), outcome: outcome.into() });
    }) {
        Ok(name) => Word::Passed { name },
        Err(error) => Word::Refused { refused: one_line(&error.into()) },
    };
    tell(&word);
    Ok(())
}

fn tell(word: &Word) {
    // Strings always have a JSON form. Where nobody listens any more, nobody waits for the end either.
    let _ = writeln!(io::stdout(), "{}", serde_json::to_string(word).unwrap_or_default());
}

/// Lets `program`, which is `vggcam`, examine the model in `file`, which messages call `called`; gives its name. `say` gets each
/// step and what came of it.
pub fn examine_confined(
    program: &Path,
    file: &Path,
    called: &Path,
    limits: &Limits,
    say: &mut dyn FnMut(&str, &str),
) -> Result<String, ConfinedError> {
    run(Command::new(program).args(arguments(file, called, limits)), called, limits, say)
}

/// Starts `command`, and waits for what it says of the model.
fn run(
    command: &mut Command,
    called: &Path,
    limits: &Limits,
    say: &mut dyn FnMut(&str, &str),
) -> Result<String, ConfinedError> {
    let failed = |source| ConfinedError::Start { model: called.into(), source };
    let broke = |how: String| ConfinedError::Broke { model: called.into(), how };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Ended(command.spawn().map_err(failed)?);
    let (words, complaints) = listen(&mut child.0);
    let deadline = Instant::now() + limits.patience();
    let mut answer = None;
    loop {
        match words.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Word::Step { step, outcome }) => say(&step, &outcome),
            Ok(Word::Passed { name }) => answer = Some(Ok(name)),
            Ok(Word::Refused { refused }) => answer = Some(Err(ConfinedError::Refused(refused))),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                return Err(broke(format!("was not done after {} s", limits.patience().as_secs())));
            }
        }
    }
    let status = child.0.wait().map_err(failed)?;
    let complaints = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
    match answer {
        Some(answer) if status.success() => {
            // Warnings, as where it had been opened here.
            let _ = io::stderr().write_all(complaints.as_bytes());
            answer
        }
        _ => Err(broke(how_it_ended(status, &complaints, limits))),
    }
}

/// A process that is over when this is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Neither fails but for one that is gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Listens to a process on threads of their own: to its words, and to what it complains of.
fn listen(child: &mut Child) -> (Receiver<Word>, Option<JoinHandle<String>>) {
    let (sender, words) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(output.take(MAX_TALK_BYTES)).lines().map_while(Result::ok) {
                // Anything else does not count as an answer.
                let Ok(word) = serde_json::from_str(&line) else { continue };
                if sender.send(word).is_err() {
                    break;
                }
            }
        });
    }
    let complaints = child.stderr.take().map(|errors| {
        thread::spawn(move || {
            let mut bytes = vec![];
            // What was heard before an error is told.
            let _ = errors.take(MAX_TALK_BYTES).read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    });
    (words, complaints)
}

/// The cause, as far as it can be told from outside.
fn how_it_ended(status: ExitStatus, complaints: &str, limits: &Limits) -> String {
    let last = complaints.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing");
    let signal = status.signal();
    let is = |expected: Signal| signal == Some(expected.as_raw());
    if complaints.contains("memory allocation of") {
        return format!("takes more than the {} MB of memory that it may have here", limits.memory_bytes >> 20);
    }
    match signal {
        _ if is(Signal::XCPU) => format!("takes more than {} s of computing", limits.cpu_s),
        _ if is(Signal::XFSZ) => "tried to write a file".into(),
        _ if is(Signal::KILL) => "was ended from outside with signal 9, most likely because memory ran out".into(),
        Some(signal) => format!("crashed with signal {signal}"),
        None => format!("ended without an answer ({last})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a process that is a shell script.
    fn outcome(script: &str, cpu_s: u64) -> (Result<String, ConfinedError>, Vec<String>) {
        let limits = Limits { memory_bytes: 64 << 20, cpu_s };
        let mut said = vec![];
        let mut command = Command::new("sh");
        let ended = run(command.args(["-c", script]), Path::new("m.onnx"), &limits, &mut |step, outcome| {
            said.push(format!("{step}: {outcome}"));
        });
        (ended, said)
    }

    fn refused(script: &str) -> String {
        outcome(script, 60).0.unwrap_err().to_string()
    }

    #[test]
    fn what_the_process_says_counts() {
        let script = "echo nonsense; echo '{\"step\":\"a\",\"outcome\":\"b\"}'; echo '{\"name\":\"cat/dog\"}'";
        let (ended, said) = outcome(script, 60);
        assert_eq!((ended.unwrap().as_str(), said), ("cat/dog", vec!["a: b".to_string()]));
        assert_eq!(refused("echo '{\"refused\":\"m.onnx is a poem\"}'"), "m.onnx is a poem");
    }

    #[test]
    fn whatever_happens_to_the_process_is_told() {
        let passed = "echo '{\"name\":\"x\"}'";
        assert!(refused("kill -SEGV $$").contains("crashed with signal 11"));
        assert!(refused(&format!("{passed}; kill -ABRT $$")).contains("crashed with signal 6"));
        assert!(
            refused("echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$").contains("more than the 64 MB")
        );
        assert!(refused("kill -XCPU $$").contains("more than 60 s of computing"));
        assert!(refused("kill -KILL $$").contains("memory ran out"));
        assert!(refused("echo 'thread panicked' >&2; exit 101").contains("without an answer (thread panicked)"));
        assert!(refused("exit 0").contains("without an answer (it said nothing)"));
        assert!(refused(&format!("{passed}; exit 1")).contains("without an answer"));
        // More than is listened to does not block either side for good.
        assert!(refused("yes | head -c 1000000; exit 3").contains("without an answer"));
    }

    #[test]
    fn a_process_that_hangs_is_ended() {
        let (ended, _) = outcome("exec sleep 600", 0);
        assert!(ended.unwrap_err().to_string().contains("was not done after 0 s"));
    }
}
