//! Another program, watched until it ends or the user wants to stop.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

/// How often the wish to stop is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// What a program has said and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Lines on standard output.
    pub lines: Vec<String>,
    /// Lines on standard error.
    pub complaints: Vec<String>,
}

/// Why there is no end to tell of.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The program could not be started.
    #[error("cannot start {program}: {source}; install it with `sudo apt install openssh-client`")]
    Start { program: String, source: std::io::Error },
    /// The user has stopped it.
    #[error("stopped; the board has the model it had, or the new one if that was installed already")]
    Stopped,
}

/// A line that a program has written.
pub enum Line {
    /// On standard output.
    Output(String),
    /// On standard error.
    Complaint(String),
}

impl Ended {
    /// The last thing that it complained of; nothing said is said so.
    pub fn complaint(&self) -> String {
        let said = self.complaints.iter().rev().map(|line| line.trim()).find(|line| !line.is_empty());
        said.map_or_else(|| "it said nothing about why".into(), |line| line.trim_start_matches("error: ").into())
    }

    /// The value that a line of standard output gives to `key`; whatever else a login prints is passed over.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::trim)
    }
}

/// Starts `command`; its lines arrive at the receiver, which is closed when there will be no more.
pub fn start(command: &mut Command) -> Result<(Child, mpsc::Receiver<Line>), WatchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| WatchError::Start { program, source })?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        send_lines(output, Line::Output, sender.clone());
    }
    if let Some(complaints) = child.stderr.take() {
        send_lines(complaints, Line::Complaint, sender);
    }
    Ok((child, lines))
}

fn send_lines(from: impl Read + Send + 'static, kind: fn(String) -> Line, to: Sender<Line>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = vec![];
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_string();
            line.clear();
            if to.send(kind(text)).is_err() {
                break;
            }
        }
    });
}

/// Runs `command` to its end; `heard` gets each line of its standard output at once. It is killed when `stop` is set.
pub fn run(command: &mut Command, stop: &AtomicBool, heard: &mut dyn FnMut(&str)) -> Result<Ended, WatchError> {
    let (mut child, lines) = start(command)?;
    let mut ended = Ended::default();
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(Line::Output(line)) => {
                heard(&line);
                ended.lines.push(line);
            }
            Ok(Line::Complaint(line)) => ended.complaints.push(line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if stop.load(Ordering::SeqCst) {
            end(&mut child);
            return Err(WatchError::Stopped);
        }
    }
    ended.code = child.wait().ok().and_then(|status| status.code());
    // Ctrl-C reaches the program too, which then ends first.
    if stop.load(Ordering::SeqCst) { Err(WatchError::Stopped) } else { Ok(ended) }
}

/// Ends a program that may have ended by itself.
pub fn end(child: &mut Child) {
    // Neither fails but for one that is gone.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    #[test]
    fn what_a_program_says_is_heard() {
        let mut heard = vec![];
        let script = "echo Welcome; echo 'a.b  c d '; echo 'error: no room' >&2; echo >&2; exit 3";
        let ended = run(&mut shell(script), &AtomicBool::new(false), &mut |line| heard.push(line.to_string())).unwrap();
        assert_eq!(heard, ["Welcome", "a.b  c d"]);
        assert_eq!((ended.code, ended.value("a.b"), ended.value("a")), (Some(3), Some("c d"), None));
        assert_eq!(ended.complaint(), "no room");
    }

    #[test]
    fn a_wish_to_stop_ends_it() {
        let stop = Arc::new(AtomicBool::new(false));
        let mut wish = |line: &str| stop.store(line == "ready", Ordering::SeqCst);
        let outcome = run(&mut shell("echo ready; exec sleep 600"), &stop, &mut wish);
        assert!(matches!(outcome, Err(WatchError::Stopped)));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program"), &AtomicBool::new(false), &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains("cannot start no-such-program"), "{error}");
    }
}
