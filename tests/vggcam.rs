//! The program `vggcam` as its users meet it.

use std::{fs, path::Path, process::Output};

use assert_cmd::Command;
use image::{Rgb, RgbImage};
use serde_json::Value;

const NOTHING_INSTALLED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/nothing-installed");
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/demo");

fn vggcam(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("vggcam").unwrap();
    // A folder that is never made, and no settings: this machine may have a model installed and settings of its own.
    command.args(arguments).env("VGGCAM_STATE", NOTHING_INSTALLED).env("VGGCAM_CONFIG", "/dev/null");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json_lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs to an error: exit code 1, nothing on standard output, one line on standard error.
fn refusal(arguments: &[&str]) -> String {
    let output = vggcam(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(output.stdout.is_empty());
    error
}

#[test]
fn help_is_what_the_contract_says() {
    let help = |arguments: &[&str]| text(&vggcam(arguments).stdout);
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("help_classify", help(&["classify", "--help"]));
    insta::assert_snapshot!("help_bench", help(&["bench", "--help"]));
    insta::assert_snapshot!("help_doctor", help(&["doctor", "--help"]));
}

#[test]
fn the_manual_has_the_commands_and_what_they_do() {
    let help = text(&vggcam(&["--help"]).stdout);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed: String = commands
        .filter_map(|line| line.trim().split_once(char::is_whitespace))
        .filter(|(name, _)| *name != "help")
        .map(|(name, sentence)| format!(".TP\n.B {name}\n{}\n", sentence.trim()))
        .collect();
    let manual = include_str!("../packaging/vggcam.1");
    assert!(listed.contains(".B run\n") && manual.contains(&format!("{listed}.SH FILES\n")), "{listed}");
    assert!(manual.starts_with(&format!(".TH VGGCAM 1 \"\" \"vggcam {}\"", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_bundled_pictures_are_labelled_rightly() {
    let output = vggcam(&["classify", "--json", DEMO]);
    assert_eq!(output.status.code(), Some(0));
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 3);
    for line in &lines {
        let file = line["file"].as_str().unwrap();
        let probabilities = line["probabilities"].as_object().unwrap();
        let total: f64 = probabilities.values().map(|p| p.as_f64().unwrap()).sum();
        assert!((total - 1.0).abs() < 1e-5);
        assert_eq!(line["confidence"], probabilities[line["label"].as_str().unwrap()]);
        assert!(line["latency_ms"].as_f64().unwrap() > 0.0);
        for animal in ["cat", "dog"] {
            if file.contains(animal) {
                assert_eq!(line["label"], animal, "{file}");
                assert!(line["confidence"].as_f64().unwrap() > 0.8);
            }
        }
    }
}

#[test]
fn a_program_that_writes_pictures_is_a_camera() {
    let recording = format!("pipe?loop=0:cat {DEMO}/cat-chelsea.jpg {DEMO}/dog-bicycle.jpg");
    let output = vggcam(&["--camera", &recording, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = json_lines(&output);
    assert_eq!(lines.iter().map(|line| line["sequence"].as_u64()).collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(lines[0]["label"], "cat");
}

#[test]
fn lights_and_buttons_that_cannot_be_are_refused_at_once() {
    let error = refusal(&["--camera", "demo", "--light", "bird=GPIO17"]);
    assert!(error.contains("no class \"bird\"") && error.contains("its classes are cat, dog"), "{error}");
    let error = refusal(&["--camera", "demo", "--button", "gpiochip9999:5"]);
    assert!(error.contains("GPIO line gpiochip9999:5"), "{error}");
    for arguments in [["--light", "cat"], ["--button", "chip:5"], ["--freeze-button", "5?pull=up"]] {
        assert_eq!(vggcam(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn without_a_terminal_run_prints_a_line_for_each_picture_and_ends() {
    for arguments in [&["--camera", "demo"][..], &["run", "--camera", "demo", "--display", "none"]] {
        let output = vggcam(arguments);
        assert_eq!(output.status.code(), Some(0));
        let lines = text(&output.stdout);
        assert_eq!(lines.lines().count(), 3, "{lines}");
        assert!(lines.lines().any(|line| line.contains("cat-chelsea.jpg: cat")), "{lines}");
        assert!(lines.lines().any(|line| line.contains("dog-bicycle.jpg: dog")), "{lines}");
    }
}

#[test]
fn json_results_are_objects_and_nothing_else() {
    let lines = json_lines(&vggcam(&["--camera", "demo", "--json"]));
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line["probabilities"]["cat"].is_number() && line["label"].is_string()));
}

#[test]
fn frames_limits_the_results() {
    let output = vggcam(&["--camera", "demo", "--display", "none", "--frames", "2"]);
    assert_eq!(text(&output.stdout).lines().count(), 2);
}

#[test]
fn a_settings_file_stands_in_for_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vggcam.toml");
    fs::write(&path, "camera = 'demo'\ndisplay = ['none']\nthreads = 1\n").unwrap();
    let output = vggcam(&["--config", path.to_str().unwrap()]);
    assert_eq!(text(&output.stdout).lines().count(), 3);
    let output = command(&[]).env("VGGCAM_CONFIG", &path).output().unwrap();
    assert_eq!(text(&output.stdout).lines().count(), 3, "{}", text(&output.stderr));
    fs::write(&path, "# misspelt\ncamra = 'demo'\n").unwrap();
    let error = refusal(&["--config", path.to_str().unwrap()]);
    assert!(
        error.contains("vggcam.toml, line 2") && error.contains("\"camra\"; the nearest name is \"camera\""),
        "{error}"
    );
    assert!(refusal(&["--config", "/nowhere.toml"]).contains("/nowhere.toml"));
}

#[test]
fn doctor_tells_every_setting_and_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vggcam.toml");
    fs::write(&path, "camera = 'demo'\nthreads = 1\nlight = ['cat=GPIO17']\n").unwrap();
    let arguments = ["doctor", "--config", path.to_str().unwrap(), "--threads", "2", "--engine", "auto"];
    let checks = json_lines(&vggcam(&[&arguments[..], &["--json"]].concat()));
    let of = |name: &str| {
        let setting = checks.iter().find(|check| check["area"] == "settings" && check["what"] == name).unwrap();
        (setting["value"].clone(), setting["origin"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(of("threads"), (2.into(), "flag".into()));
    assert_eq!(of("engine"), ("auto".into(), "flag".into()));
    assert_eq!(of("camera"), ("demo".into(), "file".into()));
    assert_eq!(of("light"), (["cat=GPIO17"].as_slice().into(), "file".into()));
    assert_eq!(of("model"), (Value::Null, "default".into()));
    let table = text(&vggcam(&arguments).stdout);
    assert!(table.contains("demo (by file)") && table.contains("2 (by flag)"), "{table}");
    assert!(table.contains("the installed one, else the bundled cat and dog model (by default)"), "{table}");

    fs::write(&path, "thread = 1\n").unwrap();
    let output = vggcam(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let table = text(&output.stdout);
    assert!(table.contains("line 1: there is no setting \"thread\"") && table.contains("1 problem"), "{table}");
}

#[test]
fn the_screen_can_be_a_picture_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("screen.png");
    let display = format!("png:{}?size=320x240", path.display());
    let output = vggcam(&["--camera", "demo", "--display", &display, "--frames", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let screen = image::open(&path).unwrap().to_rgb8();
    assert_eq!(screen.dimensions(), (320, 240));
    let colours: std::collections::HashSet<_> = screen.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 500, "a photograph has many colours, not {}", colours.len());
}

#[test]
fn odd_pictures_are_read_and_bad_ones_get_a_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    RgbImage::from_pixel(1, 1, Rgb([200, 10, 10])).save(at("one-pixel.png")).unwrap();
    RgbImage::from_fn(20_000, 1, |x, _| Rgb([(x % 256) as u8; 3])).save(at("line.png")).unwrap();
    image::DynamicImage::new_rgb16(40, 30).save(at("deep.png")).unwrap();
    image::DynamicImage::new_luma_a8(40, 30).save(at("grey-alpha.png")).unwrap();
    let whole = fs::read(Path::new(DEMO).join("cat-chelsea.jpg")).unwrap();
    fs::write(at("cut.jpg"), &whole[..whole.len() / 2]).unwrap();
    fs::write(at("words.jpg"), "these are only words").unwrap();
    fs::write(at("empty.png"), "").unwrap();
    let output = vggcam(&["classify", "--json", folder.path().to_str().unwrap()]);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let answered: Vec<String> = json_lines(&output)
        .iter()
        .map(|line| Path::new(line["file"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_string())
        .collect();
    assert_eq!(answered, ["deep.png", "grey-alpha.png", "line.png", "one-pixel.png"]);
    assert_eq!(errors.lines().count(), 3, "{errors}");
    for (line, name) in errors.lines().zip(["cut.jpg", "empty.png", "words.jpg"]) {
        assert!(line.starts_with("error: ") && line.contains(name), "{line}");
    }
}

#[test]
fn wrong_wishes_are_refused_in_one_line() {
    for (arguments, says) in [
        (&["--camera", "/dev/video97", "--display", "none"][..], "/dev/video97"),
        (&["--camera", "carrier-pigeon", "--display", "none"], "carrier-pigeon"),
        (&["--camera", "demo", "--display", "fb:/dev/fb97"], "/dev/fb97"),
        (&["--camera", "demo", "--display", "terminal"], "terminal"),
        (&["--camera", "files:/nowhere", "--display", "none"], "/nowhere"),
        (&["classify", "/nowhere.jpg"], "/nowhere.jpg"),
        (&["classify", "--model", "/nowhere.onnx", DEMO], "/nowhere.onnx"),
        (&["bench", "--model", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], "Cargo.toml"),
    ] {
        let error = refusal(arguments);
        assert!(error.starts_with("error: ") && error.contains(says), "{error}");
    }
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    for arguments in [&["--frames", "many"][..], &["classify"], &["bench", "--iterations", "0"], &["dance"]] {
        assert_eq!(vggcam(arguments).status.code(), Some(2));
    }
}

#[test]
fn bench_measures_every_layer_also_without_metadata() {
    let backbone = concat!(env!("CARGO_MANIFEST_DIR"), "/models/vgg16-slim.onnx");
    for (arguments, precision) in [(&[][..], "int8"), (&["--model", backbone], "f32")] {
        let common = ["bench", "--json", "--iterations", "2", "--threads", "1"];
        let output = vggcam(&[&common, arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let report = json_lines(&output).remove(0);
        assert_eq!(report["precision"], precision);
        assert_eq!(report["iterations"], 2);
        let latency = &report["latency_ms"];
        let [min, p50, p99] = ["min", "p50", "p99"].map(|name| latency[name].as_f64().unwrap());
        assert!(0.0 < min && min <= p50 && p50 <= p99);
        assert!(report["peak_rss_bytes"].as_u64().unwrap() > 1_000_000);
        let names: Vec<_> =
            report["layers"].as_array().unwrap().iter().map(|layer| layer["name"].as_str().unwrap()).collect();
        for layer in ["block1_conv1", "block3_conv3", "block5_conv3", "fc1"] {
            assert!(names.contains(&layer), "{layer} is not among {names:?}");
        }
    }
}

#[test]
fn bench_tells_the_throughput_of_batches() {
    let output = vggcam(&["bench", "--json", "--batch", "3", "--iterations", "3", "--threads", "2"]);
    let report = &json_lines(&output)[0];
    assert_eq!((&report["batch"], &report["pictures"], &report["precision"]), (&3.into(), &6.into(), &"int8".into()));
    assert!(report["pictures_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_fastest_engine_that_agrees_is_kept_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.onnx");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/models/cats-dogs.onnx"), &model).unwrap();
    let model = model.to_str().unwrap();
    let common = ["bench", "--json", "--iterations", "1", "--threads", "1", "--model", model];
    let all = [&common[..], &["--all"]].concat();
    let report = &json_lines(&vggcam(&all))[0];
    let forms = report["forms"].as_array().unwrap();
    let engines: Vec<_> = forms.iter().map(|form| form["engine"].as_str().unwrap()).collect();
    assert_eq!(engines[..2], ["float", "integer"]);
    assert!(forms[..2].iter().all(|form| form["agrees"] == true && form["latency_ms"].as_f64().unwrap() > 0.0));
    // Whichever was faster, the other one is followed when the file says so.
    let kept = report["kept_in"].as_str().unwrap();
    for (engine, precision) in [("float", "f32"), ("integer", "int8")] {
        let mut text: Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
        text["engine"] = engine.into();
        std::fs::write(kept, text.to_string()).unwrap();
        assert_eq!(json_lines(&vggcam(&common))[0]["precision"], precision);
    }
    // What was measured for another file is not followed.
    std::fs::write(kept, "{}").unwrap();
    assert_eq!(json_lines(&vggcam(&common))[0]["precision"], "int8");
}

#[test]
fn doctor_finds_the_model_in_order() {
    let output = vggcam(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let checks = json_lines(&output);
    let of = |area: &str| checks.iter().filter(|check| check["area"] == area).count();
    assert!(of("machine") >= 2 && of("model") >= 3 && of("camera") >= 1 && of("display") >= 1);
    assert!(checks.iter().all(|check| check["status"] != "problem"));
    let output = vggcam(&["doctor", "--model", "/nowhere.onnx"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("finetune train"));
}

#[test]
fn doctor_shows_a_test_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.png");
    let display = format!("png:{}?size=320x240", path.display());
    let output = vggcam(&["doctor", "--test-picture", "--display", &display, "--seconds", "0"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("test.png 320×240"), "{}", text(&output.stdout));
    let shown = image::open(path).unwrap().into_rgb8();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/display/test_picture/golden/320x240.png");
    assert!(shown == image::open(golden).unwrap().into_rgb8());

    let missing = refusal(&["doctor", "--test-picture", "--display", "st7789:/dev/spidev9.9?dc=GPIO25"]);
    assert!(missing.contains("/dev/spidev9.9") && missing.contains("raspi-config"), "{missing}");
    let nowhere = vggcam(&["doctor", "--test-picture"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(text(&nowhere.stderr).contains("--display"));
}
