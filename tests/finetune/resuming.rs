//! A training that was interrupted goes on.

use std::fs;

use serde_json::Value;

use crate::{
    bench::{Bench, TRAIN, bytes},
    common,
};

#[test]
fn killed_at_any_time_training_goes_on_to_the_same_model() {
    let bench = Bench::new();
    let train = |out: &str| format!("{TRAIN} --cache cache --batch 1 --patience 20 --seed 3 --out {out}");
    bench.finetune(&train("whole")).assert().success();
    let mut noise = common::Noise(5);
    let mut killed = 0;
    for _ in 0..12 {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_finetune"));
        let mut child = command
            .current_dir(bench.root.path())
            .args(train("killed").split(' '))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis((noise.value().abs() * 400.0) as u64));
        // SIGKILL; it may be done already.
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
    }
    let output = bench.finetune(&train("killed")).assert().success();
    for file in ["model.onnx", "model-f32.onnx"] {
        assert!(bytes(&bench.path("whole").join(file)) == bytes(&bench.path("killed").join(file)), "{file}");
    }
    let heads = |out: &str| fs::read_dir(bench.path(out).join("heads")).unwrap().count();
    assert_eq!(heads("whole"), heads("killed"));
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(killed > 0, "{said}");
    assert!(!bench.path("killed/unfinished").exists());
}

#[test]
fn a_training_goes_on_only_with_the_same_data_and_settings() {
    let bench = Bench::new();
    let train = |options: &str| format!("{TRAIN} --cache cache --epochs 6 --learning-rate 0.01 --out out {options}");
    // No folder can be made in place of the report's file, so the run ends with its training kept.
    fs::create_dir_all(bench.path("out/report.json")).unwrap();
    bench.finetune(&train("")).assert().failure();
    assert!(bench.path("out/unfinished").exists());
    fs::remove_dir(bench.path("out/report.json")).unwrap();
    let resumed_after = |options: &str| -> u64 {
        let kept = bench.path("out/unfinished");
        let copy = bench.path("kept");
        fs::create_dir_all(&copy).unwrap();
        for entry in fs::read_dir(&kept).unwrap().flatten() {
            fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
        bench.finetune(&train(options)).assert().success();
        fs::rename(&copy, &kept).unwrap();
        let report: Value = serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap();
        report["training"]["resumed_after"].as_u64().unwrap()
    };
    assert_eq!(resumed_after(""), 6);
    assert_eq!(resumed_after("--seed 2"), 0);
    assert_eq!(resumed_after("--batch 3"), 0);
    assert_eq!(resumed_after("--dropout 0.25"), 0);
    assert_eq!(resumed_after("--class-weights red=2"), 0);
    assert_eq!(resumed_after("--augment flip"), 0);
    assert_eq!(resumed_after(""), 6);
    bench.picture("data/valid/reds/13.png", 0, 77);
    assert_eq!(resumed_after(""), 0);
}
