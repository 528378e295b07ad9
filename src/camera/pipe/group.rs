//! A program that runs beside this one, together with every program that it starts.

use std::{
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How long a group may take to end after a signal that it may act upon.
const GRACE: Duration = Duration::from_millis(500);
/// How often it is looked whether a program has ended.
const POLL: Duration = Duration::from_millis(5);

/// The groups that run, so that none is left behind when this program ends.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A child and the process group that it leads. Both have ended when this is dropped.
pub struct Group {
    child: Child,
    id: Pid,
    /// Set once the child has been waited for; from then on its number may belong to another process.
    status: Option<ExitStatus>,
}

impl Group {
    /// Starts `command` at the head of a group of its own, without standard input.
    pub fn start(command: &mut Command) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let id = Pid::from_child(&child);
        let pipes = child.stdout.take().zip(child.stderr.take());
        running().push(id);
        let group = Self { child, id, status: None };
        // Both were asked for above.
        let (output, messages) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((group, output, messages))
    }

    /// How the child ended, `None` where it still runs after `patience`; what it has started is killed then.
    pub fn ended_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        if self.status.is_none() && !within(patience, || has_exited(self.id)) {
            return None;
        }
        self.finish()
    }

    /// Ends the whole group: asks it to stop, tells it to, and kills what is left. `is_closed` says whether all who could
    /// write to its output have ended.
    pub fn stop(&mut self, is_closed: impl Fn() -> bool) {
        if self.status.is_some() {
            return;
        }
        // Programs that hold a camera release it in an orderly way when they are interrupted, as by Ctrl-C.
        for signal in [Signal::INT, Signal::TERM] {
            self.signal(signal);
            if within(GRACE, || has_exited(self.id) && is_closed()) {
                break;
            }
        }
        self.finish();
    }

    /// Kills what is left of the group and waits for the child.
    fn finish(&mut self) -> Option<ExitStatus> {
        if self.status.is_some() {
            return self.status;
        }
        self.signal(Signal::KILL);
        if !within(GRACE, || has_exited(self.id)) {
            // It hangs in a driver, where no signal reaches it; `Drop` sees to it that somebody waits.
            return None;
        }
        running().retain(|&id| id != self.id);
        self.status = self.child.wait().ok();
        self.status
    }

    fn signal(&self, signal: Signal) {
        // It fails where all have ended, which is what is wanted.
        let _ = kill_process_group(self.id, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop(|| true);
        if self.status.is_none() {
            log::warn!("process {} cannot be killed; its driver hangs", self.id.as_raw_nonzero());
            let id = self.id;
            thread::spawn(move || {
                let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
                running().retain(|&other| other != id);
                let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED);
            });
        }
    }
}

/// Ends all groups, for a program that ends while a camera still waits for its next frame.
pub fn end_all() {
    let signal = |groups: &[Pid], signal| {
        for &id in groups {
            let _ = kill_process_group(id, signal);
        }
    };
    let groups = {
        // While they are listed nobody waits for them, so their numbers are theirs.
        let running = running();
        signal(&running, Signal::INT);
        running.clone()
    };
    within(GRACE, || groups.iter().all(|&id| has_exited(id)));
    signal(&running(), Signal::KILL);
}

/// Says in words how a program ended.
pub fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".into(),
    }
}

/// Whether the child has ended; it stays to be waited for, so that its number is not given to another process.
fn has_exited(id: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(id), options), Ok(None))
}

/// Waits until `is_so`, at most for `patience`; returns whether it is.
fn within(patience: Duration, is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() >= patience {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether every group has ended.
#[cfg(test)]
pub fn none_runs() -> bool {
    running().is_empty()
}
