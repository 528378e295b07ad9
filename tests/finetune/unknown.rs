//! Pictures that show none of the classes.

use assert_cmd::Command;
use serde_json::Value;
use vggcam::model::file;

use crate::bench::{Bench, bytes};

#[test]
fn pictures_like_the_negatives_are_unknown() {
    let bench = Bench::new();
    for index in 20..32 {
        bench.picture(&format!("others/{}/{index}.png", index % 2), 2, index);
    }
    let train = "train data --backbone backbone.onnx --no-cache --epochs 40 --batch 4 --learning-rate 0.01";
    bench.finetune(&format!("{train} --out out --negatives others --accept 1")).assert().success();
    let report: Value = serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap();
    let unknown = &report["unknown"];
    assert_eq!((&unknown["accept"], &unknown["negatives"]), (&1.0.into(), &12.into()));
    assert_eq!((&unknown["false_rejects"]["of"], &unknown["false_accepts"]["of"]), (&8.into(), &12.into()));
    assert_eq!(unknown["false_accepts"]["count"], 0);
    assert!(report["calibration"]["int8"]["temperature"].as_f64().is_some_and(|t| t > 0.0));
    let bins = report["calibration"]["float"]["after"]["bins"].as_array().unwrap();
    assert_eq!(bins.iter().filter_map(|bin| bin["pictures"].as_u64()).sum::<u64>(), 8);
    for model in ["model.onnx", "model-f32.onnx"] {
        let evaluate = format!("evaluate --model out/{model} data --negatives others --json");
        let output = bench.finetune(&evaluate).assert().success();
        let found: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert_eq!(found["accuracy"], 1.0, "{model}");
        // The threshold is that of the int8 form; the least familiar picture of the float form may lie a little below it.
        let most = u64::from(model == "model-f32.onnx");
        assert!(found["unknown"].as_u64().is_some_and(|unknown| unknown <= most), "{model}: {found}");
        assert_eq!((&found["false_accepts"]["count"], &found["false_accepts"]["of"]), (&0.into(), &12.into()));
    }
    let output = bench.finetune("predict --model out/model.onnx others/0 --out out.csv").assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert!(said.contains("wrote 6 rows") && said.contains("6 of them look like none of the classes"), "{said}");
    let mut classify = Command::cargo_bin("vggcam").unwrap();
    let output = classify
        .current_dir(bench.root.path())
        .args(["classify", "--json", "--model", "out/model.onnx", "others/1", "data/valid/reds"])
        .assert()
        .success();
    let said = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labels: Vec<_> = lines.iter().map(|line| line["label"].as_str().unwrap()).collect();
    assert_eq!(labels, [["unknown"; 6].as_slice(), &["reds"; 4]].concat());
    assert!(lines.iter().all(|line| line["familiarity"].is_f64()), "{said}");
}

#[test]
fn a_confidence_takes_the_place_of_familiarity() {
    let bench = Bench::new();
    let train = "train data --backbone backbone.onnx --no-cache --epochs 2 --out out";
    bench.finetune(&format!("{train} --unknown-threshold 0.75")).assert().success();
    let report: Value = serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap();
    assert!(report["unknown"].is_null());
    let metadata = file::open(&bench.path("out/model.onnx")).unwrap().metadata.unwrap();
    assert_eq!((metadata.unknown_threshold, metadata.familiarity), (0.75, None));
    bench.fails(&format!("{train} --unknown-threshold 0.75 --accept 0.9"), 2, "--accept");
    bench.fails(&format!("{train} --accept 0.2"), 2, "from 0.5 to 1");
    bench.fails(&format!("{train} --negatives nowhere"), 1, "nowhere is not a folder");
    bench.picture("few/1.png", 2, 1);
    bench.fails(&format!("{train} --negatives few"), 1, "only 1 negatives can be read");
}
