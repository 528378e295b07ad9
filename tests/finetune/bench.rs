//! A small data set and backbone that `finetune` is run on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use serde_json::Value;
use vggcam::model::file;

use crate::common;

pub const SIZE: u32 = 32;

/// A data set of red and green pictures, a small backbone, and room for results.
pub struct Bench {
    pub root: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Bench { root: tempfile::tempdir().unwrap() };
        for (split, seeds) in [("train", 0..8), ("valid", 10..14)] {
            for (class, channel) in [("greens", 1), ("reds", 0)] {
                for index in seeds.clone() {
                    bench.picture(&format!("data/{split}/{class}/{index}.png"), channel, index);
                }
            }
        }
        let network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 16, 3]);
        file::write_network(&bench.path("backbone.onnx"), &network, &common::metadata(&["a", "b", "c"])).unwrap();
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Dark noise in which `channel` is bright.
    pub fn picture(&self, name: &str, channel: usize, seed: u64) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut picture = common::random_picture(seed, SIZE + 8);
        for pixel in picture.pixels_mut() {
            pixel.0 = pixel.0.map(|value| value / 4);
            pixel.0[channel] += 190;
        }
        picture.save(path).unwrap();
    }

    /// The program's arguments are split at spaces; it runs in the folder of the test.
    pub fn finetune(&self, arguments: &str) -> Command {
        let mut command = Command::cargo_bin("finetune").unwrap();
        command.current_dir(self.root.path()).args(arguments.split_whitespace());
        command
    }

    pub fn train(&self, out: &str) -> Value {
        self.finetune(&format!("train data --out {out} --backbone backbone.onnx --cache cache --epochs 60 --batch 4"))
            .args(["--learning-rate", "0.01", "--labels", "green,red"])
            .assert()
            .success();
        serde_json::from_slice(&fs::read(self.path(out).join("report.json")).unwrap()).unwrap()
    }

    pub fn fails(&self, arguments: &str, code: i32, says: &str) {
        let output = self.finetune(arguments).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {message}");
        let last = if code == 1 { message.trim_end().lines().last().unwrap() } else { &message };
        assert!(last.starts_with("error: ") && last.contains(says), "{arguments}: {message}");
    }
}

pub fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

/// Arguments of the training of [`Bench::train`] with the caller's own options.
pub const TRAIN: &str = "train data --backbone backbone.onnx --labels green,red";
