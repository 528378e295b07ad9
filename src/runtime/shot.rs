//! A frame on its way through a run.

use std::sync::{Arc, OnceLock};

use image::RgbImage;

use crate::{
    model::metadata::Fit,
    vision::{
        decode::DecodeError,
        fit::fit,
        frame::Frame,
        scaled::{frame_to_input, frame_to_rgb_at_least},
    },
};

/// A frame whose picture is made once, by whoever needs it first.
pub struct Shot {
    frame: Frame,
    session: u32,
    picture: OnceLock<Result<RgbImage, Arc<DecodeError>>>,
}

impl Shot {
    /// Keeps a frame; nothing is decoded yet.
    pub fn new(frame: Frame, session: u32) -> Self {
        Self { frame, session, picture: OnceLock::new() }
    }

    /// How often the camera was lost before this frame: answers to frames of different sessions have nothing to do with each other.
    pub fn session(&self) -> u32 {
        self.session
    }

    /// The frame as it came.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The pixels for a display, no more of them than the first who asks has use for on `size` (columns, rows); an error where the
    /// frame is damaged.
    pub fn picture(&self, size: (u32, u32)) -> Result<&RgbImage, Arc<DecodeError>> {
        let made = self.picture.get_or_init(|| frame_to_rgb_at_least(&self.frame, size).map_err(Arc::new));
        made.as_ref().map_err(Arc::clone)
    }

    /// The pixels for a network whose input has `size` a side; an error where the frame is damaged.
    pub fn input(&self, size: u32, how: Fit) -> Result<RgbImage, Arc<DecodeError>> {
        if self.frame.format.is_luma_and_chroma() {
            return frame_to_input(&self.frame, size, how).map_err(Arc::new);
        }
        // Pictures of RGB and JPEG are made whole for displays too, so one of both makes them.
        Ok(fit(self.picture((size, size))?, size, how))
    }
}
