//! Every form of a SPEC, and what is said about wrong ones.

use proptest::prelude::*;

use super::*;

fn parsed(spec: &str) -> CameraSpec {
    spec.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(spec: &str) -> String {
    let message = spec.parse::<CameraSpec>().expect_err(spec).to_string();
    assert!(message.starts_with(&format!("{spec:?} is not a camera: ")) && !message.contains('\n'), "{message}");
    message
}

#[test]
fn devices() {
    let plain = V4l2Request { device: "/dev/video0".into(), ..V4l2Request::default() };
    assert_eq!(parsed("/dev/video0"), CameraSpec::V4l2(plain.clone()));
    assert_eq!(parsed("v4l2:/dev/video0"), CameraSpec::V4l2(plain.clone()));
    let full = V4l2Request {
        format: Some(PixelFormat::Mjpg),
        size: Some((640, 480)),
        fps: Some(30),
        wait: Some(Duration::from_millis(2500)),
        ..plain.clone()
    };
    assert_eq!(parsed("v4l2:/dev/video0?format=MJPG&size=640x480&fps=30&wait=2.5"), CameraSpec::V4l2(full));
    let yuyv = V4l2Request { format: Some(PixelFormat::Yuyv), device: "/dev/v4l/by-id/usb-cam".into(), ..plain };
    assert_eq!(parsed("/dev/v4l/by-id/usb-cam?format=yuyv"), CameraSpec::V4l2(yuyv));
}

#[test]
fn stills() {
    let nothing = StillsRequest::default();
    assert_eq!(parsed("demo"), CameraSpec::Demo(nothing));
    assert_eq!(parsed("files:a/b c.jpg"), CameraSpec::Files("a/b c.jpg".into(), nothing));
    let full = StillsRequest { fps: Some(12.5), hold: Some(Duration::from_millis(2500)), repeat: Some(false) };
    assert_eq!(parsed("files:photos?fps=12.5&hold=2.5&loop=0"), CameraSpec::Files("photos".into(), full));
    let once = StillsRequest { hold: Some(Duration::ZERO), ..nothing };
    assert_eq!(parsed("demo?hold=0"), CameraSpec::Demo(once));
}

#[test]
fn a_question_mark_may_belong_to_the_name() {
    let nothing = StillsRequest::default();
    assert_eq!(parsed("files:what?.jpg"), CameraSpec::Files("what?.jpg".into(), nothing));
    let repeat = StillsRequest { repeat: Some(true), ..nothing };
    assert_eq!(parsed("files:what?.jpg?loop=1"), CameraSpec::Files("what?.jpg".into(), repeat));
}

#[test]
fn refusals_say_what_can_be_written() {
    for spec in ["", "webcam", "rpicamera", "pictures/cat.jpg"] {
        assert!(refusal(spec).contains("v4l2:/dev/video0?format=MJPG"), "{spec}");
    }
    assert!(refusal("pictures/cat.jpg").contains("files:pictures/cat.jpg"));
    assert!(refusal("files:").contains("folder"));
    assert!(refusal("v4l2:0").contains("v4l2:/dev/video0"));
    assert!(refusal("/dev/video0?colour=red").contains("format, size, fps and wait"));
    assert!(refusal("demo?size=3x3").contains("fps, hold and loop"));
}

#[test]
fn options_out_of_range_are_refused() {
    for spec in [
        "/dev/video0?format=H264",
        "/dev/video0?size=640",
        "/dev/video0?size=0x480",
        "/dev/video0?size=-1x480",
        "/dev/video0?fps=0",
        "/dev/video0?fps=7.5",
        "/dev/video0?wait=0",
        "/dev/video0?wait=inf",
        "demo?fps=0",
        "demo?fps=NaN",
        "demo?hold=-1",
        "demo?hold=inf",
        "demo?loop=yes",
        "demo?hold=1&fps",
    ] {
        refusal(spec);
    }
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(spec in "(demo|files:|v4l2:|/dev/video0|rpicam|pipe|pipe:)?(\\PC{0,12}|\\?[a-z]{0,6}=[-0-9.x&=e]{0,8})") {
        let _ = spec.parse::<CameraSpec>();
    }
}
