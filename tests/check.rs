//! `finetune check` on data sets with every fault that it knows.
#![cfg(feature = "finetune")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use image::{RgbImage, imageops};
use serde_json::Value;
use vggcam::model::file;

const SIZE: u32 = 64;
const CHANNELS: [(&str, usize); 2] = [("greens", 1), ("reds", 0)];

/// A data set of red and green pictures, each with shapes of its own.
struct Bench {
    root: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Bench { root: tempfile::tempdir().unwrap() };
        for (side, seeds) in [("train", 0..40), ("valid", 100..125)] {
            for (class, channel) in CHANNELS {
                for seed in seeds.clone() {
                    bench.save(&format!("{side}/{class}/{seed}.png"), &picture(channel, seed));
                }
            }
        }
        let network = common::random_vgg(5, 32, &[6, 8], &[24, 16, 3]);
        file::write_network(&bench.root.path().join("backbone.onnx"), &network, &common::metadata(&["a", "b", "c"]))
            .unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("data").join(name)
    }

    fn save(&self, name: &str, picture: &RgbImage) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.save(path).unwrap();
    }

    fn check(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::cargo_bin("finetune").unwrap();
        command.current_dir(self.root.path()).args([
            "check",
            "data",
            "--backbone",
            "backbone.onnx",
            "--cache",
            "cache",
        ]);
        command.args(arguments).output().unwrap()
    }

    /// Exit code, and kind, severity and names of every finding; names are those of files without their folders.
    fn findings(&self, arguments: &[&str]) -> (i32, Vec<(String, String, Vec<String>)>) {
        let output = self.check(&[&["--json"], arguments].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_string();
        let name = |picture: &Value| {
            let path = text(&picture["file"]);
            path.strip_prefix("data/").unwrap().to_string()
        };
        let finding = |finding: &Value| {
            let pictures = finding["pictures"].as_array().unwrap().iter().map(name).collect();
            (text(&finding["kind"]), text(&finding["severity"]), pictures)
        };
        (output.status.code().unwrap(), report["findings"].as_array().unwrap().iter().map(finding).collect())
    }

    fn finds(&self, code: i32, kind: &str, severity: &str, pictures: &[&str]) {
        let (found_code, findings) = self.findings(&[]);
        let named = pictures.iter().map(|name| name.to_string()).collect();
        assert!(findings.contains(&(kind.into(), severity.into(), named)), "{findings:?}");
        assert_eq!(found_code, code, "{findings:?}");
    }
}

/// Large soft shapes, in which `channel` is bright.
fn picture(channel: usize, seed: u64) -> RgbImage {
    let coarse = common::random_picture(seed * 2 + channel as u64, 200);
    let coarse = imageops::crop_imm(&coarse, (seed % 15) as u32 * 8, (seed / 15) as u32 * 8, 9, 9).to_image();
    let mut picture = imageops::resize(&coarse, SIZE, SIZE, imageops::FilterType::CatmullRom);
    for pixel in picture.pixels_mut() {
        pixel.0 = pixel.0.map(|value| value / 3);
        pixel.0[channel] += 150;
    }
    picture
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = vec![];
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    bytes
}

fn read(path: &Path) -> RgbImage {
    image::open(path).unwrap().into_rgb8()
}

#[test]
fn a_good_data_set_has_nothing_to_say() {
    let bench = Bench::new();
    let output = bench.check(&[]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("check_good", String::from_utf8(output.stdout).unwrap());
    // A second time everything is known.
    assert_eq!(bench.check(&["--json"]).status.code(), Some(0));
}

#[test]
fn the_report_shows_every_fault_and_what_to_do() {
    let bench = Bench::new();
    let copy = |from: &str, to: &str| {
        fs::copy(bench.path(from), bench.path(to)).unwrap();
    };
    for seed in 100..103 {
        copy(&format!("valid/reds/{seed}.png"), &format!("train/reds/copy-{seed}.png"));
    }
    let small = imageops::resize(&read(&bench.path("valid/greens/110.png")), 50, 60, imageops::FilterType::Lanczos3);
    fs::write(bench.path("train/greens/small.jpg"), jpeg(&small, 70)).unwrap();
    bench.save("train/reds/mirrored.png", &imageops::flip_horizontal(&read(&bench.path("train/reds/7.png"))));
    copy("train/greens/9.png", "train/reds/green.png");
    fs::write(bench.path("train/reds/text.jpg"), "hello").unwrap();
    let whole = jpeg(&picture(0, 77), 90);
    fs::write(bench.path("train/reds/cut.jpg"), &whole[..whole.len() / 2]).unwrap();
    fs::write(bench.path("train/reds/closed.jpg"), [&whole[..whole.len() * 3 / 4], &[0x55, 0xFF, 0xD9]].concat())
        .unwrap();
    bench.save("valid/reds/white.png", &RgbImage::from_pixel(80, 80, image::Rgb([255; 3])));
    bench.save("valid/greens/tiny.png", &imageops::thumbnail(&picture(1, 88), 20, 20));
    fs::write(bench.path("train/greens/IMG_1.HEIC"), "x").unwrap();
    bench.save("train/greens/more/90.png", &picture(1, 90));
    bench.save("train/91.png", &picture(1, 91));
    let output = bench.check(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("error: training on data would mislead"));
    insta::assert_snapshot!("check_faults", String::from_utf8(output.stdout).unwrap());
}

#[test]
fn a_copy_across_the_sides_misleads() {
    let bench = Bench::new();
    let darker = imageops::contrast(&read(&bench.path("valid/reds/100.png")), -20.0);
    fs::write(
        bench.path("train/reds/x.jpg"),
        jpeg(&imageops::resize(&darker, 90, 70, imageops::FilterType::Triangle), 60),
    )
    .unwrap();
    bench.finds(1, "leakage", "error", &["valid/reds/100.png"]);
}

#[test]
fn one_picture_in_two_classes_misleads() {
    let bench = Bench::new();
    for seed in 0..2 {
        fs::copy(bench.path(&format!("train/reds/{seed}.png")), bench.path(&format!("train/greens/red-{seed}.png")))
            .unwrap();
    }
    bench.finds(1, "two-classes", "error", &["train/greens/red-0.png", "train/greens/red-1.png"]);
}

#[test]
fn a_class_that_cannot_be_read_is_an_error() {
    let bench = Bench::new();
    for seed in 100..125 {
        fs::write(bench.path(&format!("valid/greens/{seed}.png")), "x").unwrap();
    }
    bench.finds(1, "unreadable-class", "error", &[]);
}

#[test]
fn folders_that_are_swapped_in_valid_are_noticed() {
    let bench = Bench::new();
    fs::rename(bench.path("valid/reds"), bench.path("valid/x")).unwrap();
    fs::rename(bench.path("valid/greens"), bench.path("valid/reds")).unwrap();
    fs::rename(bench.path("valid/x"), bench.path("valid/greens")).unwrap();
    let (code, findings) = bench.findings(&[]);
    assert_eq!(findings.iter().filter(|(kind, ..)| kind == "wrong-folder").count(), 2, "{findings:?}");
    assert_eq!(code, 1);
    assert_eq!(bench.findings(&["--quick"]), (0, vec![]));
}

#[test]
fn a_picture_in_the_wrong_folder_is_named() {
    let bench = Bench::new();
    fs::rename(bench.path("train/reds/3.png"), bench.path("train/greens/of-a-red.png")).unwrap();
    bench.finds(0, "suspect", "note", &["train/greens/of-a-red.png"]);
}

#[test]
fn uneven_swapped_and_few_are_warnings() {
    let bench = Bench::new();
    for seed in 5..40 {
        fs::remove_file(bench.path(&format!("train/reds/{seed}.png"))).unwrap();
    }
    let (code, findings) = bench.findings(&[]);
    let kinds: Vec<&str> = findings.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!((code, kinds), (0, vec!["swapped", "uneven", "few", "labels"]));
}

#[test]
fn what_is_no_data_set_is_one_finding() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.path("valid/greens")).unwrap();
    bench.finds(1, "layout", "error", &[]);
    assert!(String::from_utf8(bench.check(&[]).stdout).unwrap().contains("valid has only one class folder (reds)"));
}

#[test]
fn a_folder_of_classes_alone_is_checked_as_it_would_be_divided() {
    let bench = Bench::new();
    fs::rename(bench.path("train/greens"), bench.path("greens")).unwrap();
    fs::rename(bench.path("train/reds"), bench.path("reds")).unwrap();
    fs::remove_dir_all(bench.path("train")).unwrap();
    fs::remove_dir_all(bench.path("valid")).unwrap();
    // Near duplicates stay together, so they do not leak.
    for seed in 0..40 {
        let copy =
            imageops::resize(&read(&bench.path(&format!("reds/{seed}.png"))), 90, 80, imageops::FilterType::Triangle);
        bench.save(&format!("reds/again-{seed}.png"), &copy);
    }
    let (code, findings) = bench.findings(&[]);
    assert_eq!(code, 0, "{findings:?}");
    assert!(findings.iter().all(|(kind, ..)| kind != "leakage"), "{findings:?}");
}
