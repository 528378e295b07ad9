//! One connection to a board by the programs `ssh` and `scp`, and a folder there that goes when the connection goes.
//!
//! The first `ssh` asks for whatever has to be asked, and stays: it runs `guard.sh`, which makes the folder and waits on its
//! standard input. All others share its connection by a socket in a private folder here, and never make one of their own.
//! Whatever ends the connection, also this program's death, ends that input, and the board removes the folder.

use std::{
    ffi::OsStr,
    io::{IsTerminal, stdin, stdout},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    destination::Destination,
    shell,
    watch::{self, Ended, Line, WatchError},
};

/// Longest wait for the board's farewell.
const FAREWELL: Duration = Duration::from_secs(5);
/// Exit code of `ssh` when the connection failed, not the command.
const LOST: i32 = 255;

/// How to reach a board.
#[derive(Clone, Debug)]
pub struct Way {
    /// The board.
    pub destination: Destination,
    /// Port of its ssh server; as `ssh` is configured if `None`.
    pub port: Option<u16>,
    /// Further options, as `-o` of `ssh` takes them.
    pub options: Vec<String>,
}

/// What can go wrong on the way.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// A program could not be started, or was stopped.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// There is no folder for the connection's socket.
    #[error("cannot make a private folder in {folder}: {source}; set TMPDIR to a folder with room")]
    Sockets { folder: String, source: std::io::Error },
    /// The board did not let us in, or cannot be found.
    #[error("cannot connect to {destination}: {reason}{}", hint(reason, destination))]
    Refused { destination: Destination, reason: String },
    /// The connection broke.
    #[error("the connection to {destination} was lost: {reason}; run the same command again")]
    Lost { destination: Destination, reason: String },
    /// A file did not arrive.
    #[error("cannot copy {file} to {destination}: {reason}")]
    Copy { file: String, destination: Destination, reason: String },
    /// A file did not arrive here.
    #[error("cannot copy {file} from {destination}: {reason}")]
    Fetch { file: String, destination: Destination, reason: String },
}

fn hint(reason: &str, destination: &Destination) -> String {
    if reason.contains("Permission denied") {
        format!("; check the user, or give the board your key with `ssh-copy-id {destination}`")
    } else if reason.contains("Host key verification failed") {
        format!("; connect once with `ssh {destination}` to look at its key")
    } else if reason.contains("resolve") {
        "; check the name, and that the board is in this network".into()
    } else if reason.contains("refused") || reason.contains("timed out") || reason.contains("No route") {
        "; check that the board is on and has ssh switched on (`sudo raspi-config`, Interface Options)".into()
    } else {
        String::new()
    }
}

/// An open connection.
pub struct Connection {
    destination: Destination,
    /// Options by which others share it.
    shared: Vec<String>,
    first: Child,
    /// Keeps the guard on the board waiting.
    guard: Option<ChildStdin>,
    said: Receiver<Line>,
    stop: Arc<AtomicBool>,
    folder: String,
    _sockets: TempDir,
}

impl Connection {
    /// Connects, and makes the folder on the board. `stop` ends everything that waits.
    pub fn open(way: &Way, stop: Arc<AtomicBool>) -> Result<Self, ConnectionError> {
        let sockets = TempDir::with_prefix("vggcam-").map_err(|source| ConnectionError::Sockets {
            folder: std::env::temp_dir().display().to_string(),
            source,
        })?;
        let socket = format!("ControlPath=\"{}\"", sockets.path().join("ssh").display());
        let mut first = Command::new("ssh");
        first.args(["-T", "-o", "ControlMaster=yes", "-o", &socket, "-o", "ControlPersist=no"]);
        // The programs that nobody uses must not keep a lost connection for hours.
        first.args(["-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"]);
        if !stdin().is_terminal() {
            first.args(["-o", "BatchMode=yes"]);
        }
        for option in &way.options {
            first.args(["-o", option]);
        }
        if let Some(port) = way.port {
            first.args(["-p", &port.to_string()]);
        }
        first.args(["--", &way.destination.for_ssh(), &shell::script(include_str!("guard.sh"), &[])]);
        let (mut first, said) = watch::start(first.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let guard = first.stdin.take();
        // A command that finds the socket closed fails instead of connecting anew.
        let shared = ["ControlMaster=no", &socket, "BatchMode=yes", "ProxyCommand=false"];
        let mut connection = Connection {
            destination: way.destination.clone(),
            shared: shared.iter().flat_map(|option| ["-o".to_string(), option.to_string()]).collect(),
            first,
            guard,
            said,
            stop,
            folder: String::new(),
            _sockets: sockets,
        };
        connection.folder = connection.await_folder()?;
        Ok(connection)
    }

    /// Waits for the guard to say the folder's name; a password may have to be typed meanwhile.
    fn await_folder(&self) -> Result<String, ConnectionError> {
        let mut ended = Ended::default();
        loop {
            match self.said.recv_timeout(Duration::from_millis(50)) {
                Ok(Line::Output(line)) => ended.lines.push(line),
                Ok(Line::Complaint(line)) => ended.complaints.push(line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let reason = ended.complaint();
                    return match self.stop.load(Ordering::SeqCst) {
                        true => Err(WatchError::Stopped.into()),
                        false => Err(ConnectionError::Refused { destination: self.destination.clone(), reason }),
                    };
                }
            }
            if self.stop.load(Ordering::SeqCst) {
                return Err(WatchError::Stopped.into());
            }
            match ended.value("deploy.folder") {
                Some(folder) if is_our_folder(folder) => return Ok(folder.into()),
                Some(folder) => {
                    let reason = format!("it names {folder:?} as the folder for this deployment");
                    return Err(ConnectionError::Refused { destination: self.destination.clone(), reason });
                }
                None => {}
            }
        }
    }

    /// The folder on the board, from where commands start; letters, digits, points and slashes only.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Runs a script with `arguments` there, and hears its lines as they come.
    pub fn run(&self, script: &str, arguments: &[&str], heard: &mut dyn FnMut(&str)) -> Result<Ended, ConnectionError> {
        let mut command = Command::new("ssh");
        command.arg("-T").args(&self.shared).args(["--", &self.destination.for_ssh()]);
        command.arg(shell::script(script, arguments)).stdin(Stdio::null()).stdout(Stdio::piped());
        let ended = watch::run(&mut command, &self.stop, heard)?;
        match ended.code {
            Some(LOST) | None => Err(self.lost(&ended)),
            Some(_) => Ok(ended),
        }
    }

    /// Copies a file into the folder under the name `name`, of letters, digits and points.
    pub fn copy(&self, file: &Path, name: &str) -> Result<(), ConnectionError> {
        let failed = |reason: String| ConnectionError::Copy {
            file: file.display().to_string(),
            destination: self.destination.clone(),
            reason,
        };
        // With its slash in front, a name with a colon is not taken for a host.
        let file = file.canonicalize().map_err(|error| failed(error.to_string()))?;
        let target = self.destination.for_scp(&format!("{}/{name}", self.folder));
        self.scp(file.as_ref(), target.as_ref(), failed)
    }

    /// Copies the file at `path` on the board, of letters, digits, points, dashes and slashes, to the path `file` here.
    pub fn fetch(&self, path: &str, file: &Path) -> Result<(), ConnectionError> {
        let failed = |reason: String| ConnectionError::Fetch {
            file: path.into(),
            destination: self.destination.clone(),
            reason,
        };
        let folder = file.parent().unwrap_or(Path::new("."));
        let folder = folder.canonicalize().map_err(|error| failed(error.to_string()))?;
        let target = folder.join(file.file_name().unwrap_or_default());
        self.scp(self.destination.for_scp(path).as_ref(), target.as_ref(), failed)
    }

    fn scp(&self, from: &OsStr, to: &OsStr, failed: impl Fn(String) -> ConnectionError) -> Result<(), ConnectionError> {
        let attempt = |protocol: &[&str]| {
            let mut command = Command::new("scp");
            command.args(protocol).args(&self.shared).arg("--").arg(from).arg(to).stdin(Stdio::null());
            // In a terminal it shows how far it is.
            command.stdout(if stdout().is_terminal() { Stdio::inherit() } else { Stdio::null() });
            watch::run(&mut command, &self.stop, &mut |_| ())
        };
        let mut ended = attempt(&[])?;
        if ended.code != Some(0)
            && ended.complaints.iter().any(|line| line.contains("subsystem") || line.contains("sftp"))
        {
            // A board without an SFTP server, which scp does without when it is asked to.
            ended = attempt(&["-O"])?;
        }
        match ended.code {
            Some(0) => Ok(()),
            Some(LOST) | None => Err(self.lost(&ended)),
            Some(_) if ended.complaints.iter().any(|line| line.contains("lost connection")) => Err(self.lost(&ended)),
            Some(_) => Err(failed(ended.complaint())),
        }
    }

    fn lost(&self, ended: &Ended) -> ConnectionError {
        ConnectionError::Lost { destination: self.destination.clone(), reason: ended.complaint() }
    }
}

/// Whether the folder is one that the guard makes, so that no name needs a shell's quotes.
fn is_our_folder(folder: &str) -> bool {
    let suffix = folder.strip_prefix(".cache/vggcam/deploy.");
    suffix.is_some_and(|suffix| !suffix.is_empty() && suffix.chars().all(|c| c.is_ascii_alphanumeric()))
}

impl Drop for Connection {
    /// Lets the board remove the folder, and closes the connection.
    fn drop(&mut self) {
        drop(self.guard.take());
        let start = Instant::now();
        while start.elapsed() < FAREWELL {
            if !matches!(self.first.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        watch::end(&mut self.first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_ours_is_taken() {
        assert!(is_our_folder(".cache/vggcam/deploy.aB3xYz"));
        for folder in ["/", "", ".cache/vggcam/deploy.", ".cache/vggcam/deploy.a b", ".cache/vggcam/deploy.x/../.."] {
            assert!(!is_our_folder(folder), "{folder}");
        }
    }

    #[test]
    fn refusals_come_with_the_next_step() {
        let destination: Destination = "pi@board".parse().unwrap();
        for (reason, says) in [
            ("pi@board: Permission denied (publickey,password).", "ssh-copy-id pi@board"),
            ("Host key verification failed.", "ssh pi@board"),
            ("ssh: Could not resolve hostname board: Name or service not known", "check the name"),
            ("ssh: connect to host board port 22: Connection refused", "raspi-config"),
        ] {
            let error = ConnectionError::Refused { destination: destination.clone(), reason: reason.into() };
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
