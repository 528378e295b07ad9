//! What the displays show, and how buttons change that.

use std::sync::{MutexGuard, PoisonError};

use super::{Latest, Shared};
use crate::{
    camera::Losses,
    display::caption::Caption,
    runtime::live::{
        scene::Scene,
        words::{Counts, caption},
    },
};

impl Shared {
    /// Tells what is being done while the run is starting.
    pub fn starting(&self, doing: &str) {
        let mut latest = self.latest();
        latest.camera = doing.into();
        self.show(latest);
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

    /// Columns and rows that suit every display, of which one has `size`.
    pub fn largest(&self, size: (u32, u32)) -> (u32, u32) {
        let mut largest = self.largest.lock().unwrap_or_else(PoisonError::into_inner);
        *largest = (largest.0.max(size.0), largest.1.max(size.1));
        *largest
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

    /// Gives the displays what is newest.
    pub(super) fn show(&self, latest: MutexGuard<'_, Latest>) {
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
