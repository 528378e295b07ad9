//! A program of the owner's that runs whenever the label changes.
//!
//! It never runs twice at a time: while it runs, changes are not kept, and once it has ended it is run for the label that counts
//! then, if that is another one. It is started as it is, without a shell.

use std::{
    process::{Command, ExitStatus},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{
    record::{Facts, Record},
    report::{cause, state_name},
};
use crate::camera::pipe::{
    group::{Group, in_words},
    messages::{Messages, listen},
};

/// The table `[hook]` of the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The program and its arguments; nothing is run where it is empty.
    pub command: Vec<String>,
    /// Seconds after which it is killed, with all that it has started.
    pub time_limit_s: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { command: Vec::new(), time_limit_s: 10.0 }
    }
}

impl Settings {
    /// A program without arguments.
    pub fn program(path: &str) -> Self {
        Self { command: vec![path.into()], ..Self::default() }
    }
}

/// Why a program cannot be run at changes.
#[derive(Debug, thiserror::Error)]
#[error("[hook] has time_limit_s = {time_limit_s}, but a number of seconds above 0 belongs there")]
pub struct HookError {
    time_limit_s: f32,
}

/// How often it is looked whether the run is over.
const POLL: Duration = Duration::from_millis(200);

/// Runs the program until it is dropped; the program has ended then.
pub struct Hook {
    stop: Arc<AtomicBool>,
    running: Option<JoinHandle<()>>,
}

impl Hook {
    /// Begins to wait for changes; `None` where the settings name no program.
    pub fn start(settings: &Settings, record: &Arc<Record>) -> Result<Option<Self>, HookError> {
        if settings.command.is_empty() {
            return Ok(None);
        }
        let limit = Duration::try_from_secs_f32(settings.time_limit_s).ok().filter(|limit| !limit.is_zero());
        let limit = limit.ok_or(HookError { time_limit_s: settings.time_limit_s })?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, record, command) = (Arc::clone(&stop), Arc::clone(record), settings.command.clone());
        let running = thread::spawn(move || watch(&command, limit, &record, &stopping));
        Ok(Some(Self { stop, running: Some(running) }))
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

/// Runs the program for every label that is another one than that of the run before.
fn watch(command: &[String], limit: Duration, record: &Record, stop: &AtomicBool) {
    let mut seen = 0;
    let mut previous: Option<String> = None;
    while !stop.load(Ordering::SeqCst) {
        let Some(version) = record.wait(seen, Instant::now() + POLL) else { return };
        if version == seen {
            continue;
        }
        seen = version;
        let facts = record.facts();
        if facts.label() == previous.as_deref() {
            continue;
        }
        if let Err(reason) = run(command, limit, &variables(&facts, previous.as_deref()), stop) {
            log::warn!("the program {} for changes of the label {reason}", command[0]);
        }
        previous = facts.label().map(str::to_owned);
    }
}

/// What the program finds in its environment.
fn variables(facts: &Facts, previous: Option<&str>) -> Vec<(&'static str, String)> {
    let seconds = |at: SystemTime| {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        format!("{}.{:03}", since.as_secs(), since.subsec_millis())
    };
    let answer = facts.answer.as_ref();
    vec![
        ("VGGCAM_LABEL", facts.label().unwrap_or_default().into()),
        ("VGGCAM_CONFIDENCE", answer.map(|answer| format!("{:.4}", answer.confidence)).unwrap_or_default()),
        ("VGGCAM_PREVIOUS", previous.unwrap_or_default().into()),
        ("VGGCAM_TIME", seconds(answer.map_or_else(SystemTime::now, |answer| answer.at))),
        ("VGGCAM_STATE", state_name(&facts.state).into()),
        ("VGGCAM_CAUSE", cause(&facts.state).unwrap_or_default().into()),
        ("VGGCAM_CAMERA", facts.camera.clone()),
        ("VGGCAM_MODEL", facts.model.name.clone()),
    ]
}

/// Runs the program once. Errs with what became of it, as the end of a sentence.
fn run(command: &[String], limit: Duration, variables: &[(&str, String)], stop: &AtomicBool) -> Result<(), String> {
    let (program, arguments) = (&command[0], &command[1..]);
    // The environment takes no zero bytes, which a camera's name may hold.
    let variables = variables.iter().map(|(name, value)| (name, value.replace('\0', "")));
    let (mut group, output, errors) = Group::start(Command::new(program).args(arguments).envs(variables))
        .map_err(|error| format!("cannot be started: {error}; is its path right, and may it be executed?"))?;
    let (messages, ended) = (Messages::default(), AtomicBool::new(false));
    let status = thread::scope(|scope| {
        let listening = [
            scope.spawn(|| listen(output, program, &messages, &ended)),
            scope.spawn(|| listen(errors, program, &messages, &ended)),
        ];
        let status = ended_by(&mut group, Instant::now() + limit, stop);
        // What it said last comes at once, unless a program that has left the group still holds its output.
        let patience = Instant::now() + POLL;
        while !listening.iter().all(thread::ScopedJoinHandle::is_finished) && Instant::now() < patience {
            thread::sleep(Duration::from_millis(5));
        }
        ended.store(true, Ordering::SeqCst);
        status
    });
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("ended with {}{}", in_words(status), messages.said())),
        None if stop.load(Ordering::SeqCst) => Ok(()),
        None => Err(format!("took longer than {} s and was ended{}", limit.as_secs_f32(), messages.said())),
    }
}

/// How the program ended; `None` where it was ended because it was time to.
fn ended_by(group: &mut Group, deadline: Instant, stop: &AtomicBool) -> Option<ExitStatus> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let status = group.ended_within(left.min(POLL));
        if status.is_some() {
            return status;
        }
        if left.is_zero() || stop.load(Ordering::SeqCst) {
            group.stop(|| true);
            return None;
        }
    }
}

#[cfg(test)]
mod tests;
