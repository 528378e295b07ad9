//! What is known of the run at this moment; every way out but the lines reads it when it wants to.
//!
//! The live loop writes here and never waits: no reader holds the lock for longer than it takes to copy what it reads.

mod counts;

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

pub use counts::{BOUNDS_S, Counts, Histogram};

use super::report::{Change, Report};
use crate::{
    display::caption::State,
    model::labels::UNKNOWN,
    runtime::{
        health::{self, Health},
        shot::Shot,
    },
};

/// Changes of the label that are remembered.
const HISTORY: usize = 40;

/// The model that answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What it calls itself.
    pub name: String,
    /// Hash of its file, in hexadecimal digits, which installed models are named after.
    pub id: String,
    /// Its file; `None` for the bundled one.
    pub file: Option<PathBuf>,
    /// Names of its classes.
    pub labels: Vec<String>,
}

/// The newest answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The label in words.
    pub label: String,
    /// Whether it stands for none of the classes.
    pub unknown: bool,
    /// Confidence in it, 0 to 1.
    pub confidence: f32,
    /// Probability of each class, in the model's order.
    pub probabilities: Vec<f32>,
    /// Familiarity, where the model computes it.
    pub familiarity: Option<f32>,
    /// Time that the network took.
    pub latency: Duration,
    /// Time from the capture of the picture to its label.
    pub capture_to_label: Duration,
    /// Results per second.
    pub fps: f32,
    /// When it came.
    pub at: SystemTime,
}

/// A change of what is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The new label; `None` where there is no answer any more.
    pub label: Option<String>,
    /// Confidence in it at first, 0 to 1.
    pub confidence: Option<f32>,
    /// How the run stands since.
    pub state: State,
    /// When it came.
    pub at: SystemTime,
}

/// The connection to a broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Whether it is there.
    pub connected: bool,
    /// Messages that were replaced by newer ones before they could be sent.
    pub dropped: u64,
}

/// Everything that is known.
#[derive(Clone, Debug)]
pub struct Facts {
    /// When the program started.
    pub started: SystemTime,
    /// What the camera says it is.
    pub camera: String,
    /// How the run stands.
    pub state: State,
    /// Since when it stands so.
    pub since: Instant,
    /// The model, once it is there.
    pub model: Model,
    /// The newest answer, as long as it counts.
    pub answer: Option<Answer>,
    /// When the newest frame came.
    pub last_frame: Option<Instant>,
    /// What was counted.
    pub counts: Counts,
    /// The last changes, the newest last.
    pub history: VecDeque<Turn>,
    /// How the board fares.
    pub health: Health,
    /// What is wrong with it, in a few words each.
    pub warnings: Vec<String>,
    /// The connection to the broker, where there is one to be.
    pub link: Option<Link>,
}

impl Facts {
    /// The label that counts at this moment.
    pub fn label(&self) -> Option<&str> {
        self.answer.as_ref().map(|answer| answer.label.as_str())
    }
}

/// The facts, and whom they wake.
pub struct Record {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    facts: Facts,
    shot: Option<Arc<Shot>>,
    /// Warnings that last as long as the run.
    notices: Vec<String>,
    /// Counts changes of label, state and warnings.
    version: u64,
    closed: bool,
}

impl Default for Record {
    fn default() -> Self {
        let facts = Facts {
            started: SystemTime::now(),
            camera: String::new(),
            state: State::Starting,
            since: Instant::now(),
            model: Model::default(),
            answer: None,
            last_frame: None,
            counts: Counts::default(),
            history: VecDeque::new(),
            health: Health::default(),
            warnings: Vec::new(),
            link: None,
        };
        Self {
            inner: Mutex::new(Inner { facts, shot: None, notices: Vec::new(), version: 0, closed: false }),
            changed: Condvar::new(),
        }
    }
}

impl Record {
    /// Takes note of the model.
    pub fn begin(&self, model: Model) {
        let mut inner = self.lock();
        inner.facts.counts.begin(model.labels.len());
        inner.facts.model = model;
        self.tell(inner);
    }

    /// Takes note of a frame.
    pub fn frame(&self, shot: &Arc<Shot>) {
        let mut inner = self.lock();
        inner.facts.last_frame = Some(Instant::now());
        inner.shot = Some(Arc::clone(shot));
    }

    /// Takes note of a result; `current` is false where it is the answer to a picture that does not count any more.
    pub fn result(&self, report: &Report, current: bool) {
        let mut inner = self.lock();
        let facts = &mut inner.facts;
        facts.counts.result(report);
        if !current || facts.state != State::Live {
            return;
        }
        let decision = report.decision;
        let answer = Answer {
            label: decision.name(report.labels).into(),
            unknown: decision.label.is_none(),
            confidence: decision.confidence,
            probabilities: decision.probabilities.clone(),
            familiarity: decision.familiarity,
            latency: report.latency,
            capture_to_label: report.capture_to_label,
            fps: report.fps,
            at: SystemTime::now(),
        };
        let is_news = facts.label() != Some(&answer.label);
        if is_news {
            let (label, confidence) = (Some(answer.label.clone()), Some(answer.confidence));
            remember(&mut facts.history, Turn { label, confidence, state: State::Live, at: answer.at });
        }
        facts.answer = Some(answer);
        if is_news {
            self.tell(inner);
        }
    }

    /// Takes note of how the run stands; what was answered before does not count any more.
    pub fn change(&self, change: &Change) {
        let mut inner = self.lock();
        let facts = &mut inner.facts;
        if let State::CameraLost { .. } = change.state
            && !matches!(facts.state, State::CameraLost { .. })
        {
            facts.counts.camera_losses += 1;
        }
        facts.camera = change.camera.into();
        facts.state = change.state.clone();
        facts.since = match change.state {
            State::CameraLost { since, .. } | State::Stale { since } => {
                Instant::now().checked_sub(*since).unwrap_or_else(Instant::now)
            }
            _ => Instant::now(),
        };
        let had_answer = facts.answer.take().is_some();
        if had_answer && facts.state != State::Live {
            let state = facts.state.clone();
            remember(&mut facts.history, Turn { label: None, confidence: None, state, at: SystemTime::now() });
        }
        self.tell(inner);
    }

    /// Takes note of how the board fares. Returns the warnings if they are others than before.
    pub fn set_health(&self, health: Health, settings: &health::Settings) -> Option<Vec<String>> {
        let mut inner = self.lock();
        let health = health.after(&inner.facts.health);
        let kinds = |warnings: &[String]| -> Vec<String> {
            // The same warning with another temperature is no news.
            warnings.iter().map(|warning| warning.split(',').next().unwrap_or_default().into()).collect()
        };
        let warnings = [inner.notices.clone(), health.warnings(settings)].concat();
        let is_news = kinds(&warnings) != kinds(&inner.facts.warnings);
        (inner.facts.health, inner.facts.warnings) = (health, warnings.clone());
        if is_news {
            self.tell(inner);
        }
        is_news.then_some(warnings)
    }

    /// Takes note of something that is wrong until it is retracted, in a few words.
    pub fn notice(&self, warning: &str) {
        let mut inner = self.lock();
        inner.notices.push(warning.into());
        inner.facts.warnings.push(warning.into());
        self.tell(inner);
    }

    /// Forgets a notice: what it told of is right again.
    pub fn retract(&self, warning: &str) {
        let mut inner = self.lock();
        inner.notices.retain(|notice| notice != warning);
        inner.facts.warnings.retain(|known| known != warning);
        self.tell(inner);
    }

    /// Takes note of the connection to the broker.
    pub fn link(&self, link: Link) {
        self.lock().facts.link = Some(link);
    }

    /// A copy of everything that is known.
    pub fn facts(&self) -> Facts {
        self.lock().facts.clone()
    }

    /// How the board fares, and what is wrong with it.
    pub fn health(&self) -> (Health, Vec<String>) {
        let inner = self.lock();
        (inner.facts.health, inner.facts.warnings.clone())
    }

    /// The newest frame.
    pub fn shot(&self) -> Option<Arc<Shot>> {
        self.lock().shot.clone()
    }

    /// Waits until label, state or warnings have changed since `seen`, which is 0 at first, or until `deadline`. Returns what to
    /// give as `seen` the next time; `None` once the run is over.
    pub fn wait(&self, seen: u64, deadline: Instant) -> Option<u64> {
        let mut inner = self.lock();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if inner.closed {
                return None;
            }
            if inner.version != seen || left.is_zero() {
                return Some(inner.version);
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Wakes everyone who waits, for good.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn tell(&self, mut inner: MutexGuard<'_, Inner>) {
        inner.version += 1;
        drop(inner);
        self.changed.notify_all();
    }

    /// The facts are whole between any two statements, so a panic elsewhere does no harm to them.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model {
    /// All that can be a label: the classes, and [`UNKNOWN`].
    pub fn possible_labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(String::as_str).chain([UNKNOWN])
    }
}

fn remember(history: &mut VecDeque<Turn>, turn: Turn) {
    if history.len() == HISTORY {
        history.pop_front();
    }
    history.push_back(turn);
}

#[cfg(test)]
pub mod tests;
