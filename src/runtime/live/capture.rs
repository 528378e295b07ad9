//! The thread of the camera: passes frames on, and opens the camera again for as long as it is lost.

use std::time::{Duration, Instant};

use super::{RunError, shared::Shared};
use crate::{
    camera::{
        Camera,
        error::CameraError,
        source::{Reopen, Source},
    },
    runtime::back_off::doubling,
};

/// Time from one attempt to open a lost camera to the next: the first, doubled until the last.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Passes frames on until the source ends or nobody wants more. Only sources that cannot be opened again fail.
pub fn capture(source: Source, shared: &Shared) -> Result<(), RunError> {
    let Source { mut camera, mut reopen } = source;
    let mut pauses = doubling(BACK_OFF);
    loop {
        let mut came = false;
        let Err(error) = pass_on(camera.as_mut(), shared, &mut came) else { return Ok(()) };
        if came {
            // One that opens and then gives nothing is no better than one that cannot be opened.
            pauses = doubling(BACK_OFF);
        }
        let Some(reopen) = &mut reopen else { return Err(error.into()) };
        log::warn!("{error}; opening it again until it comes back");
        shared.lose_camera(&error.in_short());
        // Most devices can be opened once only.
        drop(camera);
        match open_again(reopen, &mut pauses, shared) {
            Some(found) => camera = found,
            None => return Ok(()),
        }
        log::warn!("the camera is back: {}", camera.describe());
        shared.find_camera(camera.as_ref());
    }
}

/// Passes frames on; sets `came` once there is one.
fn pass_on(camera: &mut dyn Camera, shared: &Shared, came: &mut bool) -> Result<(), CameraError> {
    while let Some(frame) = camera.next_frame()? {
        *came = true;
        if !shared.offer(frame, camera.losses()) {
            break;
        }
    }
    Ok(())
}

/// Tries until the camera is there, after the next of the `pauses` each time; `None` when the run ends before.
fn open_again(reopen: &mut Reopen, pauses: impl Iterator<Item = Duration>, shared: &Shared) -> Option<Box<dyn Camera>> {
    for pause in pauses {
        if shared.frames.closed_by(Instant::now() + pause) {
            return None;
        }
        let attempt = reopen();
        shared.service.step_done();
        match attempt {
            Ok(camera) => return Some(camera),
            // Why it went away says more than that it is away.
            Err(CameraError::Missing { .. }) => {}
            Err(error) => {
                log::info!("not yet: {error}");
                shared.lose_camera(&error.in_short());
            }
        }
    }
    None
}
