//! The camera modules of a Raspberry Pi, by way of `rpicam-vid`: the only program that sets up their image processor.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    PipeCamera, Program,
    error::PipeError,
    layout::{JPEG_COLOUR, RawLayout},
};
use crate::{
    camera::{
        error::CameraError,
        spec::{Codec, RpicamRequest},
    },
    vision::frame::PixelFormat,
};

/// The program, and the name that it had before.
const NAMES: [&str; 2] = ["rpicam-vid", "libcamera-vid"];

/// Size that is taken where none is asked for. Its rows need no padding on any board.
const USUAL_SIZE: (u32, u32) = (640, 480);
/// Frames a second where none are asked for.
const USUAL_FPS: u32 = 30;
/// Quality of JPEG pictures, 0 to 100; the program's own choice loses detail.
const JPEG_QUALITY: &str = "85";

/// The camera of a Jetson, for messages.
pub const JETSON_PIPE: &str = "--camera 'pipe?format=nv12&size=640x360:gst-launch-1.0 -q nvarguscamerasrc ! \
    \"video/x-raw(memory:NVMM),width=1280,height=720,framerate=30/1\" ! nvvidconv ! \
    video/x-raw,format=NV12,width=640,height=360 ! fdsink fd=3 3>&1 >&2'";

/// Starts the camera that `request` describes.
pub fn open(request: &RpicamRequest) -> Result<PipeCamera, CameraError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let board = fs::read_to_string("/proc/device-tree/compatible").unwrap_or_default();
    PipeCamera::start(program(request, &path, &board)?)
}

/// What to start for `request`, among the programs in the folders of `path`, on `board` (the device tree's `compatible`).
pub(super) fn program(request: &RpicamRequest, path: &OsStr, board: &str) -> Result<Program, PipeError> {
    let Some(found) = find(path) else {
        let advice = match board.contains("nvidia,tegra") {
            true => format!("a Jetson's camera is read with {JETSON_PIPE}"),
            false => "run `sudo apt install rpicam-apps` (on Raspberry Pi OS)".into(),
        };
        return Err(PipeError::NotInstalled { wanted: NAMES[0].into(), advice });
    };
    let size = request.size.unwrap_or(USUAL_SIZE);
    let layout = match request.codec {
        Codec::Yuv420 => Some(layout(size, board)),
        Codec::Mjpeg => None,
    };
    let mut command = Command::new(&found);
    command.args(arguments(request, size));
    Ok(Program {
        command,
        name: found.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        remark: request.args.join(" "),
        layout,
        wait: request.wait,
        once: false,
        advice: |_, said| advice(said).into(),
    })
}

fn arguments(request: &RpicamRequest, size: (u32, u32)) -> Vec<String> {
    let codec = match request.codec {
        Codec::Yuv420 => "yuv420",
        Codec::Mjpeg => "mjpeg",
    };
    let (width, height) = (size.0.to_string(), size.1.to_string());
    let fps = request.fps.unwrap_or(USUAL_FPS).to_string();
    // Without --flush the end of a frame would wait in the program for the next frame.
    let mut arguments = vec!["--timeout", "0", "--nopreview", "--flush", "--codec", codec];
    arguments.extend(["--width", &width, "--height", &height, "--framerate", &fps]);
    if request.codec == Codec::Mjpeg {
        arguments.extend(["--quality", JPEG_QUALITY]);
    }
    arguments.extend(request.args.iter().map(String::as_str));
    arguments.extend(["--output", "-"]);
    arguments.into_iter().map(str::to_string).collect()
}

/// How the program writes uncompressed frames: as they lie in the image processor's memory.
///
/// A row of any plane begins at a multiple of 64 bytes on a Raspberry Pi 5 (PiSP), where luma rows are twice the chroma
/// rows; before it (VideoCore), luma rows are padded to 64 bytes and chroma rows are half of that. With `yuv420` the
/// program asks libcamera for the colours of JPEG.
fn layout(size: (u32, u32), board: &str) -> RawLayout {
    let alignment = if board.contains("brcm,bcm2712") { 128 } else { 64 };
    let stride = (size.0 as usize).next_multiple_of(alignment);
    RawLayout { format: PixelFormat::Yu12, size, stride, colour: JPEG_COLOUR }
}

/// The first program of [`NAMES`] that may be run from a folder of `path`.
fn find(path: &OsStr) -> Option<PathBuf> {
    let runs =
        |path: &Path| fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    let folders: Vec<PathBuf> = env::split_paths(path).collect();
    NAMES.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| runs(path)))
}

/// What to do about what the program said.
fn advice(said: &str) -> &'static str {
    if said.contains("no cameras available") {
        "switch off, check both ends of the ribbon cable, and see what `rpicam-hello --list-cameras` finds"
    } else if said.contains("failed to acquire camera") || said.contains("in use") {
        "close the other program that uses the camera"
    } else if said.contains("unrecognised option") || said.contains("the argument") {
        "leave it out of args=, or see `rpicam-vid --help` for what this version knows"
    } else {
        "check the ribbon cable and the power supply, and try `rpicam-hello`"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(folder: &Path, name: &str, executable: bool) {
        let path = folder.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 })).unwrap();
    }

    #[test]
    fn the_present_name_is_preferred_and_the_old_one_taken_where_it_is_alone() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let path = env::join_paths(folders.iter().map(|folder| folder.path())).unwrap();
        script(folders[0].path(), "rpicam-vid", false);
        script(folders[0].path(), "libcamera-vid", true);
        assert_eq!(find(&path).unwrap(), folders[0].path().join("libcamera-vid"));
        script(folders[1].path(), "rpicam-vid", true);
        assert_eq!(find(&path).unwrap(), folders[1].path().join("rpicam-vid"));
    }

    #[test]
    fn a_missing_program_is_named_with_what_to_do() {
        let refusal =
            |board: &str| program(&RpicamRequest::default(), OsStr::new(""), board).err().unwrap().to_string();
        assert!(refusal("raspberrypi,4-model-b\0brcm,bcm2711").contains("sudo apt install rpicam-apps"));
        assert!(refusal("nvidia,p3768\0nvidia,tegra234").contains("nvarguscamerasrc"));
    }

    #[test]
    fn everything_that_is_asked_for_is_passed_on() {
        let request = RpicamRequest {
            size: Some((1280, 720)),
            fps: Some(15),
            codec: Codec::Mjpeg,
            args: ["--camera", "1"].map(String::from).to_vec(),
            wait: None,
        };
        let line = arguments(&request, (1280, 720)).join(" ");
        assert_eq!(
            line,
            "--timeout 0 --nopreview --flush --codec mjpeg --width 1280 --height 720 --framerate 15 --quality 85 --camera 1 --output -"
        );
        let usual = arguments(&RpicamRequest::default(), USUAL_SIZE).join(" ");
        assert!(usual.contains("--codec yuv420 --width 640 --height 480 --framerate 30 --output -"), "{usual}");
    }

    #[test]
    fn rows_are_padded_as_each_image_processor_does() {
        // Width, stride on VideoCore, stride on PiSP.
        for (width, before, pi5) in
            [(640, 640, 640), (320, 320, 384), (500, 512, 512), (800, 832, 896), (1920, 1920, 1920)]
        {
            assert_eq!(layout((width, 480), "raspberrypi,4-model-b\0brcm,bcm2711").stride, before);
            let layout = layout((width, 480), "raspberrypi,5-model-b\0brcm,bcm2712");
            assert_eq!((layout.stride, layout.frame_bytes()), (pi5, pi5 * 480 * 3 / 2));
        }
    }

    #[test]
    fn advice_follows_what_was_said() {
        assert!(advice(": ERROR: *** no cameras available ***").contains("ribbon cable"));
        assert!(advice(": ERROR: *** failed to acquire camera /base/soc ***").contains("other program"));
        assert!(advice(": ERROR: *** unrecognised option '--wide' ***").contains("args="));
        assert!(advice("").contains("power supply"));
    }
}
