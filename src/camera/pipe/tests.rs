//! Real programs: good ones, and those that die, hang, flood, write rubbish or will not end.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path, time::Instant};

use image::RgbImage;

use super::*;
use crate::{
    camera::source::{self, Audience},
    vision::{decode::frame_to_rgb, samples},
};

/// A folder with a file of each name and contents.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// Opens a command that runs in `folder`; `options` is empty or begins with a question mark.
fn open(folder: &Path, options: &str, command: &str) -> Box<dyn Camera> {
    source::open(&format!("pipe{options}:cd {} && {command}", folder.display()), Audience::Eyes)
        .unwrap_or_else(|error| panic!("{error}"))
        .camera
}

fn failure(camera: &mut dyn Camera) -> String {
    loop {
        match camera.next_frame() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the source ended instead of failing"),
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "{error}");
                return error.to_string();
            }
        }
    }
}

/// All frames of a recording, as pictures.
fn pictures(camera: &mut dyn Camera) -> Vec<RgbImage> {
    std::iter::from_fn(|| camera.next_frame().unwrap()).map(|frame| frame_to_rgb(&frame).unwrap()).collect()
}

/// Whether `process` runs; a zombie does not.
fn runs(process: &str) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

#[test]
fn jpeg_pictures_arrive_with_the_right_pixels() {
    let jpegs = [samples::jpeg(&samples::gradient(61, 40)), samples::jpeg(&samples::noise(20, 30))];
    let stream = [b"--boundary\r\n\r\n", &jpegs[0][..], b"\r\n--boundary\xFF\xD8", &jpegs[1], &jpegs[0][..99]].concat();
    let folder = folder(&[("video", &stream)]);
    let mut camera = open(folder.path(), "?loop=0", "cat video");
    assert_eq!((camera.describe().as_str(), camera.every_frame_counts()), ("cd MJPG", true));
    let first = camera.next_frame().unwrap().unwrap();
    assert_eq!((first.width, first.height, first.sequence, first.name.as_str()), (61, 40, 0, ""));
    let second = camera.next_frame().unwrap().unwrap();
    for (frame, jpeg) in [first, second].iter().zip(&jpegs) {
        assert_eq!(frame_to_rgb(frame).unwrap(), image::load_from_memory(jpeg).unwrap().into_rgb8());
    }
    assert!(camera.next_frame().unwrap().is_none());
}

#[test]
fn padded_rows_and_cut_frames() {
    // Grey: a row of three pixels and two bytes of padding; the third frame is cut.
    let frame = |shade: u8| [[shade, shade + 1, shade + 2, 99, 99], [shade + 3, shade + 4, shade + 5, 99, 99]].concat();
    let stream = [frame(10), frame(20), frame(30)[..7].to_vec()].concat();
    let folder = folder(&[("video", &stream)]);
    let mut camera = open(folder.path(), "?format=grey&size=3x2&stride=5&colour=jpeg&loop=0", "cat video");
    let seen: Vec<Vec<u8>> =
        pictures(camera.as_mut()).iter().map(|p| p.pixels().map(|pixel| pixel.0[0]).collect()).collect();
    assert_eq!(seen, [vec![10, 11, 12, 13, 14, 15], vec![20, 21, 22, 23, 24, 25]]);
}

#[test]
fn frames_of_the_raspberry_pi_camera_lie_as_libcamera_lays_them() {
    // 100 columns: luma rows of 128 bytes, chroma rows of 64. Left half red, right half blue, padding green.
    let (width, height, stride) = (100, 4, 128);
    let plane = |stride: usize, rows: usize, left: u8, right: u8, pad: u8, width: usize| -> Vec<u8> {
        let row: Vec<u8> = (0..stride)
            .map(|x| {
                if x >= width {
                    pad
                } else if x < width / 2 {
                    left
                } else {
                    right
                }
            })
            .collect();
        row.repeat(rows)
    };
    // BT.601 over the whole range: Y, Cb, Cr of (255, 0, 0) and (0, 0, 255).
    let frame = [
        plane(stride, height, 76, 29, 150, width),
        plane(stride / 2, height / 2, 85, 255, 44, width / 2),
        plane(stride / 2, height / 2, 255, 107, 21, width / 2),
    ]
    .concat();
    let folder = folder(&[("frame", &frame)]);
    let program = folder.path().join("rpicam-vid");
    let said = "INFO Camera camera.cpp:1197 configuring streams: (0) 100x4-YUV420/sYCC (1) 1536x864-BGGR";
    let frames =
        format!("#!/bin/sh\necho '{said}' >&2; sleep 0.3; cat {0}/frame {0}/frame; sleep 9\n", folder.path().display());
    fs::write(&program, &frames).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let start = |size| {
        let request = crate::camera::spec::RpicamRequest { size: Some(size), ..Default::default() };
        PipeCamera::start(rpicam::program(&request, folder.path().as_os_str(), "brcm,bcm2711").unwrap()).unwrap()
    };
    let mut camera = start((width as u32, height as u32));
    assert_eq!(camera.describe(), "rpicam-vid 100×4 YU12");
    let picture = frame_to_rgb(&camera.next_frame().unwrap().unwrap()).unwrap();
    for (x, y, pixel) in picture.enumerate_pixels() {
        let expected = if x < 50 { [255, 0, 0] } else { [0, 0, 255] };
        let near = pixel.0.iter().zip(expected).all(|(&a, b): (&u8, u8)| a.abs_diff(b) <= 2);
        assert!(near, "{pixel:?} at {x}, {y}");
    }
    // The size that libcamera says it gives is another one than was asked for.
    assert!(failure(&mut start((100, 2))).contains("gives 100×4 instead of 100×2; ask for size=100x4"));
}

#[test]
fn a_program_that_dies_is_quoted() {
    let folder = folder(&[("picture.jpg", &samples::jpeg(&samples::gradient(8, 8)))]);
    let dies = "cat picture.jpg; sleep 0.1; head -c 50 picture.jpg; echo 'ERROR: *** it came off ***' >&2; exit 255";
    let mut camera = open(folder.path(), "", dies);
    let said = failure(camera.as_mut());
    assert_eq!(said, "`cd` ended with status 255: ERROR: *** it came off ***; try the command in a shell");
    assert_eq!(failure(camera.as_mut()), said, "it says the same when it is asked again");
    assert!(failure(open(folder.path(), "", "kill -9 $$").as_mut()).contains("ended with signal 9; "));
    assert!(failure(open(folder.path(), "", "no-such-program").as_mut()).contains("not installed, or not in PATH"));
    assert!(failure(open(folder.path(), "?loop=0", "exit 3").as_mut()).contains("ended with status 3; "));
    let shuts = failure(open(folder.path(), "", "exec >&-; sleep 9").as_mut());
    assert!(shuts.contains("closed its output; "), "{shuts}");
}

#[test]
fn silence_and_rubbish_are_told_apart() {
    let folder = folder(&[("picture.jpg", &samples::jpeg(&samples::gradient(8, 8)))]);
    let mut stops = open(folder.path(), "?wait=2", "cat picture.jpg; echo waiting >&2; sleep 60");
    let mut rubbish = open(folder.path(), "?wait=2", "echo hello; sleep 60");
    let mut short = open(folder.path(), "?wait=2&format=rgb&size=4x4", "echo hello; sleep 60");
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(stops.next_frame().unwrap().is_some());
            assert_eq!(failure(stops.as_mut()), "`cd` gave no frame for 2 s: waiting; try the command in a shell");
        });
        scope.spawn(|| {
            let said = failure(rubbish.as_mut());
            assert!(said.contains("wrote 6 bytes in 2 s, and no whole JPEG picture was among them"), "{said}");
        });
        scope.spawn(|| assert!(failure(short.as_mut()).contains("no whole frame of 48 bytes")));
    });
}

#[test]
fn the_newest_frame_wins() {
    // Numbered grey frames, far more than a pipe holds, while nobody takes any.
    let frames: Vec<u8> = (1..=200u8).flat_map(|shade| [shade; 4096]).collect();
    let folder = folder(&[("video", &frames)]);
    let mut camera = open(folder.path(), "?format=grey&size=64x64", "cat video; touch done; sleep 9");
    let start = Instant::now();
    while !folder.path().join("done").exists() && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(5));
    }
    // The last of the pipe may still be on its way.
    let mut last = camera.next_frame().unwrap().unwrap();
    while last.sequence < 199 {
        last = camera.next_frame().unwrap().unwrap();
    }
    assert_eq!((last.bytes[0], last.sequence), (200, 199));
    drop(camera);

    let mut recording = open(folder.path(), "?format=grey&size=64x64&loop=0", "cat video");
    thread::sleep(Duration::from_millis(50));
    let shades: Vec<u8> = std::iter::from_fn(|| recording.next_frame().unwrap()).map(|frame| frame.bytes[0]).collect();
    assert_eq!(shades, (1..=200).collect::<Vec<_>>(), "of a recording every frame counts");
}

#[test]
fn a_flood_of_messages_holds_nothing_up() {
    let folder = folder(&[("picture.jpg", &samples::jpeg(&samples::gradient(8, 8)))]);
    let mut camera = open(folder.path(), "", "yes 'all is well' | head -c 3000000 >&2; cat picture.jpg; exit 1");
    assert!(camera.next_frame().unwrap().is_some());
    assert!(failure(camera.as_mut()).contains("ended with status 1: all is well; "));
}

#[test]
fn the_whole_group_ends_with_the_camera() {
    let folder = folder(&[("picture.jpg", &samples::jpeg(&samples::gradient(8, 8)))]);
    let stubborn = "trap '' INT TERM; (trap '' INT TERM; echo $$ >inner; sleep 60 & echo $! >inner; wait) & \
        cat picture.jpg; echo $$ >outer; while :; do sleep 60; done";
    let mut camera = open(folder.path(), "", stubborn);
    assert!(camera.next_frame().unwrap().is_some());
    let number = |name: &str| -> String {
        let start = Instant::now();
        loop {
            match fs::read_to_string(folder.path().join(name)) {
                Ok(text) if text.ends_with('\n') => return text.trim().into(),
                _ => assert!(start.elapsed() < Duration::from_secs(20), "{name} was never written"),
            }
            thread::sleep(Duration::from_millis(5));
        }
    };
    let (inner, outer) = (number("inner"), number("outer"));
    assert!(runs(&outer) && runs(&inner));
    drop(camera);
    assert!(!Path::new(&format!("/proc/{outer}")).exists(), "the child is no zombie");
    // What the child started belongs to another parent now, which buries it in its own time.
    let start = Instant::now();
    while runs(&inner) {
        assert!(start.elapsed() < Duration::from_secs(20), "process {inner} outlives the camera");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_program_is_asked_before_it_is_killed() {
    let folder = folder(&[]);
    let command = "trap 'echo bye >parting; exit' INT; echo >ready; while :; do sleep 0.01; done";
    let camera = open(folder.path(), "", command);
    while !folder.path().join("ready").exists() {
        thread::sleep(Duration::from_millis(5));
    }
    drop(camera);
    assert_eq!(fs::read_to_string(folder.path().join("parting")).unwrap(), "bye\n");
}

/// Runs by itself in a process of its own, since other tests open files and threads too.
#[test]
fn nothing_is_left_of_many_cameras() {
    let inner = "VGGCAM_TEST_LEAKS";
    if std::env::var_os(inner).is_none() {
        let name = "camera::pipe::tests::nothing_is_left_of_many_cameras";
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--test-threads", "1", "--quiet"])
            .env(inner, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let folder = folder(&[("picture.jpg", &samples::jpeg(&samples::gradient(8, 8)))]);
    let counted = |what: &str| fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let children = || -> BTreeSet<String> {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        tasks
            .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|list| list.split_whitespace().map(String::from).collect::<Vec<_>>())
            .collect()
    };
    let cycle = |index: usize| match index % 4 {
        0 => drop(open(folder.path(), "", "sleep 60")),
        1 => assert!(failure(open(folder.path(), "", "cat picture.jpg; exit 7").as_mut()).contains("status 7")),
        2 => assert!(open(folder.path(), "", "while :; do cat picture.jpg; done").next_frame().unwrap().is_some()),
        _ => assert!(
            source::open("pipe?wait=0.1:cat; no-such-program", Audience::Eyes).unwrap().camera.next_frame().is_err()
        ),
    };
    (0..4).for_each(cycle);
    let before = (counted("fd"), counted("task"));
    (0..100).for_each(cycle);
    // A thread that was waited for may still be listed for a moment.
    let start = Instant::now();
    while counted("task") > before.1 && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((counted("fd"), counted("task")), before);
    assert_eq!(children(), BTreeSet::new());
    assert!(group::none_runs());
}
