//! SPECs of cameras that a program reads: `rpicam?size=640x480` and `pipe?format=yu12&size=640x480:COMMAND`.
//!
//! The options of `pipe` stand before the colon, so that a command may hold question marks, equal signs and anything else.

use std::time::Duration;

use super::{CameraSpec, size};
use crate::{
    camera::pipe::layout::{JPEG_COLOUR, RawLayout},
    vision::frame::{Matrix, PixelFormat, Range, YuvColour},
};

/// How `rpicam-vid` is to hand over its pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    /// Uncompressed: no work for anyone.
    #[default]
    Yuv420,
    /// As JPEG pictures.
    Mjpeg,
}

/// What is asked of a camera on the CSI connector of a Raspberry Pi; what is `None` may be chosen freely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpicamRequest {
    /// Width and height in pixels, both even.
    pub size: Option<(u32, u32)>,
    /// Frames a second.
    pub fps: Option<u32>,
    /// How pictures are handed over.
    pub codec: Codec,
    /// More arguments for the program, such as `--rotation 180`.
    pub args: Vec<String>,
    /// How long it may give no frame.
    pub wait: Option<Duration>,
}

/// A command that writes frames on its standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeRequest {
    /// What a shell is to run.
    pub command: String,
    /// Form of its frames; `None` for a stream of JPEG pictures.
    pub layout: Option<RawLayout>,
    /// How long it may give no frame; the usual time where that is `None`.
    pub wait: Option<Duration>,
    /// Whether it is a recording: every frame counts, and its end is the end of the source.
    pub once: bool,
}

/// Parses `rpicam…` and `pipe…`; `None` for SPECs of other kinds.
pub fn parse(spec: &str) -> Option<Result<CameraSpec, String>> {
    if let Some(rest) = spec.strip_prefix("rpicam") {
        let options = rest.strip_prefix('?');
        return (rest.is_empty() || options.is_some())
            .then(|| rpicam(options.unwrap_or_default()).map(CameraSpec::Rpicam));
    }
    let rest = spec.strip_prefix("pipe")?;
    if let Some(command) = rest.strip_prefix(':') {
        return Some(pipe("", command).map(CameraSpec::Pipe));
    }
    let rest = rest.strip_prefix('?')?;
    Some(match rest.split_once(':') {
        Some((options, command)) => pipe(options, command).map(CameraSpec::Pipe),
        None => Err("pipe needs a command after a colon, as in pipe?format=yu12&size=640x480:COMMAND".into()),
    })
}

fn rpicam(options: &str) -> Result<RpicamRequest, String> {
    let mut request = RpicamRequest::default();
    for (key, value) in pairs(options) {
        match key {
            "size" => match size(value)? {
                (width, height) if width % 2 == 0 && height % 2 == 0 && width <= 16_384 && height <= 16_384 => {
                    request.size = Some((width, height));
                }
                _ => return Err(format!("size={value} has an odd or too long side; write it like size=640x480")),
            },
            "fps" => match value.parse() {
                Ok(fps @ 1..=1000) => request.fps = Some(fps),
                _ => return Err(format!("fps={value} is not a whole number between 1 and 1000")),
            },
            "codec" => match value {
                "yuv420" => request.codec = Codec::Yuv420,
                "mjpeg" => request.codec = Codec::Mjpeg,
                _ => return Err(format!("codec={value} is neither yuv420 nor mjpeg")),
            },
            "args" => request.args = value.split_whitespace().map(String::from).collect(),
            "wait" => request.wait = Some(seconds(value)?),
            _ => return Err(format!("{key:?} is not an option of rpicam; those are size, fps, codec, args and wait")),
        }
    }
    Ok(request)
}

fn pipe(options: &str, command: &str) -> Result<PipeRequest, String> {
    if command.trim().is_empty() {
        return Err("pipe: needs a command that writes pictures, such as pipe:cat video.mjpg".into());
    }
    if command.contains('\0') {
        return Err("a command cannot hold a zero byte".into());
    }
    let mut request = PipeRequest { command: command.into(), layout: None, wait: None, once: false };
    let (mut format, mut sides, mut stride, mut colour) = (PixelFormat::Mjpg, None, None, None);
    for (key, value) in pairs(options) {
        match key {
            "format" => format = pixel_format(value)?,
            "size" => sides = Some(size(value)?),
            "stride" => stride = Some(value.parse().map_err(|_| format!("stride={value} is not a number of bytes"))?),
            "colour" => colour = Some(yuv_colour(value)?),
            "wait" => request.wait = Some(seconds(value)?),
            "loop" => match value {
                "0" => request.once = true,
                "1" => request.once = false,
                _ => return Err(format!("loop={value} is neither 0 nor 1")),
            },
            _ => {
                return Err(format!(
                    "{key:?} is not an option of pipe; those are format, size, stride, colour, wait and loop"
                ));
            }
        }
    }
    request.layout = match (format, sides) {
        (PixelFormat::Mjpg, None) if stride.is_none() && colour.is_none() => None,
        (PixelFormat::Mjpg, _) => {
            return Err("size, stride and colour belong to raw frames; name their format, as in format=yu12".into());
        }
        (_, None) => return Err("raw frames need their size, as in format=yu12&size=640x480".into()),
        (format, Some(sides)) => {
            let layout = RawLayout::new(format, sides, stride)?;
            Some(RawLayout { colour: colour.unwrap_or(layout.colour), ..layout })
        }
    };
    Ok(request)
}

fn pairs(options: &str) -> impl Iterator<Item = (&str, &str)> {
    options.split('&').filter(|option| !option.is_empty()).map(|option| option.split_once('=').unwrap_or((option, "")))
}

fn pixel_format(value: &str) -> Result<PixelFormat, String> {
    PixelFormat::from_name(value)
        .ok_or_else(|| format!("format={value} is none of mjpg, yu12, nv12, yuyv, uyvy, rgb and grey"))
}

fn yuv_colour(value: &str) -> Result<YuvColour, String> {
    match value {
        "bt601" => Ok(YuvColour { matrix: Matrix::Bt601, range: Range::Limited }),
        "bt709" => Ok(YuvColour { matrix: Matrix::Bt709, range: Range::Limited }),
        "jpeg" => Ok(JPEG_COLOUR),
        _ => Err(format!("colour={value} is none of bt601, bt709 and jpeg (bt601 over the whole range)")),
    }
}

pub(super) fn seconds(value: &str) -> Result<Duration, String> {
    match value.parse() {
        Ok(seconds) if (0.1..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("wait={value} is not a number of seconds between 0.1 and 86400")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(spec: &str) -> CameraSpec {
        spec.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(spec: &str) -> String {
        spec.parse::<CameraSpec>().expect_err(spec).to_string()
    }

    #[test]
    fn csi_cameras() {
        assert_eq!(parsed("rpicam"), CameraSpec::Rpicam(RpicamRequest::default()));
        let full = RpicamRequest {
            size: Some((1280, 720)),
            fps: Some(15),
            codec: Codec::Mjpeg,
            args: ["--awb=daylight", "--camera", "1"].map(String::from).to_vec(),
            wait: Some(Duration::from_millis(2500)),
        };
        let spec = "rpicam?size=1280x720&fps=15&codec=mjpeg&args=--awb=daylight  --camera 1&wait=2.5";
        assert_eq!(parsed(spec), CameraSpec::Rpicam(full));
        assert!(refusal("rpicam?size=641x480").contains("odd"));
        assert!(refusal("rpicam?codec=h264").contains("neither yuv420 nor mjpeg"));
        assert!(refusal("rpicam?format=MJPG").contains("size, fps, codec, args and wait"));
        assert!(refusal("rpicam2").contains("rpicam, pipe:COMMAND"));
    }

    #[test]
    fn a_command_may_hold_anything() {
        for command in
            ["cat a.mjpg", "curl -sN 'http://cam/?size=640x480&format=mjpg:1'", ":", "a?format=yu12", " é|\n"]
        {
            let expected = PipeRequest { command: command.into(), layout: None, wait: None, once: false };
            assert_eq!(parsed(&format!("pipe:{command}")), CameraSpec::Pipe(expected.clone()));
            let spec = format!("pipe?loop=0&wait=9:{command}");
            let expected = PipeRequest { once: true, wait: Some(Duration::from_secs(9)), ..expected };
            assert_eq!(parsed(&spec), CameraSpec::Pipe(expected));
        }
    }

    #[test]
    fn raw_frames() {
        let layout = |spec: &str| match parsed(spec) {
            CameraSpec::Pipe(request) => request.layout.unwrap(),
            other => panic!("{other:?}"),
        };
        let plain = layout("pipe?format=i420&size=640x480:x");
        assert_eq!(plain, RawLayout::new(PixelFormat::Yu12, (640, 480), None).unwrap());
        let full = layout("pipe?format=nv12&size=100x50&stride=128&colour=bt709:x");
        let colour = YuvColour { matrix: Matrix::Bt709, range: Range::Limited };
        assert_eq!(full, RawLayout { format: PixelFormat::Nv12, size: (100, 50), stride: 128, colour });
    }

    #[test]
    fn refusals_say_what_is_missing() {
        for (spec, part) in [
            ("pipe:", "needs a command"),
            ("pipe: ", "needs a command"),
            ("pipe?format=yu12", "after a colon"),
            ("pipe?format=h264:x", "none of mjpg, yu12"),
            ("pipe?format=yu12:x", "need their size"),
            ("pipe?size=640x480:x", "belong to raw frames"),
            ("pipe?format=rgb&size=4x4&stride=3:x", "less than the 12 bytes"),
            ("pipe?format=rgb&size=4x4&colour=red:x", "bt601, bt709"),
            ("pipe?wait=0:x", "between 0.1"),
            ("pipe?speed=2:x", "format, size, stride, colour, wait and loop"),
            ("pipes", "pipe:COMMAND"),
        ] {
            assert!(refusal(spec).contains(part), "{}", refusal(spec));
        }
    }
}
