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
    loop {
        let Err(error) = pass_on(camera.as_mut(), shared) else { return Ok(()) };
        let Some(reopen) = &mut reopen else { return Err(error.into()) };
        log::warn!("{error}; opening it again until it comes back");
        shared.lose_camera(&error.in_short());
        // Most devices can be opened once only.
        drop(camera);
        match open_again(reopen, shared) {
            Some(found) => camera = found,
            None => return Ok(()),
        }
        log::warn!("the camera is back: {}", camera.describe());
        shared.find_camera(camera.as_ref());
    }
}

fn pass_on(camera: &mut dyn Camera, shared: &Shared) -> Result<(), CameraError> {
    while let Some(frame) = camera.next_frame()? {
        if !shared.offer(frame, camera.losses()) {
            break;
        }
    }
    Ok(())
}

/// Tries until the camera is there; `None` when the run ends before.
fn open_again(reopen: &mut Reopen, shared: &Shared) -> Option<Box<dyn Camera>> {
    for pause in doubling(BACK_OFF) {
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
