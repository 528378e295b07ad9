//! Where frames come from.

pub mod source;

use crate::vision::frame::Frame;

/// A source of frames, used by one thread.
pub trait Camera: Send {
    /// Says in a few words what this is, such as `/dev/video0 640×480 MJPG`.
    fn describe(&self) -> String;
    /// Waits for the next frame; `None` means that the source has ended.
    fn next_frame(&mut self) -> Result<Option<Frame>, source::CameraError>;
}
