//! The threads at both ends of a run: one takes frames from the camera, one for each display draws scenes.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    RunError,
    scene::{Scene, Shared, Shot},
};
use crate::{
    camera::Camera,
    display::{Panel, panel::DisplayError, screen},
    runtime::newest::Newest,
};

/// Shortest time between two pictures on a display.
const FRAME_TIME: Duration = Duration::from_millis(33);
/// Failures in a row after which a camera is not asked again, though it says that they may pass.
const MAX_CAMERA_FAILURES: u32 = 3;

/// Passes frames on until the source ends or nobody wants more.
pub fn capture(mut camera: Box<dyn Camera>, shared: &Shared) -> Result<(), RunError> {
    let mut failures = 0;
    loop {
        match camera.next_frame() {
            Ok(Some(frame)) => {
                failures = 0;
                if !shared.offer(Arc::new(Shot::new(frame))) {
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err(error) if error.is_temporary() && failures < MAX_CAMERA_FAILURES => {
                log::warn!("{error}; trying again");
                failures += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Keeps others from waiting for a display that has failed.
struct CloseOnDrop<'a>(&'a Newest<Scene>);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Draws every scene that one panel has time for.
pub fn draw(mut panel: Box<dyn Panel>, shared: &Shared, index: usize) -> Result<(), DisplayError> {
    let scenes = &shared.scenes[index];
    let _closing = CloseOnDrop(scenes);
    while let Some(scene) = scenes.take() {
        let started = Instant::now();
        let size = panel.size();
        if size.0 == 0 || size.1 == 0 {
            continue;
        }
        // The inference thread tells about pictures that cannot be read.
        let Ok(picture) = scene.shot.picture() else { continue };
        let caption = shared.caption(&scene);
        let view = screen::View { picture: Some(picture), caption: &caption, page: screen::Page::Picture };
        let canvas = screen::draw(&view, size, panel.drawing());
        panel.show(&canvas, &caption)?;
        if !shared.every_frame_counts {
            thread::sleep(FRAME_TIME.saturating_sub(started.elapsed()));
        }
    }
    Ok(())
}
