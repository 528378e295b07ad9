//! Features are computed once, and the model is the same wherever they come from.

use std::fs;

use serde_json::Value;
use vggcam::model::file;

use crate::{
    bench::{Bench, SIZE, TRAIN, bytes},
    common,
};

#[test]
fn a_second_run_computes_nothing_and_gives_the_same_model() {
    let bench = Bench::new();
    // 24 by the float backbone; by the int8 one the same 24, and 16 corners.
    assert_eq!(bench.train("first")["computed"], 64);
    let second = bench.train("second");
    assert_eq!(second["computed"], 0);
    assert_eq!(bytes(&bench.path("first/model.onnx")), bytes(&bench.path("second/model.onnx")));
}

#[test]
fn features_from_memory_from_the_file_and_from_ahead_give_the_same_model() {
    let bench = Bench::new();
    bench.train("first");
    let train = "train data --backbone backbone.onnx --epochs 60 --batch 4 --learning-rate 0.01 --labels green,red";
    bench.finetune(&format!("{train} --out second --no-cache --memory 1K")).assert().success();
    bench.finetune("features data --out ahead --backbone backbone.onnx").assert().success();
    bench.finetune(&format!("{train} --out third --cache other --features ahead")).assert().success();
    for folder in ["second", "third"] {
        for file in ["model.onnx", "model-f32.onnx"] {
            let same = bytes(&bench.path("first").join(file)) == bytes(&bench.path(folder).join(file));
            assert!(same, "{folder}/{file}");
        }
        let left = fs::read_dir(bench.path(folder)).unwrap();
        assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().ends_with(".features")));
    }
    let report: Value = serde_json::from_slice(&bytes(&bench.path("third/report.json"))).unwrap();
    // The int8 features alone: those of the float backbone were there.
    assert_eq!(report["computed"], 40);
    bench.fails(&format!("{train} --out x --features ahead --fit centre-crop"), 1, "fit squash and fit centre-crop");
    bench.fails(&format!("{train} --out x --features none"), 1, "cannot open the feature file none");
    fs::write(bench.path("words"), "words").unwrap();
    bench.fails(&format!("{train} --out x --features words"), 1, "words is not a feature file");
}

#[test]
fn what_changed_is_computed_again() {
    let bench = Bench::new();
    bench.train("first");
    bench.picture("data/train/reds/2.png", 0, 99);
    // The picture is one of those that set the ranges of the int8 form, whose 40 features are new ones then.
    assert_eq!(bench.train("second")["computed"], 1 + 40);
    let network = common::random_vgg(6, SIZE as usize, &[6, 8], &[24, 16, 3]);
    file::write_network(&bench.path("backbone.onnx"), &network, &common::metadata(&["a", "b", "c"])).unwrap();
    assert_eq!(bench.train("third")["computed"], 64);
}

#[test]
fn threads_and_memory_do_not_change_a_byte_of_the_model() {
    let bench = Bench::new();
    let models =
        ["--threads 1", "--threads 2", "--threads 3 --memory 1K", "--threads 7 --cache cache"].map(|options| {
            let cache = if options.contains("--cache") { "" } else { "--no-cache" };
            let arguments = format!("{TRAIN} --augment flip --batch 5 {cache} --out out {options}");
            let mut command = bench.finetune(&arguments.split_whitespace().collect::<Vec<_>>().join(" "));
            command.assert().success();
            ["model.onnx", "model-f32.onnx"].map(|file| bytes(&bench.path("out").join(file)))
        });
    assert!(models.iter().all(|model| *model == models[0]));
}

#[test]
fn variants_are_computed_once_and_kept() {
    let bench = Bench::new();
    let report = |options: &str| -> Value {
        bench
            .finetune(&format!(
                "{TRAIN} --cache cache --epochs 20 --learning-rate 0.01 --unknown-threshold 0 --out out{options}"
            ))
            .assert()
            .success();
        serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap()
    };
    // 16 training pictures, 8 of validation, these twice: as float and as int8.
    assert_eq!(report("")["computed"], 16 + 8 + 8);
    let flipped = report(" --augment flip");
    assert_eq!((&flipped["computed"], &flipped["training"]["variants"]), (&16.into(), &2.into()));
    let all = report(" --augment flip,crops");
    assert_eq!((&all["computed"], &all["training"]["variants"]), (&(16 * 8).into(), &10.into()));
    assert_eq!(all["int8"]["accuracy"], 1.0);
    assert_eq!(report(" --augment crops,flip")["computed"], 0);
    assert_eq!(report("")["computed"], 0);
}
