//! The bundled photographs as a camera, for a first run without one.

use super::files::{Pace, Still, StillCamera, counted};
use crate::vision::demo::PICTURES;

/// Shows the bundled pictures.
pub fn demo_camera(pace: Pace) -> StillCamera {
    let stills = PICTURES.map(|(name, bytes)| Still::Bundled { name, bytes });
    StillCamera::new(format!("demo ({})", counted(stills.len())), stills, pace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Camera;
    use crate::camera::spec::StillsRequest;

    #[test]
    fn all_bundled_pictures_are_shown() {
        let mut camera = demo_camera(Pace::for_results(StillsRequest::default()));
        assert_eq!(camera.describe(), "demo (3 pictures)");
        let mut names = Vec::new();
        while let Some(frame) = camera.next_frame().unwrap() {
            assert!(frame.width >= 200 && frame.height >= 200, "{} is small", frame.name);
            names.push(frame.name);
        }
        assert_eq!(names, PICTURES.map(|(name, _)| name));
    }
}
