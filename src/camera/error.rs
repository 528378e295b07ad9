//! What can go wrong with a camera, in words that name the device, the likely cause and the next step.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::holder::holder;
use super::pipe::error::PipeError;
use crate::vision::pictures::PicturesError;

/// Why a camera could not be opened or gave no frame.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// A program that is to give frames does not.
    #[error(transparent)]
    Pipe(#[from] PipeError),
    /// The SPEC is of no known kind.
    #[error("{spec:?} is not a camera: {reason}")]
    Spec { spec: String, reason: String },
    /// No picture files stand where `files:` points.
    #[error(transparent)]
    Pictures(#[from] PicturesError),
    /// Every picture of a `files:` source was skipped.
    #[error("none of the pictures of {camera} can be read (see the warnings above); replace them")]
    NoReadablePicture { camera: String },
    /// The device node does not exist.
    #[error("there is no {device}: plug the camera in, or choose one that `vggcam doctor` lists")]
    Missing { device: PathBuf },
    /// The user may not open the device.
    #[error("no permission for {device}: run `sudo usermod -aG video $USER`, then log out and in again")]
    Permission { device: PathBuf },
    /// Another program has the device.
    #[error("{device} is in use by {}: close that program", holder.as_deref().unwrap_or("another program (`sudo fuser -v` names it)"))]
    Busy { device: PathBuf, holder: Option<String> },
    /// The device has gone away.
    #[error("{device} was unplugged, or its driver stopped: check the cable and the power supply, plug it in again")]
    Unplugged { device: PathBuf },
    /// The node belongs to something else.
    #[error("{device} cannot be used as a camera: {reason}")]
    NotACamera { device: PathBuf, reason: String },
    /// The device has pictures, but not as they were asked for.
    #[error("{device} does not offer {wanted}; it offers {offered}")]
    NoSuchMode { device: PathBuf, wanted: String, offered: String },
    /// The USB controller cannot carry that many bytes a second.
    #[error(
        "the USB bus has no room for the pictures of {device}: ask for less with format=MJPG, a smaller size or fps, or use another port"
    )]
    Bandwidth { device: PathBuf },
    /// No frame came in time.
    #[error("{device} gave no frame for {} s: check the cable and the power supply, or ask for another size or format", waited.as_secs_f32())]
    Timeout { device: PathBuf, waited: Duration },
    /// Frames came, but none was whole.
    #[error(
        "the last {count} frames of {device} were damaged: check the cable, or ask for format=YUYV, a smaller size or fps"
    )]
    Damaged { device: PathBuf, count: u32 },
    /// The driver refused for another reason.
    #[error("cannot {doing} {device}: {source}; plug the camera in again, and see `dmesg` for what the driver says")]
    Driver { device: PathBuf, doing: &'static str, source: io::Error },
}

impl CameraError {
    /// The cause in a few words, for a screen that says by itself that the camera is lost.
    pub fn in_short(&self) -> String {
        match self {
            Self::Pipe(error) => error.in_short().into(),
            Self::Spec { .. } => "no such kind of camera".into(),
            Self::Pictures(_) | Self::NoReadablePicture { .. } => "no pictures".into(),
            Self::Missing { .. } => "not plugged in".into(),
            Self::Permission { .. } => "no permission".into(),
            Self::Busy { holder: Some(holder), .. } => format!("in use by {holder}"),
            Self::Busy { holder: None, .. } => "in use by another program".into(),
            Self::Unplugged { .. } => "unplugged".into(),
            Self::NotACamera { .. } => "another device is in its place".into(),
            Self::NoSuchMode { .. } => "it does not offer this format and size".into(),
            Self::Bandwidth { .. } => "no room on the USB bus".into(),
            Self::Timeout { waited, .. } => format!("no picture for {} s", waited.as_secs_f32().ceil()),
            Self::Damaged { .. } => "damaged pictures".into(),
            Self::Driver { doing, source, .. } => match source.raw_os_error() {
                Some(libc::EIO) => "the driver reports an error (EIO)".into(),
                _ => format!("cannot {doing} it: {source}"),
            },
        }
    }

    /// Explains the error of a system call on `device`; `doing` is a verb phrase such as `open`.
    pub(super) fn from_system(device: &Path, doing: &'static str, source: io::Error) -> Self {
        let device = device.to_path_buf();
        match source.raw_os_error() {
            Some(libc::ENOENT) => Self::Missing { device },
            Some(libc::EACCES | libc::EPERM) => Self::Permission { device },
            Some(libc::EBUSY) => {
                let holder = holder(&device);
                Self::Busy { device, holder }
            }
            Some(libc::ENODEV | libc::ENXIO) => Self::Unplugged { device },
            Some(libc::ENOSPC) => Self::Bandwidth { device },
            Some(libc::ENOTTY) => Self::NotACamera { device, reason: "it is no video device".into() },
            _ => Self::Driver { device, doing, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_errno_says_what_to_do() {
        for (errno, advice) in [
            (libc::ENOENT, "there is no /dev/video3: plug"),
            (libc::EACCES, "sudo usermod -aG video"),
            (libc::EPERM, "sudo usermod -aG video"),
            (libc::EBUSY, "in use by another program (`sudo fuser -v` names it): close"),
            (libc::ENODEV, "/dev/video3 was unplugged"),
            (libc::ENXIO, "/dev/video3 was unplugged"),
            (libc::ENOSPC, "format=MJPG"),
            (libc::ENOTTY, "cannot be used as a camera"),
            (libc::EIO, "cannot start /dev/video3: "),
        ] {
            let error =
                CameraError::from_system(Path::new("/dev/video3"), "start", io::Error::from_raw_os_error(errno));
            let message = error.to_string();
            assert!(message.contains(advice) && !message.contains('\n'), "{errno}: {message}");
            assert!(error.in_short().len() < 50, "{}", error.in_short());
        }
    }

    #[test]
    fn a_late_camera_says_how_late() {
        let late = CameraError::Timeout { device: "/dev/video0".into(), waited: Duration::from_millis(2500) };
        assert!(late.to_string().starts_with("/dev/video0 gave no frame for 2.5 s: "), "{late}");
        assert_eq!(late.in_short(), "no picture for 3 s");
    }

    #[test]
    fn the_program_that_has_the_camera_is_named() {
        let busy = CameraError::Busy { device: "/dev/video0".into(), holder: Some("cheese (process 77)".into()) };
        assert_eq!(busy.to_string(), "/dev/video0 is in use by cheese (process 77): close that program");
        assert_eq!(busy.in_short(), "in use by cheese (process 77)");
    }
}
