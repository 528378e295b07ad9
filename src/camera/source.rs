//! Which kind of camera a SPEC means, and how it is opened.

use super::Camera;
use super::demo::demo_camera;
use super::enumerate::{CameraInfo, cameras};
pub use super::error::CameraError;
use super::files::{Pace, StillCamera};
use super::pipe::{PipeCamera, rpicam};
use super::reopen::{Reopener, first_working};
use super::spec::{CameraSpec, RpicamRequest, StillsRequest};
use super::v4l2::{SENSOR_ADVICE, V4l2Camera};

/// For whom still pictures are shown. Live cameras are the same for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Someone looks at a display: each picture is held, and all come again.
    Eyes,
    /// Results are listed: each picture comes once and at once, then the source ends.
    Results,
}

/// Opens a camera again that was open before.
pub type Reopen = Box<dyn FnMut() -> Result<Box<dyn Camera>, CameraError> + Send>;

/// An open camera, and how to open it again.
pub struct Source {
    /// The camera.
    pub camera: Box<dyn Camera>,
    /// Opens it again after it was lost; `None` for still pictures, which do not get lost.
    pub reopen: Option<Reopen>,
}

impl Source {
    /// A source that is not opened again.
    pub fn once(camera: Box<dyn Camera>) -> Self {
        Self { camera, reopen: None }
    }

    /// A source that is opened again just as it was opened.
    fn live<C: Camera + 'static>(
        open: impl Fn() -> Result<C, CameraError> + Send + 'static,
    ) -> Result<Self, CameraError> {
        let boxed = move || open().map(|camera| Box::new(camera) as Box<dyn Camera>);
        Ok(Self { camera: boxed()?, reopen: Some(Box::new(boxed)) })
    }

    fn v4l2(camera: V4l2Camera, mut reopener: Reopener) -> Self {
        Self {
            camera: Box::new(camera),
            reopen: Some(Box::new(move || reopener.open().map(|camera| Box::new(camera) as Box<dyn Camera>))),
        }
    }
}

/// Opens the camera that `spec` names; what `spec` says about holding and repeating wins over `audience`.
pub fn open(spec: &str, audience: Audience) -> Result<Source, CameraError> {
    Ok(match spec.parse()? {
        CameraSpec::V4l2(request) => {
            let camera = V4l2Camera::open(&request)?;
            let reopener = Reopener::new(request, &camera, false);
            Source::v4l2(camera, reopener)
        }
        CameraSpec::Rpicam(request) => Source::live(move || rpicam::open(&request))?,
        CameraSpec::Pipe(request) if request.once => Source::once(Box::new(PipeCamera::open(&request)?)),
        CameraSpec::Pipe(request) => Source::live(move || PipeCamera::open(&request))?,
        CameraSpec::Files(path, request) => Source::once(Box::new(StillCamera::open(&path, pace(request, audience))?)),
        CameraSpec::Demo(request) => Source::once(Box::new(demo_camera(pace(request, audience)))),
    })
}

/// The camera taken where the user named none.
pub struct DefaultSource {
    /// The first camera that works, else the bundled pictures.
    pub source: Source,
    /// A sentence for the user: what was taken, and how to choose something else.
    pub sentence: String,
    /// The same in a few words, for a line that the screen has room for; empty where a camera was found.
    pub hint: &'static str,
}

/// Opens the first webcam that works, else the board's camera module, else the bundled pictures.
pub fn open_default(audience: Audience) -> DefaultSource {
    let found = cameras();
    let (webcam, mut failures) = first_working(&found, V4l2Camera::open);
    let opened = match webcam {
        Some((request, camera)) => {
            let name = camera.lasting_names().into_iter().next().unwrap_or_else(|| request.device.clone());
            let reopener = Reopener::new(request, &camera, true);
            Some((Source::v4l2(camera, reopener), name.display().to_string()))
        }
        None => match camera_module(&found, || Source::live(|| rpicam::open(&RpicamRequest::default()))) {
            Some(Ok(source)) => Some((source, "rpicam".into())),
            Some(Err(error)) => {
                failures.push(error);
                None
            }
            None => None,
        },
    };
    for failure in failures {
        log::warn!("{failure}");
    }
    match opened {
        Some((source, name)) => {
            let sentence = format!(
                "Using {}. To use always this one: --camera {name}; to see pictures: --camera files:FOLDER.",
                source.camera.describe()
            );
            DefaultSource { source, sentence, hint: "" }
        }
        None => DefaultSource {
            source: Source::once(Box::new(demo_camera(pace(StillsRequest::default(), audience)))),
            sentence: "No usable camera found, so here are the bundled demo pictures. To use a camera: plug in a USB \
                webcam and start again, or name one with --camera /dev/video0 or --camera rpicam; `vggcam doctor` says \
                what is wrong with it."
                .into(),
            hint: "try --camera /dev/video0",
        },
    }
}

/// Opens the camera module where one of `found` is the sensor of one; `None` where there is none.
fn camera_module<C>(
    found: &[CameraInfo],
    open: impl FnOnce() -> Result<C, CameraError>,
) -> Option<Result<C, CameraError>> {
    found.iter().any(|info| info.problem.as_deref() == Some(SENSOR_ADVICE)).then(open)
}

fn pace(request: StillsRequest, audience: Audience) -> Pace {
    match audience {
        Audience::Eyes => Pace::for_eyes(request),
        Audience::Results => Pace::for_results(request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_sensor_means_that_there_is_a_camera_module() {
        let found = [
            CameraInfo::of("/dev/video0", Some("it takes no pictures")),
            CameraInfo::of("/dev/video1", Some(SENSOR_ADVICE)),
        ];
        assert_eq!(camera_module(&found, || Ok("module")).unwrap().unwrap(), "module");
        assert!(camera_module(&found[..1], || -> Result<(), CameraError> { unreachable!() }).is_none());
    }

    #[test]
    fn each_kind_of_spec_opens() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy("models/demo/coffee.jpg", folder.path().join("cup.jpg")).unwrap();
        let spec = format!("files:{}", folder.path().display());
        let mut source = open(&spec, Audience::Results).unwrap();
        assert!(source.camera.next_frame().unwrap().unwrap().name.ends_with("cup.jpg"));
        assert!(source.camera.next_frame().unwrap().is_none() && source.reopen.is_none());
        assert!(open("demo", Audience::Eyes).unwrap().camera.next_frame().unwrap().is_some());
        assert!(matches!(open("/dev/no-such-camera", Audience::Eyes), Err(CameraError::Missing { .. })));
        let spec = format!("pipe:cat {}/cup.jpg; sleep 5", folder.path().display());
        let mut source = open(&spec, Audience::Eyes).unwrap();
        assert!(source.camera.next_frame().unwrap().unwrap().name.is_empty() && source.reopen.is_some());
    }

    #[test]
    fn what_the_spec_says_wins_over_the_audience() {
        let mut camera = open("demo?loop=1&fps=1000", Audience::Results).unwrap().camera;
        let names: Vec<String> = (0..4).map(|_| camera.next_frame().unwrap().unwrap().name).collect();
        assert_eq!(names[0], names[3]);
        let mut camera = open("demo?hold=0", Audience::Eyes).unwrap().camera;
        assert_eq!(std::iter::from_fn(|| camera.next_frame().unwrap()).count(), 3);
    }
}
