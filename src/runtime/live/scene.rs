//! What a display shows: a picture, the answer that goes with it, and how the run stands.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use image::RgbImage;

use crate::{
    display::{caption::State, screen::Page},
    model::metadata::Fit,
    runtime::decide::Decision,
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

/// The answer to a picture.
pub struct Outcome {
    /// Name of the still picture, empty for a live camera.
    pub source: String,
    /// The label and the probabilities.
    pub decision: Decision,
    /// Results per second.
    pub fps: f32,
    /// Time from the capture of the picture to its label.
    pub latency: Duration,
}

/// How a run stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Something is being opened.
    Starting,
    /// Pictures come in.
    Live,
    /// The camera gives no pictures.
    CameraLost {
        /// Why, in a few words.
        cause: String,
        /// Since when.
        since: Instant,
    },
    /// The model gives no answers.
    ModelFailed {
        /// Why, in a few words.
        cause: String,
    },
}

impl Standing {
    /// The same for a caption, as of now.
    pub fn state(&self) -> State {
        match self.clone() {
            Self::Starting => State::Starting,
            Self::Live => State::Live,
            Self::CameraLost { cause, since } => State::CameraLost { cause, since: since.elapsed() },
            Self::ModelFailed { cause } => State::ModelFailed { cause },
        }
    }

    /// Whether what a screen says about it changes with time.
    pub fn counts_time(&self) -> bool {
        matches!(self, Self::CameraLost { .. })
    }
}

/// What a display shows.
#[derive(Clone)]
pub struct Scene {
    /// The newest picture, once there is one.
    pub shot: Option<Arc<Shot>>,
    /// The answer, once there is one.
    pub outcome: Option<Arc<Outcome>>,
    /// How the run stands.
    pub standing: Standing,
    /// What the screen puts first.
    pub page: Page,
    /// Whether the user has stopped the picture.
    pub frozen: bool,
}
