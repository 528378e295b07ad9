//! Frames that the model is unsure about, kept by the program.

use std::{fs, os::unix::fs::PermissionsExt};

use assert_cmd::Command;
use image::GenericImageView;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/demo");

/// Names of what is in a folder; none where there is no folder.
fn names(folder: &std::path::Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn unsure_frames_are_kept_where_that_is_switched_on_and_the_screen_says_so() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let camera = format!("pipe?loop=0:cat {DEMO}/cat-chelsea.jpg {DEMO}/dog-bicycle.jpg");
    let run = |settings: &str, state: &str| {
        fs::write(at("vggcam.toml"), settings).unwrap();
        let mut command = Command::cargo_bin("vggcam").unwrap();
        command.args(["--camera", &camera, "--display", &format!("png:{}", at("screen.png").display())]);
        command.env("VGGCAM_CONFIG", at("vggcam.toml")).env("VGGCAM_STATE", at(state));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        // The dot is in the corner, and nothing else on the screen is as red.
        let screen = image::open(at("screen.png")).unwrap();
        let red = screen.pixels().any(|(_, _, pixel)| pixel.0[0] > 220 && pixel.0[1] < 70 && pixel.0[2] < 70);
        (names(&at(state).join("kept")), red, String::from_utf8(output.stderr).unwrap())
    };
    let (kept, dot, _) = run("", "off");
    assert_eq!((kept, dot), (vec![], false));
    // No answer is as sure as that.
    let (kept, dot, _) = run("keep = { unsure_frames = true, below = 1.0, every_s = 0.0 }", "on");
    assert!(dot);
    assert!(
        !kept.is_empty() && kept.iter().all(|name| name.starts_with("0000000") && name.ends_with(".jpg")),
        "{kept:?}"
    );
    let picture = image::open(at("on/kept").join(&kept[0])).unwrap();
    let sides =
        ["cat-chelsea.jpg", "dog-bicycle.jpg"].map(|name| image::image_dimensions(format!("{DEMO}/{name}")).unwrap());
    assert!(sides.contains(&picture.dimensions()), "{:?}", picture.dimensions());
    // A disk that takes nothing is said, and classification goes on.
    let file = at("file");
    fs::write(&file, "").unwrap();
    let settings = format!("keep = {{ unsure_frames = true, folder = '{}/kept' }}", file.display());
    let (_, dot, said) = run(&settings, "blocked");
    assert!(!dot && said.contains("unsure frames are not kept"), "{said}");
    // A folder that was there stays as its owner wants it.
    let own = at("own");
    fs::create_dir(&own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o705)).unwrap();
    let settings = format!("keep = {{ unsure_frames = true, below = 1.0, folder = '{}' }}", own.display());
    assert!(run(&settings, "own-state").1 && !names(&own).is_empty());
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o705);
}
