//! What the program says: its help, and one line for what is wrong.

use std::fs;

use assert_cmd::Command;
use vggcam::model::file;

use crate::{
    bench::{Bench, SIZE, bytes},
    common,
};

#[test]
fn help_is_what_the_contract_says() {
    let help = |arguments: &[&str]| {
        let output = Command::cargo_bin("finetune").unwrap().args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("help_train", help(&["train", "--help"]));
    insta::assert_snapshot!("help_check", help(&["check", "--help"]));
    insta::assert_snapshot!("help_features", help(&["features", "--help"]));
    insta::assert_snapshot!("help_merge", help(&["merge", "--help"]));
    insta::assert_snapshot!("help_quantize", help(&["quantize", "--help"]));
    insta::assert_snapshot!("help_deploy", help(&["deploy", "--help"]));
    insta::assert_snapshot!("help_keygen", help(&["keygen", "--help"]));
    insta::assert_snapshot!("help_sign", help(&["sign", "--help"]));
}

#[test]
fn what_is_wrong_is_one_clear_line() {
    let bench = Bench::new();
    let train = "train data --out out --backbone backbone.onnx --no-cache";
    bench.fails("train nowhere --out out", 1, "nowhere is not there; expected");
    bench.fails(&format!("{train} --labels a,a"), 1, "twice; give each class a name of its own");
    bench.fails(&format!("{train} --labels a,b,c"), 1, "3 labels for 2 classes (greens, reds)");
    bench.fails("train data --out out --backbone data/train/reds/0.png", 1, "is not a usable model");
    bench.fails("evaluate --model missing.onnx data", 1, "cannot read missing.onnx: No such file");
    bench.fails("evaluate --model backbone.onnx data", 1, "greens, reds");
    bench.fails("predict --model backbone.onnx data --out x.csv", 1, "no pictures in data");
    bench.fails("predict --model backbone.onnx data/valid/reds --class d --out x.csv", 1, "a, b, c");
    bench.fails("train", 2, "required");
    bench.fails(&format!("{train} --threads 9999999"), 2, "--threads");
    bench.fails(&format!("{train} --epochs 0"), 2, "--epochs");
    fs::create_dir(bench.path("data/train/blues")).unwrap();
    bench.fails(train, 1, "data/train/blues holds no picture");
    fs::remove_dir_all(bench.path("data/valid/reds")).unwrap();
    fs::remove_dir(bench.path("data/train/blues")).unwrap();
    bench.fails(train, 1, "data/valid has only one class folder (greens)");
}

#[test]
fn unreadable_pictures_are_named_and_counted() {
    let bench = Bench::new();
    let whole = bytes(&bench.path("data/train/reds/0.png"));
    fs::write(bench.path("data/train/reds/torn.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(bench.path("data/valid/greens/text.jpg"), "hello").unwrap();
    let report = bench.train("out");
    let skipped: Vec<_> = report["skipped"].as_array().unwrap().iter().map(|s| s["file"].as_str().unwrap()).collect();
    assert_eq!(skipped, ["data/train/reds/torn.png", "data/valid/greens/text.jpg"]);
    assert_eq!(report["train_images"], serde_json::json!([8, 8]));
    let output = bench.finetune("evaluate --model out/model.onnx data").assert().success();
    let stderr = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(stderr.contains("data/valid/greens/text.jpg"), "{stderr}");
}

#[test]
fn a_model_for_no_board_is_refused_before_one_is_looked_for() {
    let bench = Bench::new();
    let network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 3]);
    file::write_network(&bench.path("model.onnx"), &network, &common::metadata(&["a", "b", "c"])).unwrap();
    bench.fails("deploy pi@board --model missing.onnx", 1, "cannot read missing.onnx");
    bench.fails("deploy pi@board --model data/train/reds/0.png", 1, "is not a usable model");
    bench.fails("deploy pi@board --model model.onnx --with-program model.onnx", 1, "is no Linux program");
    for destination in ["-oProxyCommand=x", "pi@-x", "pi@a;b", "pi@$(id)"] {
        bench.fails(&format!("deploy --model model.onnx -- {destination}"), 2, "USER@HOST belongs here");
    }
}
