//! What the threads of the live loop share: the newest frame, the newest answer, and how the run stands.

use std::{
    io,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    scene::{Outcome, Scene, Standing},
    words::{Counts, Words, caption},
};
use crate::{
    camera::{Camera, Losses},
    display::{
        caption::{Caption, State},
        screen::Page,
    },
    newest::Newest,
    runtime::{
        health::Health,
        lights::Lights,
        publish::{
            lines::Publisher,
            record::{Model, Record},
            report::{Change, Origin, Report},
        },
        service::Service,
        shot::Shot,
    },
    vision::frame::Frame,
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
    publisher: Mutex<Option<Publisher>>,
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
    /// When the newest answer came.
    answered: Instant,
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
                session: 0,
                lost_before: Losses::default(),
                losses: Losses::default(),
            }),
            words: OnceLock::new(),
            publisher: Mutex::new(None),
            record,
            lights: Mutex::default(),
            largest: Mutex::default(),
            service: Service::of_environment(),
        };
        shared.show(shared.latest());
        shared
    }

    /// Tells what is being done while the run is starting.
    pub fn starting(&self, doing: &str) {
        let mut latest = self.latest();
        latest.camera = doing.into();
        self.show(latest);
    }

    /// Begins to take pictures from `camera`.
    pub fn begin(&self, camera: &dyn Camera, words: Words, model: Model, publisher: Option<Publisher>, lights: Lights) {
        self.record.begin(model);
        self.record.change(&Change { camera: &camera.describe(), state: &State::Live });
        // A run begins once, so nothing is there before.
        let _ = self.words.set(words);
        *self.publisher.lock().unwrap_or_else(PoisonError::into_inner) = publisher;
        *self.lights() = lights;
        self.every_frame_counts.store(camera.every_frame_counts(), Ordering::SeqCst);
        let mut latest = self.latest();
        (latest.camera, latest.standing) = (camera.describe(), Standing::Live);
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

    /// Offers a new frame to the inference and to the displays. Returns false when no more are wanted.
    pub fn offer(&self, frame: Frame, losses: Losses) -> bool {
        if self.every_frame_counts() {
            let shot = Arc::new(Shot::new(frame, 0));
            self.record.frame(&shot);
            return self.frames.put_after_last(shot).is_ok();
        }
        let shot = {
            let mut latest = self.latest();
            let shot = Arc::new(Shot::new(frame, latest.session));
            latest.shot = Some(Arc::clone(&shot));
            self.record.frame(&shot);
            latest.arrived = Instant::now();
            latest.losses = Losses {
                damaged: latest.lost_before.damaged + losses.damaged,
                missed: latest.lost_before.missed + losses.missed,
            };
            // That there are pictures says nothing about answers.
            if !matches!(latest.standing, Standing::Live | Standing::Stale { .. } | Standing::ModelFailed { .. }) {
                self.change(&mut latest, Standing::Live);
            }
            // A still picture is not shown under the label of another one; its own answer will bring it.
            if latest.outcome.as_ref().is_none_or(|outcome| outcome.source == shot.frame().name) {
                self.show(latest);
            }
            shot
        };
        self.frames.put(shot).is_ok()
    }

    /// Tells the displays the answer to `shot`. Returns false where it does not count, because the camera was lost meanwhile.
    pub fn answer(&self, shot: &Arc<Shot>, outcome: &Arc<Outcome>) -> bool {
        let mut latest = self.latest();
        if shot.session() != latest.session {
            return false;
        }
        if let Standing::Stale { .. } = latest.standing {
            self.change(&mut latest, Standing::Live);
        }
        latest.answered = Instant::now();
        latest.outcome = Some(Arc::clone(outcome));
        // Video goes on while a frame is classified, so a later frame may be there that the answer fits too.
        if latest.shot.as_ref().is_none_or(|newer| newer.frame().name != shot.frame().name) {
            latest.shot = Some(Arc::clone(shot));
        }
        if latest.frozen.is_none()
            && let Some(words) = self.words.get()
        {
            self.lights().show(Some(outcome.decision.name(&words.labels)));
        }
        self.show(latest);
        true
    }

    /// Takes the label from every display and every way out if the newest answer is older than `limit`, and older than thrice what
    /// an answer takes here. What comes only once keeps its label.
    pub fn expire(&self, limit: Duration) {
        let mut latest = self.latest();
        if self.every_frame_counts() || !matches!(latest.standing, Standing::Live) {
            return;
        }
        let Some(outcome) = &latest.outcome else { return };
        if latest.answered.elapsed() <= limit.max(outcome.latency * 3) {
            return;
        }
        latest.outcome = None;
        let since = latest.answered;
        self.lights().show(None);
        self.change(&mut latest, Standing::Stale { since });
        self.show(latest);
    }

    /// Says on every display and to the output that the camera gives no pictures.
    pub fn lose_camera(&self, cause: &str) {
        let mut latest = self.latest();
        let since = match &latest.standing {
            Standing::CameraLost { cause: before, .. } if before == cause => return,
            Standing::CameraLost { since, .. } => *since,
            _ => {
                // What came before is not the answer to what comes after.
                latest.outcome = None;
                latest.session += 1;
                latest.lost_before = latest.losses;
                latest.arrived
            }
        };
        self.lights().show(None);
        self.change(&mut latest, Standing::CameraLost { cause: cause.into(), since });
        self.show(latest);
    }

    /// Says that a camera is there again, whose frames are on their way.
    pub fn find_camera(&self, camera: &dyn Camera) {
        self.latest().camera = camera.describe();
    }

    /// Says on every display and to the output that the model gives no answers.
    pub fn fail_model(&self, cause: &str) {
        let mut latest = self.latest();
        self.lights().show(None);
        self.change(&mut latest, Standing::ModelFailed { cause: cause.into() });
        self.show(latest);
    }

    /// Time since the newest frame came; `None` unless frames are expected.
    pub fn silent_since(&self) -> Option<Instant> {
        let latest = self.latest();
        (matches!(latest.standing, Standing::Live | Standing::Stale { .. }) && !self.every_frame_counts())
            .then_some(latest.arrived)
    }

    /// Leafs to the next page of the screen.
    pub fn next_page(&self) {
        let mut latest = self.latest();
        latest.page = latest.page.next();
        let page = latest.page;
        if let Some(scene) = &mut latest.frozen {
            scene.page = page;
        }
        self.show(latest);
    }

    /// Stops the picture, or lets it go on.
    pub fn freeze_or_go_on(&self) {
        let mut latest = self.latest();
        latest.frozen = match latest.frozen.take() {
            Some(_) => None,
            None => Some(Scene { frozen: true, ..latest.scene() }),
        };
        self.show(latest);
    }

    /// Tells every way out one result, which is `current` unless the camera was lost meanwhile; breaks off when the reader of the
    /// lines has gone.
    pub fn publish(&self, report: &Report, current: bool) -> io::Result<ControlFlow<()>> {
        self.record.result(report, current);
        match self.publisher.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(publisher) => publisher.publish(report),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    /// Columns and rows that suit every display, of which one has `size`.
    pub fn largest(&self, size: (u32, u32)) -> (u32, u32) {
        let mut largest = self.largest.lock().unwrap_or_else(PoisonError::into_inner);
        *largest = (largest.0.max(size.0), largest.1.max(size.1));
        *largest
    }

    /// Ends the run, leaving out what was not classified yet. Displays still show the last scene.
    pub fn abandon(&self) {
        self.close();
        // Takes the frame that may be left, so that the inference finds none.
        self.frames.take();
    }

    /// Lets every thread come to its end.
    pub fn close(&self) {
        self.frames.close();
        self.scenes.iter().for_each(Newest::close);
        self.lights().show(None);
    }

    /// Frames that cameras have lost.
    pub fn losses(&self) -> Losses {
        self.latest().losses
    }

    /// What the camera says it is.
    pub fn camera(&self) -> String {
        self.latest().camera.clone()
    }

    /// How the board fares, and what is wrong with it.
    pub fn health(&self) -> (Health, Vec<String>) {
        self.record.health()
    }

    /// Where a frame came from.
    pub fn origin(&self, frame: &Frame) -> Origin {
        match frame.name.as_str() {
            "" => Origin::Camera(self.camera()),
            name => Origin::File(name.into()),
        }
    }

    /// What is said about a scene.
    pub fn caption(&self, scene: &Scene) -> Caption {
        let counts = self.is_live().then(|| {
            let Losses { damaged, missed } = self.losses();
            Counts { skipped: self.frames.replaced(), dropped: damaged + missed }
        });
        let (health, warnings) = self.health();
        Caption {
            board: health.in_words(),
            warning: warnings.join(" · "),
            ..caption(scene, &self.camera(), self.words.get(), counts)
        }
    }

    /// Sets how the run stands, and tells the output.
    fn change(&self, latest: &mut Latest, standing: Standing) {
        latest.standing = standing;
        let change = Change { camera: &latest.camera, state: &latest.standing.state() };
        self.record.change(&change);
        if let Some(publisher) = self.publisher.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
            && let Err(error) = publisher.publish_change(&change)
        {
            log::warn!("cannot write to standard output: {error}");
        }
    }

    /// Gives the displays what is newest.
    fn show(&self, latest: MutexGuard<'_, Latest>) {
        let scene = latest.frozen.clone().unwrap_or_else(|| latest.scene());
        if self.every_frame_counts() {
            // Displays that are waited for need to look at what is newest themselves.
            drop(latest);
            for display in &self.scenes {
                // A display that has failed for good takes nothing.
                let _ = display.put_after_last(scene.clone());
            }
        } else {
            // Nobody comes between, so that a newer scene is never replaced by an older one.
            for display in &self.scenes {
                let _ = display.put(scene.clone());
            }
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

impl Latest {
    fn scene(&self) -> Scene {
        Scene {
            shot: self.shot.clone(),
            outcome: self.outcome.clone(),
            standing: self.standing.clone(),
            page: self.page,
            frozen: false,
        }
    }
}
