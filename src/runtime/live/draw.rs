//! The thread of a display: draws every scene it has time for, and opens the display again when it fails.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{scene::Scene, shared::Shared};
use crate::{
    display::{Panel, panel::DisplayError, screen},
    newest::{Newest, Taken},
    runtime::back_off::doubling,
};

/// Shortest time between two pictures on a display.
const FRAME_TIME: Duration = Duration::from_millis(33);
/// Time after which a screen that counts seconds is drawn anew.
const SECOND: Duration = Duration::from_secs(1);
/// Time from one attempt to open a failed display to the next: the first, doubled until the last.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));

/// Opens a display again.
pub type OpenPanel = Box<dyn FnMut() -> Result<Box<dyn Panel>, DisplayError> + Send>;

/// A display of a run.
pub struct Display {
    /// What it is, in a few words.
    pub name: String,
    /// The display.
    pub panel: Box<dyn Panel>,
    /// How to open it again; `None` where that is of no use.
    pub reopen: Option<OpenPanel>,
    /// Whether somebody looks at it who sees nothing else, such as a log.
    pub stands_alone: bool,
}

/// Keeps others from waiting for a display that has failed.
struct CloseOnDrop<'a>(&'a Newest<Scene>);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Draws every scene that the display has time for.
pub fn draw(display: Display, shared: &Shared, index: usize) -> Result<(), DisplayError> {
    let Display { name, mut panel, mut reopen, .. } = display;
    let scenes = &shared.scenes[index];
    let _closing = CloseOnDrop(scenes);
    let mut last: Option<Scene> = None;
    loop {
        let mut scene = match (scenes.take_until(Instant::now() + SECOND), last.take()) {
            (Taken::Item(scene), _) => scene,
            (Taken::Nothing, Some(scene)) if scene.standing.counts_time() => scene,
            (Taken::Nothing, kept) => {
                last = kept;
                continue;
            }
            (Taken::Closed, _) => return Ok(()),
        };
        let started = Instant::now();
        while let Err(error) = show(panel.as_mut(), &scene, shared) {
            let Some(reopen) = &mut reopen else { return Err(error) };
            log::error!("{error}; opening {name} again until it comes back");
            drop(panel);
            match open_again(reopen, scenes, scene) {
                Some(found) => (panel, scene) = found,
                None => return Ok(()),
            }
            log::warn!("{name} is back");
        }
        last = Some(scene);
        if !shared.every_frame_counts() {
            thread::sleep(FRAME_TIME.saturating_sub(started.elapsed()));
        }
    }
}

fn show(panel: &mut dyn Panel, scene: &Scene, shared: &Shared) -> Result<(), DisplayError> {
    let size = panel.size();
    if size.0 == 0 || size.1 == 0 {
        return Ok(());
    }
    let picture = match scene.shot.as_ref().map(|shot| shot.picture(shared.largest(size))) {
        None => None,
        Some(Ok(picture)) => Some(picture),
        // The inference thread tells about pictures that cannot be read.
        Some(Err(_)) => return Ok(()),
    };
    let caption = shared.caption(scene);
    let view = screen::View { picture, caption: &caption, page: scene.page };
    panel.show(&screen::draw(&view, size, panel.drawing()), &caption)
}

/// Tries until the display is there, and returns it with the scene to show on it, which is the newest; `None` when the run ends
/// before.
fn open_again(reopen: &mut OpenPanel, scenes: &Newest<Scene>, mut newest: Scene) -> Option<(Box<dyn Panel>, Scene)> {
    for pause in doubling(BACK_OFF) {
        let next = Instant::now() + pause;
        loop {
            match scenes.take_until(next) {
                Taken::Item(scene) => newest = scene,
                Taken::Nothing => break,
                Taken::Closed => return None,
            }
        }
        match reopen() {
            Ok(panel) => return Some((panel, newest)),
            Err(error) => log::info!("not yet: {error}"),
        }
    }
    None
}
