//! Order, repetition and gaps of still pictures.

use std::fs;

use image::{ImageFormat, Rgb};

use super::*;
use crate::vision::decode::frame_to_rgb;
use crate::vision::samples;

/// Three one-coloured pictures with a damaged one between them.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [("1.png", 10u8), ("2.png", 20), ("10.png", 30)] {
        let picture = RgbImage::from_pixel(4, 3, Rgb([value; 3]));
        fs::write(folder.path().join(name), samples::encoded(picture, ImageFormat::Png)).unwrap();
    }
    let (_, truncated) = samples::bad_pictures().into_iter().find(|(name, _)| *name == "truncated.jpg").unwrap();
    fs::write(folder.path().join("3.jpg"), truncated).unwrap();
    folder
}

fn pace(frames: u32, repeat: bool) -> Pace {
    Pace { interval: Duration::from_millis(1), frames, repeat }
}

/// The grey of up to `count` frames.
fn greys(camera: &mut StillCamera, count: usize) -> Vec<u8> {
    let mut greys = Vec::new();
    while greys.len() < count {
        let Some(frame) = camera.next_frame().unwrap() else { break };
        assert_eq!(frame.sequence, greys.len() as u64);
        greys.push(frame_to_rgb(&frame).unwrap().get_pixel(3, 2).0[1]);
    }
    greys
}

#[test]
fn each_picture_once_then_the_end() {
    let folder = folder();
    let mut camera = StillCamera::open(folder.path(), Pace::for_results(StillsRequest::default())).unwrap();
    assert!(camera.every_frame_counts());
    assert_eq!(greys(&mut camera, 100), [10, 20, 30]);
    assert!(camera.next_frame().unwrap().is_none(), "the end stays the end");
}

#[test]
fn pictures_are_held_and_come_again() {
    let folder = folder();
    let mut camera = StillCamera::open(folder.path(), pace(2, true)).unwrap();
    assert!(!camera.every_frame_counts());
    assert_eq!(greys(&mut camera, 9), [10, 10, 20, 20, 30, 30, 10, 10, 20]);
}

#[test]
fn the_pace_is_kept_and_delays_are_not_made_up_for() {
    let (start, interval) = (Instant::now(), Duration::from_millis(100));
    let after = |ms| start + Duration::from_millis(ms);
    // The first frame comes at once, the next after the rest of its interval.
    assert_eq!(schedule(None, start, interval), (Duration::ZERO, after(100)));
    assert_eq!(schedule(Some(after(100)), after(30), interval), (Duration::from_millis(70), after(200)));
    // A reader that comes late gets its frame at once, and the following one not sooner than after it.
    assert_eq!(schedule(Some(after(100)), after(450), interval), (Duration::ZERO, after(550)));
}

#[test]
fn frames_are_named_after_their_file() {
    let folder = folder();
    let path = folder.path().join("1.png");
    let mut camera = StillCamera::open(&path, pace(1, false)).unwrap();
    assert_eq!(camera.next_frame().unwrap().unwrap().name, path.display().to_string());
    assert_eq!(camera.describe(), format!("{} (1 picture)", path.display()));
}

#[test]
fn nothing_readable_is_an_error() {
    let folder = folder();
    for repeat in [false, true] {
        let mut camera = StillCamera::open(&folder.path().join("3.jpg"), pace(1, repeat)).unwrap();
        for _ in 0..2 {
            assert!(matches!(camera.next_frame(), Err(CameraError::NoReadablePicture { .. })));
        }
    }
}

#[test]
fn nothing_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(StillCamera::open(folder.path(), pace(1, false)).is_err());
    assert!(StillCamera::open(&folder.path().join("missing"), pace(1, false)).is_err());
}

#[test]
fn what_is_not_asked_depends_on_who_looks() {
    let nothing = StillsRequest::default();
    assert_eq!(Pace::for_eyes(nothing), Pace { interval: Duration::from_millis(100), frames: 25, repeat: true });
    assert_eq!(Pace::for_results(nothing), Pace { interval: Duration::ZERO, frames: 1, repeat: false });
    let once = StillsRequest { hold: Some(Duration::ZERO), ..nothing };
    assert_eq!(Pace::for_eyes(once), Pace::for_results(nothing));
    let all = StillsRequest { fps: Some(20.0), hold: Some(Duration::from_secs(1)), repeat: Some(false) };
    assert_eq!(Pace::for_eyes(all), Pace { interval: Duration::from_millis(50), frames: 20, repeat: false });
    assert_eq!(Pace::for_results(all), Pace::for_eyes(all));
}
