//! Where frames come from.

pub mod demo;
pub mod enumerate;
pub mod error;
pub mod files;
pub mod holder;
pub mod names;
pub mod pipe;
pub mod reopen;
pub mod source;
pub mod spec;
pub mod v4l2;

use std::time::Duration;

use crate::vision::frame::Frame;

/// Frames that a camera has lost since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Frames that came, but damaged or cut.
    pub damaged: u64,
    /// Frames that the camera counted, but that never came.
    pub missed: u64,
}

/// A source of frames, used by one thread.
pub trait Camera: Send {
    /// Says in a few words what this is, such as `/dev/video0 640×480 MJPG`.
    fn describe(&self) -> String;
    /// Waits for the next frame; `None` means that the source has ended. After an error the camera has to be opened again.
    fn next_frame(&mut self) -> Result<Option<Frame>, source::CameraError>;
    /// Says whether every frame is to be classified, because each picture comes only once; of a live source
    /// the newest frame is enough.
    fn every_frame_counts(&self) -> bool {
        false
    }
    /// How long the next frame may take before [`next_frame`](Self::next_frame) errs, unless it hangs.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }
    /// Frames that were lost so far.
    fn losses(&self) -> Losses {
        Losses::default()
    }
}
