//! A camera made of still pictures: each is held for a while, as if it stood in front of a lens.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use image::RgbImage;

use super::Camera;
use super::error::CameraError;
use super::spec::StillsRequest;
use crate::vision::decode::{DecodeError, decode_picture, read_picture};
use crate::vision::frame::{Frame, PixelFormat, YuvColour};
use crate::vision::pictures::list_pictures;

/// How still pictures are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Time between frames.
    pub interval: Duration,
    /// Frames of each picture, at least one.
    pub frames: u32,
    /// Whether the first picture follows the last.
    pub repeat: bool,
}

impl Pace {
    /// For eyes: ten frames a second, 2.5 seconds a picture, again and again, unless `request` says otherwise.
    pub fn for_eyes(request: StillsRequest) -> Self {
        let hold = request.hold.unwrap_or(Duration::from_millis(2500));
        Self::of(request.fps, hold, request.repeat.unwrap_or(!hold.is_zero()))
    }

    /// For a list of results: each picture once and at once, unless `request` says otherwise.
    pub fn for_results(request: StillsRequest) -> Self {
        Self::of(request.fps, request.hold.unwrap_or(Duration::ZERO), request.repeat.unwrap_or(false))
    }

    fn of(fps: Option<f64>, hold: Duration, repeat: bool) -> Self {
        if hold.is_zero() {
            // One frame each, and no waiting but what was asked for.
            let interval = fps.map_or(Duration::ZERO, |fps| Duration::from_secs_f64(1.0 / fps));
            return Self { interval, frames: 1, repeat };
        }
        let fps = fps.unwrap_or(10.0);
        let frames = (hold.as_secs_f64() * fps).round().max(1.0) as u32;
        Self { interval: Duration::from_secs_f64(1.0 / fps), frames, repeat }
    }
}

/// One still picture that is not decoded yet.
#[derive(Clone, Debug)]
pub(super) enum Still {
    /// A picture file.
    File(PathBuf),
    /// Bytes of a picture file inside the program.
    Bundled { name: &'static str, bytes: &'static [u8] },
}

impl Still {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bundled { name, .. } => (*name).into(),
        }
    }

    fn decode(&self) -> Result<RgbImage, DecodeError> {
        match self {
            Self::File(path) => read_picture(path),
            Self::Bundled { name, bytes } => decode_picture(bytes, name),
        }
    }
}

/// Still pictures as a source of frames. Pictures that cannot be read are named in the log and left out.
pub struct StillCamera {
    title: String,
    /// Pictures that are still to come, the next one first.
    queue: VecDeque<Still>,
    pace: Pace,
    /// The picture being shown, and how many frames of it are left.
    shown: Option<(Frame, u32)>,
    /// Whether any picture could be decoded.
    any_readable: bool,
    /// When the next frame is due.
    due: Option<Instant>,
    sequence: u64,
}

impl StillCamera {
    /// Shows the picture or the folder of pictures at `path`; errs where there are none.
    pub fn open(path: &Path, pace: Pace) -> Result<Self, CameraError> {
        let pictures = list_pictures(&[path])?;
        let title = format!("{} ({})", path.display(), counted(pictures.len()));
        Ok(Self::new(title, pictures.into_iter().map(Still::File), pace))
    }

    pub(super) fn new(title: String, stills: impl IntoIterator<Item = Still>, pace: Pace) -> Self {
        let queue = stills.into_iter().collect();
        Self { title, queue, pace, shown: None, any_readable: false, due: None, sequence: 0 }
    }

    /// Decodes the next readable picture into `shown`; leaves `None` there at the end.
    fn advance(&mut self) {
        self.shown = None;
        while let Some(still) = self.queue.pop_front() {
            match still.decode() {
                Ok(picture) => {
                    self.any_readable = true;
                    self.shown = Some((frame_of(picture, still.name()), self.pace.frames));
                    if self.pace.repeat {
                        self.queue.push_back(still);
                    }
                    return;
                }
                Err(error) => log::warn!("skipped: {error}"),
            }
        }
    }

    /// Waits until the next frame is due.
    fn wait(&mut self) {
        let (pause, due) = schedule(self.due, Instant::now(), self.pace.interval);
        self.due = Some(due);
        thread::sleep(pause);
    }
}

impl Camera for StillCamera {
    fn describe(&self) -> String {
        self.title.clone()
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        if !matches!(self.shown, Some((_, 1..))) {
            self.advance();
        }
        if self.shown.is_some() {
            self.wait();
        }
        match &mut self.shown {
            Some((picture, left)) => {
                *left -= 1;
                let frame = Frame { captured_at: Instant::now(), sequence: self.sequence, ..picture.clone() };
                self.sequence += 1;
                Ok(Some(frame))
            }
            None if self.any_readable => Ok(None),
            None => Err(CameraError::NoReadablePicture { camera: self.title.clone() }),
        }
    }

    fn every_frame_counts(&self) -> bool {
        self.pace.frames == 1
    }

    fn patience(&self) -> Duration {
        self.pace.interval
    }
}

/// How long to wait for the frame that is due, and when the one after it will be.
fn schedule(due: Option<Instant>, now: Instant, interval: Duration) -> (Duration, Instant) {
    let due = due.unwrap_or(now);
    // After a delay the pace starts anew: frames that were missed are not made up for.
    (due.saturating_duration_since(now), due.max(now) + interval)
}

/// Says how many pictures there are.
pub(super) fn counted(count: usize) -> String {
    if count == 1 { "1 picture".into() } else { format!("{count} pictures") }
}

fn frame_of(picture: RgbImage, name: String) -> Frame {
    let (width, height) = picture.dimensions();
    Frame {
        format: PixelFormat::Rgb,
        colour: YuvColour::default(),
        width,
        height,
        stride: width as usize * 3,
        bytes: picture.into_raw(),
        captured_at: Instant::now(),
        sequence: 0,
        name,
    }
}

#[cfg(test)]
mod tests;
