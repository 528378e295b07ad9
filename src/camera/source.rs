//! Which kind of camera a SPEC means, and how it is opened.

use super::Camera;
use super::demo::demo_camera;
use super::enumerate::{CameraInfo, cameras};
pub use super::error::CameraError;
use super::files::{Pace, StillCamera};
use super::spec::{CameraSpec, StillsRequest, V4l2Request};
use super::v4l2::V4l2Camera;

/// For whom still pictures are shown. Live cameras are the same for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Someone looks at a display: each picture is held, and all come again.
    Eyes,
    /// Results are listed: each picture comes once and at once, then the source ends.
    Results,
}

/// Opens the camera that `spec` names, for someone who looks at a display.
pub fn open(spec: &str) -> Result<Box<dyn Camera>, CameraError> {
    open_for(spec, Audience::Eyes)
}

/// Opens the camera that `spec` names; what `spec` says about holding and repeating wins over `audience`.
pub fn open_for(spec: &str, audience: Audience) -> Result<Box<dyn Camera>, CameraError> {
    Ok(match spec.parse()? {
        CameraSpec::V4l2(request) => Box::new(V4l2Camera::open(&request)?),
        CameraSpec::Files(path, request) => Box::new(StillCamera::open(&path, pace(request, audience))?),
        CameraSpec::Demo(request) => Box::new(demo_camera(pace(request, audience))),
    })
}

/// The camera taken where the user named none.
pub struct DefaultCamera {
    /// The first camera that works, else the bundled pictures.
    pub camera: Box<dyn Camera>,
    /// A sentence for the user: what was taken, and how to choose something else.
    pub sentence: String,
    /// The same in a few words, for a line that the screen has room for; empty where a camera was found.
    pub hint: &'static str,
}

/// Opens the first camera that works, else the bundled pictures.
pub fn open_default(audience: Audience) -> DefaultCamera {
    let (camera, failures) = first_working(&cameras(), V4l2Camera::open);
    for failure in failures {
        log::warn!("{failure}");
    }
    match camera {
        Some(camera) => {
            let sentence = format!(
                "Using {}. To use something else: --camera /dev/video2, or --camera files:FOLDER.",
                camera.describe()
            );
            DefaultCamera { camera: Box::new(camera), sentence, hint: "" }
        }
        None => DefaultCamera {
            camera: Box::new(demo_camera(pace(StillsRequest::default(), audience))),
            sentence: "No usable camera found, so here are the bundled demo pictures. To use a camera: plug in a USB \
                webcam and start again, or name one with --camera /dev/video0; `vggcam doctor` says what is wrong with it."
                .into(),
            hint: "try --camera /dev/video0",
        },
    }
}

fn pace(request: StillsRequest, audience: Audience) -> Pace {
    match audience {
        Audience::Eyes => Pace::for_eyes(request),
        Audience::Results => Pace::for_results(request),
    }
}

/// Tries the usable ones of `found` in turn; also returns why others did not open.
fn first_working<C>(
    found: &[CameraInfo],
    open: impl Fn(&V4l2Request) -> Result<C, CameraError>,
) -> (Option<C>, Vec<CameraError>) {
    let mut failures = Vec::new();
    for info in found.iter().filter(|info| info.problem.is_none()) {
        match open(&V4l2Request { device: info.device.clone(), ..V4l2Request::default() }) {
            Ok(camera) => return (Some(camera), failures),
            Err(error) => failures.push(error),
        }
    }
    (None, failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(device: &str, problem: Option<&str>) -> CameraInfo {
        CameraInfo {
            device: device.into(),
            name: String::new(),
            driver: String::new(),
            formats: Vec::new(),
            problem: problem.map(Into::into),
        }
    }

    #[test]
    fn the_first_camera_that_works_is_taken() {
        let found = [info("/dev/video0", Some("no")), info("/dev/video1", None), info("/dev/video2", None)];
        let busy = |request: &V4l2Request| match request.device.to_str() {
            Some("/dev/video2") => Ok("two"),
            _ => Err(CameraError::Busy { device: request.device.clone() }),
        };
        let (camera, failures) = first_working(&found, busy);
        assert_eq!(camera, Some("two"));
        assert_eq!(failures.len(), 1);
        assert!(failures[0].to_string().starts_with("/dev/video1 is in use"), "{}", failures[0]);
        assert_eq!(first_working(&found[..1], busy).0, None);
    }

    #[test]
    fn each_kind_of_spec_opens() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy("models/demo/coffee.jpg", folder.path().join("cup.jpg")).unwrap();
        let spec = format!("files:{}", folder.path().display());
        let mut camera = open_for(&spec, Audience::Results).unwrap();
        assert!(camera.next_frame().unwrap().unwrap().name.ends_with("cup.jpg"));
        assert!(camera.next_frame().unwrap().is_none());
        assert!(open("demo").unwrap().next_frame().unwrap().is_some());
        assert!(matches!(open("/dev/no-such-camera"), Err(CameraError::Missing { .. })));
        assert!(matches!(open("rpicam"), Err(CameraError::Spec { .. })));
    }

    #[test]
    fn what_the_spec_says_wins_over_the_audience() {
        let mut camera = open_for("demo?loop=1&fps=1000", Audience::Results).unwrap();
        let names: Vec<String> = (0..4).map(|_| camera.next_frame().unwrap().unwrap().name).collect();
        assert_eq!(names[0], names[3]);
        let mut camera = open_for("demo?hold=0", Audience::Eyes).unwrap();
        assert_eq!(std::iter::from_fn(|| camera.next_frame().unwrap()).count(), 3);
    }
}
