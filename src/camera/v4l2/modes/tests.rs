//! The choice among what typical webcams offer.

use proptest::prelude::*;

use super::*;

fn fixed(width: u32, height: u32, fps: f64) -> OfferedSize {
    OfferedSize { width: width..=width, height: height..=height, step: (1, 1), max_fps: Some(fps) }
}

fn format(fourcc: &FourCc, sizes: &[OfferedSize]) -> OfferedFormat {
    OfferedFormat { fourcc: *fourcc, sizes: sizes.to_vec() }
}

/// Fast in MJPG, slow in large YUYV, as USB 2 webcams are.
fn webcam() -> Vec<OfferedFormat> {
    vec![
        format(b"MJPG", &[fixed(1920, 1080, 30.0), fixed(640, 480, 30.0), fixed(320, 240, 30.0)]),
        format(b"YUYV", &[fixed(640, 480, 30.0), fixed(1280, 720, 5.0)]),
        format(b"H264", &[fixed(640, 480, 60.0)]),
    ]
}

fn chosen(offered: &[OfferedFormat], request: V4l2Request) -> Option<String> {
    choose(offered, &request).map(|mode| mode.to_string())
}

#[test]
fn without_a_wish_the_usual_size_that_costs_no_decoding() {
    assert_eq!(chosen(&webcam(), V4l2Request::default()).unwrap(), "640×480 YUYV");
}

#[test]
fn a_slow_mode_gives_way_to_a_compressed_one() {
    let offered = [format(b"YUYV", &[fixed(640, 480, 5.0)]), format(b"MJPG", &[fixed(640, 480, 30.0)])];
    assert_eq!(chosen(&offered, V4l2Request::default()).unwrap(), "640×480 MJPG");
}

#[test]
fn of_equal_modes_the_one_with_the_least_work_and_colour() {
    let all = [b"GREY", b"MJPG", b"RGB3", b"UYVY", b"YUYV", b"YU12", b"NV12"];
    for left in 1..=all.len() {
        let offered: Vec<_> = all[..left].iter().map(|fourcc| format(fourcc, &[fixed(640, 480, 30.0)])).collect();
        let expected = String::from_utf8_lossy(all[left - 1].as_slice()).into_owned();
        assert_eq!(chosen(&offered, V4l2Request::default()).unwrap(), format!("640×480 {expected}"));
    }
}

#[test]
fn sizes_that_are_too_small_for_the_network_come_last() {
    let offered = [format(b"YUYV", &[fixed(640, 200, 30.0), fixed(1920, 1080, 5.0)])];
    assert_eq!(chosen(&offered, V4l2Request::default()).unwrap(), "1920×1080 YUYV");
    assert_eq!(chosen(&[format(b"YUYV", &[fixed(176, 144, 30.0)])], V4l2Request::default()).unwrap(), "176×144 YUYV");
}

#[test]
fn wishes_are_met_exactly_or_not_at_all() {
    let size = |width, height| V4l2Request { size: Some((width, height)), ..V4l2Request::default() };
    assert_eq!(chosen(&webcam(), size(1920, 1080)).unwrap(), "1920×1080 MJPG");
    assert_eq!(chosen(&webcam(), size(1280, 720)).unwrap(), "1280×720 YUYV");
    assert_eq!(chosen(&webcam(), size(800, 600)), None);
    let mjpg = V4l2Request { format: Some(PixelFormat::Mjpg), ..V4l2Request::default() };
    assert_eq!(chosen(&webcam(), mjpg.clone()).unwrap(), "640×480 MJPG");
    assert_eq!(chosen(&webcam(), V4l2Request { size: Some((1280, 720)), ..mjpg }), None);
    let fast = V4l2Request { fps: Some(25), size: Some((640, 480)), ..V4l2Request::default() };
    assert_eq!(chosen(&webcam(), fast).unwrap(), "640×480 YUYV");
}

#[test]
fn ranges_give_the_nearest_of_their_steps() {
    let range = OfferedSize { width: 32..=4096, height: 33..=401, step: (16, 16), max_fps: None };
    assert_eq!(
        chosen(&[format(b"YUYV", std::slice::from_ref(&range))], V4l2Request::default()).unwrap(),
        "640×401 YUYV"
    );
    assert_eq!(range.nearest((100, 100)), (96, 97));
    assert_eq!(range.nearest((0, u32::MAX)), (32, 401));
}

#[test]
fn a_driver_that_lists_no_sizes_is_asked_for_what_is_wanted() {
    let offered = [format(b"JPEG", &[])];
    assert_eq!(chosen(&offered, V4l2Request::default()).unwrap(), "640×480 JPEG");
}

#[test]
fn unusable_devices_say_why() {
    assert_eq!(problem(&webcam()), None);
    assert!(problem(&[]).unwrap().contains("another /dev/video node"));
    assert!(problem(&[format(b"RG10", &[]), format(b"pRAA", &[])]).unwrap().contains("--camera rpicam,"));
    assert!(problem(&[format(b"H264", &[]), format(b"NV1\0", &[])]).unwrap().contains("only H264, NV1?,"));
    assert_eq!(choose(&[format(b"H264", &[])], &V4l2Request::default()), None);
}

#[test]
fn offers_are_readable() {
    let range = OfferedSize { width: 32..=64, height: 32..=48, step: (2, 2), max_fps: None };
    let offered = format(b"MJPG", &[fixed(640, 480, 29.97), range]);
    assert_eq!(offered.to_string(), "MJPG 640×480@30 32×32–64×48");
}

proptest! {
    #[test]
    fn the_nearest_is_in_the_range_and_on_a_step(from in any::<u32>(), length in any::<u32>(), step in any::<u32>(), wanted in any::<u32>()) {
        let range = from..=from.saturating_add(length);
        let nearest = nearest_in(&range, step, wanted);
        prop_assert!(range.contains(&nearest));
        prop_assert_eq!((nearest - from) % step.max(1), 0);
        // One step to either side, where there is one, lies no nearer.
        for other in [nearest.checked_sub(step.max(1)), nearest.checked_add(step.max(1))].into_iter().flatten() {
            prop_assert!(!range.contains(&other) || other.abs_diff(wanted) >= nearest.abs_diff(wanted));
        }
    }
}
