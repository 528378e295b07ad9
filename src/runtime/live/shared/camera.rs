//! What the camera gives, and when it does not.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::Shared;
use crate::{
    camera::{Camera, Losses},
    runtime::{live::scene::Standing, shot::Shot},
    vision::frame::Frame,
};

/// Silence after which a camera counts as lost though it has not come back from waiting for a frame, where it has no more patience.
const SILENCE: Duration = Duration::from_secs(10);
/// How much longer than its own patience it is waited for.
const MARGIN: Duration = Duration::from_secs(5);

impl Shared {
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
            if latest.shot.replace(Arc::clone(&shot)).is_none() {
                // From now on an answer is expected.
                latest.answered = Instant::now();
            }
            self.record.frame(&shot);
            latest.arrived = Instant::now();
            latest.losses = Losses {
                damaged: latest.lost_before.damaged + losses.damaged,
                missed: latest.lost_before.missed + losses.missed,
            };
            // That there are pictures says nothing about answers.
            if !matches!(latest.standing, Standing::Live | Standing::Stale { .. } | Standing::ModelFailed { .. }) {
                latest.answered = Instant::now();
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
                latest.arrived
            }
        };
        self.lights().show(None);
        self.change(&mut latest, Standing::CameraLost { cause: cause.into(), since });
        self.show(latest);
    }

    /// Says that a camera is there again, whose frames are on their way.
    pub fn find_camera(&self, camera: &dyn Camera) {
        let mut latest = self.latest();
        latest.camera = camera.describe();
        latest.patience = camera.patience();
        // It counts anew.
        latest.lost_before = latest.losses;
    }

    /// Whether frames are expected and the camera neither gives one nor says why, for longer than it ought to.
    pub fn camera_hangs(&self) -> bool {
        let latest = self.latest();
        let expected = matches!(latest.standing, Standing::Live | Standing::Stale { .. }) && !self.every_frame_counts();
        expected && latest.arrived.elapsed() > SILENCE.max(latest.patience.saturating_add(MARGIN))
    }

    /// Frames that cameras have lost.
    pub fn losses(&self) -> Losses {
        self.latest().losses
    }

    /// What the camera says it is.
    pub fn camera(&self) -> String {
        self.latest().camera.clone()
    }
}
