//! Frames from a Video4Linux2 camera.

use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use v4l::buffer::{Flags, Type};
use v4l::io::traits::{CaptureStream, Stream};
use v4l::prelude::MmapStream;
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, FourCC};

use super::buffer::Layout;
use super::device;
use super::modes::{self, Mode};
use crate::camera::Camera;
use crate::camera::error::CameraError;
use crate::camera::spec::{Encoding, V4l2Request};
use crate::vision::frame::{Frame, PixelFormat, YuvColour};

/// Buffers that the driver fills in turn.
const BUFFERS: u32 = 4;

/// How long a frame may take; slow webcams need seconds for their first.
const PATIENCE: Duration = Duration::from_secs(5);

/// Frames that may be damaged one after another before that is reported.
const DAMAGED_FRAMES: u32 = 30;

/// Waits for one frame that may be interrupted; a driver that has failed for good answers every wait with EIO.
const INTERRUPTIONS: u32 = 5;

/// An open camera that gives frames.
pub struct V4l2Camera {
    path: PathBuf,
    title: String,
    layout: Layout,
    /// `None` only while the camera is being dropped.
    stream: Option<MmapStream<'static>>,
    /// Set after a failed wait: the stream's current buffer is with the driver and must not be queued again.
    buffer_is_queued: bool,
    /// The frame by which `open` saw that the camera works.
    first: Option<Frame>,
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
        if let Some(fps) = request.fps {
            set_fps(&device, path, fps);
        }
        let mut stream = MmapStream::with_buffers(&device, Type::VideoCapture, BUFFERS)
            .map_err(|source| CameraError::from_system(path, "get buffers from", source))?;
        stream.set_timeout(PATIENCE);
        let actual = Mode { size: (layout.width, layout.height), ..mode };
        let mut camera = Self {
            path: path.into(),
            title: format!("{} {actual} ({})", path.display(), info.name),
            layout,
            stream: Some(stream),
            buffer_is_queued: false,
            first: None,
        };
        camera.first = Some(camera.capture()?);
        Ok(camera)
    }

    /// Waits for a whole frame.
    fn capture(&mut self) -> Result<Frame, CameraError> {
        let mut interruptions = 0;
        for _ in 0..DAMAGED_FRAMES {
            match self.try_capture() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => {
                    // Whether queueing or waiting failed, what comes next is to take a buffer back.
                    self.buffer_is_queued = true;
                    match reaction(&error) {
                        Reaction::TryAgain if interruptions < INTERRUPTIONS => interruptions += 1,
                        Reaction::ReportLate => {
                            return Err(CameraError::Timeout { device: self.path.clone(), waited: PATIENCE });
                        }
                        Reaction::TryAgain | Reaction::Report => {
                            return Err(CameraError::from_system(&self.path, "get a frame from", error));
                        }
                    }
                }
            }
        }
        Err(CameraError::Damaged { device: self.path.clone(), count: DAMAGED_FRAMES })
    }

    /// Waits for a buffer; `None` means that it holds no whole frame.
    fn try_capture(&mut self) -> io::Result<Option<Frame>> {
        let stream = self.stream.as_mut().ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV))?;
        if self.buffer_is_queued {
            stream.dequeue()?;
            self.buffer_is_queued = false;
        }
        let (buffer, meta) = CaptureStream::next(stream)?;
        let captured_at = Instant::now();
        let damaged = meta.flags.contains(Flags::ERROR);
        let frame = self.layout.whole_frame(buffer, meta.bytesused, damaged).map(|bytes| Frame {
            colour: YuvColour::default(),
            format: match self.layout.encoding {
                Encoding::Mjpg => PixelFormat::Mjpg,
                Encoding::Yuyv => PixelFormat::Yuyv,
            },
            width: self.layout.width,
            height: self.layout.height,
            stride: self.layout.row_bytes(),
            bytes: bytes.to_vec(),
            captured_at,
            sequence: meta.sequence.into(),
            name: String::new(),
        });
        if frame.is_none() {
            log::debug!("{}: dropped frame {}, which is damaged", self.path.display(), meta.sequence);
        }
        Ok(frame)
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
}

impl Drop for V4l2Camera {
    fn drop(&mut self) {
        let Some(mut stream) = self.stream.take() else { return };
        // A dropped stream panics where the driver does not let it stop, unless the device has gone.
        if let Err(error) = Stream::stop(&mut stream)
            && error.raw_os_error() != Some(libc::ENODEV)
        {
            log::warn!("{} does not stop ({error}); unplug it if it stays busy", self.path.display());
            mem::forget(stream);
        }
    }
}

/// What to do about a failed wait for a frame.
#[derive(Debug, PartialEq)]
enum Reaction {
    /// Nothing is lost but a frame.
    TryAgain,
    /// No frame came; another call may bring one.
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
    let format = Format::new(mode.size.0, mode.size.1, FourCC::new(&mode.fourcc));
    let set =
        device.set_format(&format).map_err(|source| CameraError::from_system(path, "set the format of", source))?;
    let size = (set.width, set.height);
    if set.fourcc.repr != mode.fourcc || request.size.is_some_and(|asked| asked != size) {
        let offered = Mode { fourcc: set.fourcc.repr, size, ..*mode }.to_string();
        return Err(CameraError::NoSuchMode { device: path.into(), wanted: mode.to_string(), offered });
    }
    Ok(Layout { encoding: mode.encoding, width: set.width, height: set.height, stride: set.stride })
}

/// Asks for a frame rate; a camera that has another one is still a camera.
fn set_fps(device: &Device, path: &Path, fps: u32) {
    match device.set_params(&Parameters::with_fps(fps)) {
        Ok(set) => {
            let actual = f64::from(set.interval.denominator) / f64::from(set.interval.numerator);
            if actual != f64::from(fps) {
                log::warn!("{} gives {actual:.1} frames a second, and not {fps}", path.display());
            }
        }
        Err(error) => log::warn!("{} does not let its frames a second be set ({error})", path.display()),
    }
}

/// What `request` asks for, in words.
fn wish(request: &V4l2Request) -> String {
    let size = request.size.map(|(width, height)| format!("{width}×{height}"));
    let encoding = request.encoding.map(|encoding| match encoding {
        Encoding::Mjpg => "MJPG".to_string(),
        Encoding::Yuyv => "YUYV".to_string(),
    });
    [size, encoding].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_tried_again() {
        let of = |errno| reaction(&io::Error::from_raw_os_error(errno));
        assert_eq!(of(libc::EINTR), Reaction::TryAgain);
        assert_eq!(of(libc::EAGAIN), Reaction::TryAgain);
        assert_eq!(of(libc::EIO), Reaction::TryAgain);
        assert_eq!(of(libc::ENODEV), Reaction::Report);
        assert_eq!(of(libc::EINVAL), Reaction::Report);
        assert_eq!(reaction(&io::Error::new(io::ErrorKind::TimedOut, "VIDIOC_DQBUF")), Reaction::ReportLate);
    }

    #[test]
    fn wishes_are_repeated_in_words() {
        let request = V4l2Request { size: Some((800, 600)), encoding: Some(Encoding::Yuyv), ..V4l2Request::default() };
        assert_eq!(wish(&request), "800×600 YUYV");
        assert_eq!(wish(&V4l2Request { size: None, ..request }), "YUYV");
    }
}
