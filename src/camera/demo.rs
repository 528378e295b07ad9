//! The pictures that are built into the program, for a first run without a camera.

use super::files::{Pace, Still, StillCamera, counted};

/// Name and bytes of each bundled photograph; `models/demo/README.md` says whose they are.
pub const PICTURES: [(&str, &[u8]); 3] = [
    ("demo/cat-chelsea.jpg", include_bytes!("../../models/demo/cat-chelsea.jpg")),
    ("demo/dog-bicycle.jpg", include_bytes!("../../models/demo/dog-bicycle.jpg")),
    ("demo/coffee.jpg", include_bytes!("../../models/demo/coffee.jpg")),
];

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
