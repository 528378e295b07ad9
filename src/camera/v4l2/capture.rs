//! Frames from a Video4Linux2 camera.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use v4l::Device;
use v4l::video::Capture;
use v4l::video::capture::Parameters;

use super::buffer::Layout;
use super::modes::{self, Mode};
use super::stream::Stream;
use super::{calls, device};
use crate::camera::error::CameraError;
use crate::camera::names::lasting;
use crate::camera::spec::V4l2Request;
use crate::camera::{Camera, Losses};
use crate::vision::frame::Frame;

/// Frames a second that are asked for where the user asks for none, and the camera has as many.
const USUAL_FPS: f64 = 30.0;

/// Buffers that the driver fills in turn.
const BUFFERS: u32 = 4;

/// How long the first frame may take, for which slow webcams need seconds.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);

/// How long a later frame may take, unless the request says otherwise; the slowest webcams give one a second in the dark.
const PATIENCE: Duration = Duration::from_secs(2);

/// Frames that may be damaged one after another before that is reported.
const DAMAGED_FRAMES: u32 = 30;

/// Waits for one frame that may be interrupted; a driver that has failed for good answers every wait with EIO.
const INTERRUPTIONS: u32 = 5;

/// An open camera that gives frames.
pub struct V4l2Camera {
    path: PathBuf,
    title: String,
    layout: Layout,
    stream: Stream,
    patience: Duration,
    /// The frame by which `open` saw that the camera works.
    first: Option<Frame>,
    losses: Losses,
    /// Number of the newest buffer.
    newest: Option<u32>,
}

impl V4l2Camera {
    /// Opens the device, sets the mode nearest to `request`, and waits for the first frame.
    pub fn open(request: &V4l2Request) -> Result<Self, CameraError> {
        let path = request.device.as_path();
        let device = device::open(path)?;
        let info = device::describe(&device, path)?;
        device::refuse(path, &info)?;
        let mode = modes::choose(&info.formats, request).ok_or_else(|| CameraError::NoSuchMode {
            device: path.into(),
            wanted: wish(request),
            offered: modes::usable(&info.formats).map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })?;
        let layout = set_mode(&device, path, &mode, request)?;
        match (request.fps, mode.max_fps) {
            (Some(fps), _) => set_fps(&device, path, fps).into_iter().for_each(|reason| log::warn!("{reason}")),
            // Some drivers begin with fewer than they offer.
            (None, Some(offered)) if offered >= 1.0 => {
                let fps = offered.min(USUAL_FPS) as u32;
                set_fps(&device, path, fps).into_iter().for_each(|reason| log::info!("{reason}"));
            }
            (None, _) => {}
        }
        let stream =
            Stream::start(device, BUFFERS).map_err(|source| CameraError::from_system(path, "start", source))?;
        let actual = Mode { size: (layout.width, layout.height), ..mode };
        let mut camera = Self {
            path: path.into(),
            title: format!("{} {actual} ({})", path.display(), info.name),
            layout,
            stream,
            patience: FIRST_PATIENCE.max(request.wait.unwrap_or_default()),
            first: None,
            losses: Losses::default(),
            newest: None,
        };
        camera.first = Some(camera.capture()?);
        camera.patience = request.wait.unwrap_or(PATIENCE);
        Ok(camera)
    }

    /// Names of the camera that last when its number changes, the best first.
    pub fn lasting_names(&self) -> Vec<PathBuf> {
        lasting(&self.path)
    }

    /// Waits for a whole frame.
    fn capture(&mut self) -> Result<Frame, CameraError> {
        let mut interruptions = 0;
        for _ in 0..DAMAGED_FRAMES {
            match self.try_capture() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => self.losses.damaged += 1,
                Err(error) => match reaction(&error) {
                    Reaction::TryAgain if interruptions < INTERRUPTIONS => interruptions += 1,
                    Reaction::ReportLate => {
                        return Err(CameraError::Timeout { device: self.path.clone(), waited: self.patience });
                    }
                    Reaction::TryAgain | Reaction::Report => {
                        return Err(CameraError::from_system(&self.path, "get a picture from", error));
                    }
                },
            }
        }
        Err(CameraError::Damaged { device: self.path.clone(), count: DAMAGED_FRAMES })
    }

    /// Waits for a buffer; `None` means that it holds no whole frame.
    fn try_capture(&mut self) -> io::Result<Option<Frame>> {
        let filled = self.stream.next(self.patience)?;
        let before = self.newest.replace(filled.sequence);
        self.losses.missed += before.map_or(0, |before| u64::from(gap(before, filled.sequence)));
        let whole = self.layout.whole_frame(filled.bytes).filter(|_| !filled.damaged);
        if whole.is_none() {
            log::debug!("{}: dropped frame {}, which is damaged", self.path.display(), filled.sequence);
        }
        Ok(whole.map(|bytes| Frame {
            format: self.layout.format,
            colour: self.layout.colour,
            width: self.layout.width,
            height: self.layout.height,
            stride: self.layout.row_bytes(),
            bytes: bytes.to_vec(),
            captured_at: filled.captured_at,
            sequence: filled.sequence.into(),
            name: String::new(),
        }))
    }
}

impl Camera for V4l2Camera {
    fn describe(&self) -> String {
        self.title.clone()
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        match self.first.take() {
            Some(frame) => Ok(Some(frame)),
            None => self.capture().map(Some),
        }
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn losses(&self) -> Losses {
        self.losses
    }
}

/// Frames that the camera counted between two that came; its counter wraps around, and some drivers start it anew.
fn gap(before: u32, now: u32) -> u32 {
    match now.wrapping_sub(before) {
        0 => 0,
        ahead if ahead < u32::MAX / 2 => ahead - 1,
        _ => 0,
    }
}

/// What to do about a failed wait for a frame.
#[derive(Debug, PartialEq)]
enum Reaction {
    /// Nothing is lost but a frame.
    TryAgain,
    /// No frame came in time.
    ReportLate,
    /// The camera cannot go on.
    Report,
}

fn reaction(error: &io::Error) -> Reaction {
    match error.kind() {
        io::ErrorKind::TimedOut => Reaction::ReportLate,
        // A signal, or a frame that another reader of the queue took.
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => Reaction::TryAgain,
        // By V4L2's definition also a passing loss of the signal.
        _ if error.raw_os_error() == Some(libc::EIO) => Reaction::TryAgain,
        _ => Reaction::Report,
    }
}

/// Sets the mode and returns what the driver made of it; errs where that is not what was asked for.
fn set_mode(device: &Device, path: &Path, mode: &Mode, request: &V4l2Request) -> Result<Layout, CameraError> {
    let set = calls::set_format(device, mode.fourcc, mode.size)
        .map_err(|source| CameraError::from_system(path, "set the format of", source))?;
    let (fourcc, size) = (set.pixelformat.to_le_bytes(), (set.width, set.height));
    if fourcc != mode.fourcc || request.size.is_some_and(|asked| asked != size) {
        let offered = Mode { fourcc, size, ..*mode }.to_string();
        return Err(CameraError::NoSuchMode { device: path.into(), wanted: mode.to_string(), offered });
    }
    Ok(Layout::of(&set, mode.format))
}

/// Asks for a frame rate. Returns what is wrong with the one that is set: a camera that has another is still a camera.
fn set_fps(device: &Device, path: &Path, fps: u32) -> Option<String> {
    match device.set_params(&Parameters::with_fps(fps)) {
        Ok(set) => {
            let actual = f64::from(set.interval.denominator) / f64::from(set.interval.numerator);
            (actual != f64::from(fps))
                .then(|| format!("{} gives {actual:.1} frames a second, and not {fps}", path.display()))
        }
        Err(error) => Some(format!("{} does not let its frames a second be set ({error})", path.display())),
    }
}

/// What `request` asks for, in words.
fn wish(request: &V4l2Request) -> String {
    let size = request.size.map(|(width, height)| format!("{width}×{height}"));
    let format = request.format.map(|format| format.name().into());
    [size, format].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::frame::PixelFormat;

    #[test]
    fn only_what_passes_is_tried_again() {
        let of = |errno| reaction(&io::Error::from_raw_os_error(errno));
        assert_eq!(of(libc::EINTR), Reaction::TryAgain);
        assert_eq!(of(libc::EAGAIN), Reaction::TryAgain);
        assert_eq!(of(libc::EIO), Reaction::TryAgain);
        assert_eq!(of(libc::ENODEV), Reaction::Report);
        assert_eq!(of(libc::EINVAL), Reaction::Report);
        assert_eq!(reaction(&io::Error::new(io::ErrorKind::TimedOut, "late")), Reaction::ReportLate);
    }

    #[test]
    fn wishes_are_repeated_in_words() {
        let request = V4l2Request { size: Some((800, 600)), format: Some(PixelFormat::Yuyv), ..V4l2Request::default() };
        assert_eq!(wish(&request), "800×600 YUYV");
        assert_eq!(wish(&V4l2Request { size: None, format: Some(PixelFormat::Rgb), ..request }), "RGB3");
    }

    #[test]
    fn frames_between_two_numbers_are_missing() {
        assert_eq!([(7, 8), (7, 10), (7, 7), (u32::MAX, 1), (500, 0)].map(|(a, b)| gap(a, b)), [0, 2, 0, 1, 0]);
    }
}
