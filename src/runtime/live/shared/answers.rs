//! What the model answers, until that is too old.

use std::{
    io,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use super::Shared;
use crate::{
    runtime::{
        live::scene::{Outcome, Standing},
        publish::report::{Origin, Report},
        shot::Shot,
    },
    vision::frame::Frame,
};

impl Shared {
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
    /// an answer takes here. Also where there are pictures and never was an answer, that is told. What comes only once keeps its label.
    pub fn expire(&self, limit: Duration) {
        let mut latest = self.latest();
        let is_expected = matches!(latest.standing, Standing::Live) && latest.shot.is_some();
        if self.every_frame_counts() || !is_expected {
            return;
        }
        let usual = latest.outcome.as_ref().map_or(Duration::ZERO, |outcome| outcome.latency);
        if latest.answered.elapsed() <= limit.max(usual * 3) {
            return;
        }
        latest.outcome = None;
        let since = latest.answered;
        self.lights().show(None);
        self.change(&mut latest, Standing::Stale { since });
        self.show(latest);
    }

    /// Says on every display and to the output that the model gives no answers.
    pub fn fail_model(&self, cause: &str) {
        let mut latest = self.latest();
        self.lights().show(None);
        self.change(&mut latest, Standing::ModelFailed { cause: cause.into() });
        self.show(latest);
    }

    /// Tells every way out one result, which is `current` unless the camera was lost meanwhile; breaks off when the reader of the
    /// lines has gone.
    pub fn publish(&self, report: &Report, current: bool) -> io::Result<ControlFlow<()>> {
        self.record.result(report, current);
        match self.printer.get() {
            Some(printer) => printer.result(report),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    /// Where a frame came from.
    pub fn origin(&self, frame: &Frame) -> Origin {
        match frame.name.as_str() {
            "" => Origin::Camera(self.camera()),
            name => Origin::File(name.into()),
        }
    }
}
