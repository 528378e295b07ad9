//! Finding a V4L2 camera again after it was lost: its number may be another one then.

use std::path::PathBuf;

use super::enumerate::{CameraInfo, cameras};
use super::error::CameraError;
use super::spec::V4l2Request;
use super::v4l2::V4l2Camera;

/// What is known of a camera that was open.
pub struct Reopener {
    request: V4l2Request,
    /// Its lasting names, the best first.
    names: Vec<PathBuf>,
    /// Whether another camera will do, because the user named none.
    any: bool,
}

impl Reopener {
    /// Remembers `camera`, which `request` has opened.
    pub fn new(request: V4l2Request, camera: &V4l2Camera, any: bool) -> Self {
        Self { request, names: camera.lasting_names(), any }
    }

    /// Opens the camera under one of its lasting names, else under the one that was asked for, else any that works where the user
    /// named none. Errs with the reason of the last attempt.
    pub fn open(&mut self) -> Result<V4l2Camera, CameraError> {
        let (camera, error) = match first_that_opens(&self.names, &self.request, V4l2Camera::open) {
            Ok(camera) => (Some(camera), None),
            Err(error) if self.any => {
                (first_working(&cameras(), V4l2Camera::open).0.map(|(_, found)| found), Some(error))
            }
            Err(error) => (None, Some(error)),
        };
        match (camera, error) {
            (Some(camera), _) => {
                let names = camera.lasting_names();
                if !names.is_empty() {
                    self.names = names;
                }
                Ok(camera)
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(CameraError::Missing { device: self.request.device.clone() }),
        }
    }
}

/// Tries the names that exist, then the device of the request.
fn first_that_opens<C>(
    names: &[PathBuf],
    request: &V4l2Request,
    open: impl Fn(&V4l2Request) -> Result<C, CameraError>,
) -> Result<C, CameraError> {
    for name in names.iter().filter(|name| name.exists()) {
        match open(&V4l2Request { device: name.clone(), ..request.clone() }) {
            Ok(camera) => return Ok(camera),
            Err(CameraError::Missing { .. }) => {}
            // It is there: another device in its old place would be the wrong one.
            Err(error) => return Err(error),
        }
    }
    open(request)
}

/// Tries the usable ones of `found` in turn; also returns why others did not open.
pub fn first_working<C>(
    found: &[CameraInfo],
    open: impl Fn(&V4l2Request) -> Result<C, CameraError>,
) -> (Option<(V4l2Request, C)>, Vec<CameraError>) {
    let mut failures = Vec::new();
    for info in found.iter().filter(|info| info.problem.is_none()) {
        let request = V4l2Request { device: info.device.clone(), ..V4l2Request::default() };
        match open(&request) {
            Ok(camera) => return (Some((request, camera)), failures),
            Err(error) => failures.push(error),
        }
    }
    (None, failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(request: &V4l2Request) -> CameraError {
        CameraError::Busy { device: request.device.clone(), holder: None }
    }

    #[test]
    fn the_first_camera_that_works_is_taken() {
        let found = [
            CameraInfo::of("/dev/video0", Some("no")),
            CameraInfo::of("/dev/video1", None),
            CameraInfo::of("/dev/video2", None),
        ];
        let open = |request: &V4l2Request| match request.device.to_str() {
            Some("/dev/video2") => Ok("two"),
            _ => Err(busy(request)),
        };
        let (camera, failures) = first_working(&found, open);
        assert_eq!(camera.map(|(request, camera)| (request.device, camera)), Some(("/dev/video2".into(), "two")));
        assert_eq!(failures.len(), 1);
        assert!(failures[0].to_string().starts_with("/dev/video1 is in use"), "{}", failures[0]);
        assert!(first_working(&found[..1], open).0.is_none());
    }

    #[test]
    fn a_camera_is_found_by_its_lasting_name_before_its_old_number() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["by-id", "by-path"].map(|name| folder.path().join(name));
        let request = V4l2Request { device: folder.path().join("video0"), ..V4l2Request::default() };
        let opened = |open: fn(&V4l2Request) -> Result<PathBuf, CameraError>| first_that_opens(&names, &request, open);
        let any = |request: &V4l2Request| Ok(request.device.clone());
        assert_eq!(opened(any).unwrap(), request.device, "no name is there");
        std::fs::write(&names[1], b"").unwrap();
        assert_eq!(opened(any).unwrap(), names[1]);
        assert!(
            matches!(opened(|request| Err(busy(request))), Err(CameraError::Busy { device, .. }) if device == names[1])
        );
    }
}
