//! A device node: opening it, and what it says about itself.

use std::io;
use std::path::{Path, PathBuf};

use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::v4l_sys::{
    V4L2_CAP_DEVICE_CAPS, V4L2_CAP_IO_MC, V4L2_CAP_META_CAPTURE, V4L2_CAP_STREAMING, V4L2_CAP_VIDEO_CAPTURE,
    V4L2_CAP_VIDEO_CAPTURE_MPLANE, V4L2_CAP_VIDEO_M2M, V4L2_CAP_VIDEO_M2M_MPLANE,
};
use v4l::video::Capture;
use v4l::{Device, FourCC, Fraction};

use super::calls;
use super::modes::{self, FourCc, OfferedFormat, OfferedSize};
use crate::camera::error::CameraError;

/// Drivers of image processors that look like cameras, but give pictures only to programs that feed them.
const IMAGE_PROCESSORS: [&str; 2] = ["bcm2835-isp", "pispbe"];

/// Size at which ranges of sizes are asked for their frame rate.
const PROBE_SIZE: (u32, u32) = (640, 480);

/// What a device says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceInfo {
    /// Name of the device, such as `HD Webcam C525`.
    pub name: String,
    /// Name of its driver, such as `uvcvideo`.
    pub driver: String,
    /// The formats it offers.
    pub formats: Vec<OfferedFormat>,
    /// Why it cannot be used as a camera; `None` where it can.
    pub problem: Option<String>,
}

/// Opens `path` and asks what it is; errs where the node cannot be opened or is no video device.
pub fn inspect(path: &Path) -> Result<DeviceInfo, CameraError> {
    describe(&open(path)?, path)
}

/// Opens the node without handing it on to programs that this one starts.
pub(super) fn open(path: &Path) -> Result<Device, CameraError> {
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(CameraError::Missing { device: path.into() });
    }
    let device = Device::with_path(path).map_err(|source| CameraError::from_system(path, "open", source))?;
    // SAFETY: the descriptor is open as long as `device` lives, and F_SETFD takes no pointer.
    if unsafe { libc::fcntl(device.handle().fd(), libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        log::debug!("{}: cannot set FD_CLOEXEC: {}", path.display(), io::Error::last_os_error());
    }
    Ok(device)
}

/// Asks an open device what it is.
pub(super) fn describe(device: &Device, path: &Path) -> Result<DeviceInfo, CameraError> {
    let capability = calls::capability(device)
        .map_err(|source| CameraError::from_system(path, "ask for the abilities of", source))?;
    let driver = text(&capability.driver);
    let flags = match capability.capabilities & V4L2_CAP_DEVICE_CAPS {
        0 => capability.capabilities,
        _ => capability.device_caps,
    };
    let (mut formats, mut problem) = (Vec::new(), role_problem(flags, &driver));
    if flags & V4L2_CAP_VIDEO_CAPTURE != 0 {
        formats = offered_formats(device);
        problem = problem.or_else(|| modes::problem(&formats));
    }
    Ok(DeviceInfo { name: text(&capability.card), driver, formats, problem })
}

/// Says why a device with these capability flags is no camera for us; `None` where it may be one.
fn role_problem(flags: u32, driver: &str) -> Option<String> {
    let has = |flag| flags & flag != 0;
    let reason = if IMAGE_PROCESSORS.contains(&driver) {
        "it is the board's image processor and no camera; use another /dev/video node"
    } else if has(V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE) {
        "it encodes or decodes video and is no camera; use another /dev/video node"
    } else if has(V4L2_CAP_IO_MC) {
        // Such a node lists every format of its wiring, whatever the sensor gives.
        modes::SENSOR_ADVICE
    } else if has(V4L2_CAP_VIDEO_CAPTURE) && has(V4L2_CAP_STREAMING) {
        return None;
    } else if has(V4L2_CAP_VIDEO_CAPTURE) {
        "its driver cannot stream; use another camera"
    } else if has(V4L2_CAP_META_CAPTURE) {
        "it carries only data about the pictures of a camera; use another /dev/video node of that camera"
    } else if has(V4L2_CAP_VIDEO_CAPTURE_MPLANE) {
        "it gives pictures in several planes, which is not supported; feed a v4l2loopback device from it and use that"
    } else {
        "it takes no pictures; use another /dev/video node"
    };
    Some(reason.into())
}

/// The text before the first zero byte.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().into()
}

fn offered_formats(device: &Device) -> Vec<OfferedFormat> {
    let formats = calls::formats(device).into_iter();
    formats.map(|fourcc| OfferedFormat { fourcc, sizes: offered_sizes(device, fourcc) }).collect()
}

/// The sizes of a format that is decoded; those of others are of no use.
fn offered_sizes(device: &Device, fourcc: FourCc) -> Vec<OfferedSize> {
    if modes::format_of(fourcc).is_none() {
        return Vec::new();
    }
    let fourcc = FourCC::new(&fourcc);
    // Drivers that do not list their sizes answer with an error.
    let sizes = device.enum_framesizes(fourcc).unwrap_or_default();
    sizes
        .into_iter()
        .map(|listed| {
            let mut size = offered_size(listed.size);
            let (width, height) = size.nearest(PROBE_SIZE);
            let intervals = device.enum_frameintervals(fourcc, width, height).unwrap_or_default();
            let rates = intervals.into_iter().filter_map(|listed| frames_per_second(&listed.interval));
            size.max_fps = rates.max_by(f64::total_cmp);
            size
        })
        .collect()
}

fn offered_size(size: FrameSizeEnum) -> OfferedSize {
    match size {
        FrameSizeEnum::Discrete(size) => OfferedSize {
            width: size.width..=size.width,
            height: size.height..=size.height,
            step: (1, 1),
            max_fps: None,
        },
        FrameSizeEnum::Stepwise(range) => OfferedSize {
            width: range.min_width..=range.max_width,
            height: range.min_height..=range.max_height,
            step: (range.step_width.max(1), range.step_height.max(1)),
            max_fps: None,
        },
    }
}

/// Most frames a second of an interval; `None` for an interval of zero.
fn frames_per_second(interval: &FrameIntervalEnum) -> Option<f64> {
    let shortest: &Fraction = match interval {
        FrameIntervalEnum::Discrete(interval) => interval,
        FrameIntervalEnum::Stepwise(range) => &range.min,
    };
    (shortest.numerator != 0).then(|| f64::from(shortest.denominator) / f64::from(shortest.numerator))
}

/// Error for a device that `info` says cannot be used.
pub(super) fn refuse(path: &Path, info: &DeviceInfo) -> Result<(), CameraError> {
    match &info.problem {
        None => Ok(()),
        Some(reason) => Err(CameraError::NotACamera { device: PathBuf::from(path), reason: reason.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEBCAM: u32 = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;

    #[test]
    fn a_webcam_may_be_a_camera_and_others_say_what_they_are() {
        assert_eq!(role_problem(WEBCAM, "uvcvideo"), None);
        for (flags, driver, words) in [
            (WEBCAM, "bcm2835-isp", "image processor"),
            (V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING, "bcm2835-codec", "encodes or decodes"),
            (WEBCAM | V4L2_CAP_IO_MC | V4L2_CAP_META_CAPTURE, "rp1-cfe", "--camera rpicam,"),
            (V4L2_CAP_VIDEO_CAPTURE, "old", "cannot stream"),
            (V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING, "uvcvideo", "only data about"),
            (V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING, "rkisp1", "several planes"),
            (V4L2_CAP_STREAMING, "v4l2 loopback", "takes no pictures"),
        ] {
            let problem = role_problem(flags, driver).expect(driver);
            assert!(problem.contains(words) && problem.contains("; "), "{driver}: {problem}");
        }
    }

    #[test]
    fn names_cut_inside_a_character_are_readable() {
        assert_eq!(text(b"Cam\xc3\xa9ra\0rest"), "Caméra");
        assert_eq!(text(b"Cam\xc3"), "Cam\u{fffd}");
    }

    #[test]
    fn intervals_become_rates() {
        let discrete = |numerator, denominator| FrameIntervalEnum::Discrete(Fraction::new(numerator, denominator));
        assert_eq!(frames_per_second(&discrete(1, 30)), Some(30.0));
        assert_eq!(frames_per_second(&discrete(0, 30)), None);
    }

    #[test]
    fn a_file_that_is_no_device_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(inspect(file.path()), Err(CameraError::NotACamera { .. })));
        assert!(matches!(inspect(Path::new("/dev/no-such-camera")), Err(CameraError::Missing { .. })));
        assert!(matches!(inspect(Path::new("/dev/vid\0eo")), Err(CameraError::Missing { .. })));
    }
}
