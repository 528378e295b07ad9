//! The grammar of a camera SPEC: `/dev/video0`, `v4l2:/dev/video0?size=640x480`, `rpicam`, `pipe:COMMAND`,
//! `files:PATH?hold=2`, `demo`.

mod pipe;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::error::CameraError;
use crate::vision::frame::PixelFormat;
pub use pipe::{Codec, PipeRequest, RpicamRequest};

/// What can be written for SPEC, for messages.
const KINDS: &str = "write /dev/video0, v4l2:/dev/video0?format=MJPG&size=640x480&fps=30, rpicam, pipe:COMMAND, \
    files:PICTURE-OR-FOLDER?hold=2.5 or demo";

/// What is asked of a V4L2 camera; what is `None` may be chosen freely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct V4l2Request {
    /// The device node, such as `/dev/video0`.
    pub device: PathBuf,
    /// How the pictures are to be laid out.
    pub format: Option<PixelFormat>,
    /// Width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// Frames a second.
    pub fps: Option<u32>,
    /// Time without a frame after which the camera counts as lost.
    pub wait: Option<Duration>,
}

/// How still pictures become a stream of frames; what is `None` depends on who looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StillsRequest {
    /// Frames a second while a picture is held, above 0.
    pub fps: Option<f64>,
    /// How long each picture is shown; zero for one frame each.
    pub hold: Option<Duration>,
    /// Whether the first picture follows the last.
    pub repeat: Option<bool>,
}

/// A camera SPEC, understood but not opened.
#[derive(Clone, Debug, PartialEq)]
pub enum CameraSpec {
    /// A webcam or another Video4Linux device.
    V4l2(V4l2Request),
    /// A camera on the CSI connector of a Raspberry Pi.
    Rpicam(RpicamRequest),
    /// A program that writes frames on its standard output.
    Pipe(PipeRequest),
    /// A picture file, or the pictures in a folder.
    Files(PathBuf, StillsRequest),
    /// The pictures that are built into the program.
    Demo(StillsRequest),
}

impl FromStr for CameraSpec {
    type Err = CameraError;

    /// Parses a SPEC; the error says what can be written.
    fn from_str(spec: &str) -> Result<Self, CameraError> {
        parse(spec).map_err(|reason| CameraError::Spec { spec: spec.into(), reason })
    }
}

fn parse(spec: &str) -> Result<CameraSpec, String> {
    // These come first, because a command may look like anything.
    if let Some(parsed) = pipe::parse(spec) {
        return parsed;
    }
    let (body, options) = split_options(spec);
    if let Some(path) = body.strip_prefix("files:") {
        if path.is_empty() {
            return Err("files: needs a picture or a folder, such as files:photos".into());
        }
        return Ok(CameraSpec::Files(path.into(), stills_options(&options)?));
    }
    if body == "demo" {
        return Ok(CameraSpec::Demo(stills_options(&options)?));
    }
    let device = body.strip_prefix("v4l2:").unwrap_or(body);
    if device.starts_with("/dev/") {
        return Ok(CameraSpec::V4l2(v4l2_options(device.into(), &options)?));
    }
    if body.starts_with("v4l2:") {
        return Err("v4l2: needs a device, such as v4l2:/dev/video0".into());
    }
    if body.contains('/') || body.contains('.') {
        return Err(format!("to see pictures write files:{body}; for a camera {KINDS}"));
    }
    Err(KINDS.into())
}

/// Splits `BODY?key=value&key=value`; a question mark that no `=` follows belongs to a file's name.
fn split_options(spec: &str) -> (&str, Vec<(&str, &str)>) {
    match spec.rsplit_once('?') {
        Some((body, options)) if options.contains('=') => {
            (body, options.split('&').map(|option| option.split_once('=').unwrap_or((option, ""))).collect())
        }
        _ => (spec, Vec::new()),
    }
}

fn v4l2_options(device: PathBuf, options: &[(&str, &str)]) -> Result<V4l2Request, String> {
    let mut request = V4l2Request { device, ..V4l2Request::default() };
    for &(key, value) in options {
        match key {
            "format" => request.format = Some(pixel_format(value)?),
            "size" => request.size = Some(size(value)?),
            "fps" => match value.parse() {
                Ok(fps @ 1..=1000) => request.fps = Some(fps),
                _ => return Err(format!("fps={value} is not a whole number between 1 and 1000")),
            },
            "wait" => request.wait = Some(pipe::seconds(value)?),
            _ => {
                return Err(format!("{key:?} is not an option of a V4L2 camera; those are format, size, fps and wait"));
            }
        }
    }
    Ok(request)
}

fn pixel_format(value: &str) -> Result<PixelFormat, String> {
    PixelFormat::from_name(value)
        .ok_or_else(|| format!("format={value} is none of MJPG, YUYV, UYVY, NV12, YU12, RGB3 and GREY"))
}

fn size(value: &str) -> Result<(u32, u32), String> {
    let sides = value.split_once(['x', '×']).map(|(width, height)| (width.parse(), height.parse()));
    match sides {
        Some((Ok(width @ 1..), Ok(height @ 1..))) => Ok((width, height)),
        _ => Err(format!("size={value} is not WIDTHxHEIGHT, such as 640x480")),
    }
}

fn stills_options(options: &[(&str, &str)]) -> Result<StillsRequest, String> {
    let mut request = StillsRequest::default();
    for &(key, value) in options {
        match key {
            "fps" => match value.parse() {
                Ok(fps) if (0.1..=1000.0).contains(&fps) => request.fps = Some(fps),
                _ => return Err(format!("fps={value} is not a number between 0.1 and 1000")),
            },
            "hold" => match value.parse() {
                Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => {
                    request.hold = Some(Duration::from_secs_f64(seconds));
                }
                _ => return Err(format!("hold={value} is not a number of seconds between 0 and 86400")),
            },
            "loop" => match value {
                "0" => request.repeat = Some(false),
                "1" => request.repeat = Some(true),
                _ => return Err(format!("loop={value} is neither 0 nor 1")),
            },
            _ => return Err(format!("{key:?} is not an option of still pictures; those are fps, hold and loop")),
        }
    }
    Ok(request)
}

#[cfg(test)]
mod tests;
