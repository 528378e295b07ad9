//! What the threads of the live loop share: the newest frame, the newest answer, and how the run stands.

mod answers;
mod camera;
mod screen;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    scene::{Outcome, Scene, Standing},
    words::Words,
};
use crate::{
    camera::{Camera, Losses},
    display::{caption::State, screen::Page},
    newest::Newest,
    runtime::{
        health::Health,
        lights::Lights,
        publish::{
            printer::Printer,
            record::{Model, Record},
            report::Change,
        },
        service::Service,
        shot::Shot,
    },
};

/// What all threads of a run know.
pub struct Shared {
    /// From the camera to the inference.
    pub frames: Newest<Arc<Shot>>,
    /// To each display.
    pub scenes: Vec<Newest<Scene>>,
    every_frame_counts: AtomicBool,
    latest: Mutex<Latest>,
    words: OnceLock<Words>,
    /// Where results are printed, if anywhere, once the run has begun.
    printer: OnceLock<Printer>,
    record: Arc<Record>,
    lights: Mutex<Lights>,
    largest: Mutex<(u32, u32)>,
    /// Told of every step that was done.
    pub service: Service,
}

/// The newest of everything.
struct Latest {
    shot: Option<Arc<Shot>>,
    outcome: Option<Arc<Outcome>>,
    standing: Standing,
    page: Page,
    /// What a frozen screen shows.
    frozen: Option<Scene>,
    camera: String,
    /// When the newest frame came.
    arrived: Instant,
    /// When the newest answer came; before it, when pictures began to come.
    answered: Instant,
    /// How long the camera itself waits for a frame.
    patience: Duration,
    /// How often the camera was lost.
    session: u32,
    /// Frames that cameras lost before they were opened again.
    lost_before: Losses,
    losses: Losses,
}

impl Shared {
    /// Begins with `displays` displays; they show that the run is starting, and `doing`. What comes is noted in `record`.
    pub fn new(displays: usize, doing: &str, record: Arc<Record>) -> Self {
        let shared = Self {
            frames: Newest::default(),
            scenes: (0..displays).map(|_| Newest::default()).collect(),
            every_frame_counts: AtomicBool::new(false),
            latest: Mutex::new(Latest {
                shot: None,
                outcome: None,
                standing: Standing::Starting,
                page: Page::default(),
                frozen: None,
                camera: doing.into(),
                arrived: Instant::now(),
                answered: Instant::now(),
                patience: Duration::ZERO,
                session: 0,
                lost_before: Losses::default(),
                losses: Losses::default(),
            }),
            words: OnceLock::new(),
            printer: OnceLock::new(),
            record,
            lights: Mutex::default(),
            largest: Mutex::default(),
            service: Service::of_environment(),
        };
        shared.show(shared.latest());
        shared
    }

    /// Begins to take pictures from `camera`.
    pub fn begin(&self, camera: &dyn Camera, words: Words, model: Model, printer: Option<Printer>, lights: Lights) {
        self.record.begin(model);
        self.record.change(&Change { camera: &camera.describe(), state: &State::Live });
        // A run begins once, so nothing is there before.
        let _ = self.words.set(words);
        if let Some(printer) = printer {
            let _ = self.printer.set(printer);
        }
        *self.lights() = lights;
        self.every_frame_counts.store(camera.every_frame_counts(), Ordering::SeqCst);
        let mut latest = self.latest();
        (latest.camera, latest.standing) = (camera.describe(), Standing::Live);
        latest.patience = camera.patience();
        latest.arrived = Instant::now();
    }

    /// Whether each picture comes only once, so that none may be skipped.
    pub fn every_frame_counts(&self) -> bool {
        self.every_frame_counts.load(Ordering::SeqCst)
    }

    /// Whether frames come whether or not anybody has time for them.
    fn is_live(&self) -> bool {
        self.words.get().is_some() && !self.every_frame_counts()
    }

    /// Ends the run, leaving out what was not classified yet. Displays still show the last scene.
    pub fn abandon(&self) {
        self.close();
        if let Some(printer) = self.printer.get() {
            printer.abandon();
        }
        // Takes the frame that may be left, so that the inference finds none.
        self.frames.take();
    }

    /// Lets every thread come to its end.
    pub fn close(&self) {
        self.frames.close();
        self.scenes.iter().for_each(Newest::close);
        self.lights().show(None);
    }

    /// Gives the reader of results some time for what waits.
    pub fn finish_printing(&self) {
        if let Some(printer) = self.printer.get() {
            printer.finish();
        }
    }

    /// How the board fares, and what is wrong with it.
    pub fn health(&self) -> (Health, Vec<String>) {
        self.record.health()
    }

    /// Sets how the run stands, and tells the output.
    fn change(&self, latest: &mut Latest, standing: Standing) {
        latest.standing = standing;
        let change = Change { camera: &latest.camera, state: &latest.standing.state() };
        self.record.change(&change);
        if let Some(printer) = self.printer.get()
            && let Err(error) = printer.change(&change)
        {
            log::warn!("cannot write to standard output: {error}");
        }
    }

    fn lights(&self) -> MutexGuard<'_, Lights> {
        self.lights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest of everything is whole between any two statements, so a panic elsewhere does no harm to it.
    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
