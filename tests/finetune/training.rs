//! What a training gives, with its defaults and the options of its recipe.

use std::fs;

use serde_json::Value;
use vggcam::model::file;

use crate::{
    bench::{Bench, SIZE, TRAIN, bytes},
    common,
};

#[test]
fn a_model_is_trained_measured_and_used() {
    let bench = Bench::new();
    let report = bench.train("first");
    assert_eq!(report["classes"], serde_json::json!(["green", "red"]));
    assert_eq!(report["float"]["accuracy"], 1.0);
    assert_eq!(report["int8"]["accuracy"], 1.0);
    for file in ["model.onnx", "model-f32.onnx", "report.html", "heads/epoch-001.json"] {
        assert!(!bytes(&bench.path("first").join(file)).is_empty());
    }
    for model in ["model.onnx", "model-f32.onnx"] {
        let output = bench.finetune(&format!("evaluate --model first/{model} data --json")).assert().success();
        let found: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert_eq!((&found["images"], &found["accuracy"]), (&8.into(), &1.0.into()), "{model}");
        assert_eq!(found["confusion"], serde_json::json!([[4, 0], [0, 4]]));
    }
    fs::rename(bench.path("data/valid/reds/13.png"), bench.path("data/valid/reds/9.png")).unwrap();
    bench.finetune("predict --model first/model.onnx data/valid/reds --out out.csv").assert().success();
    let csv = fs::read_to_string(bench.path("out.csv")).unwrap();
    let rows: Vec<(&str, f32)> =
        csv.lines().skip(1).map(|row| row.split_once(',').unwrap()).map(|(id, p)| (id, p.parse().unwrap())).collect();
    assert!(csv.starts_with("id,label\n"));
    assert_eq!(rows.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["9", "10", "11", "12"]);
    assert!(rows.iter().all(|(_, red)| (0.5..=1.0).contains(red)), "{csv}");
}

#[test]
fn rate_and_epochs_are_chosen_where_they_are_not_given() {
    let bench = Bench::new();
    let report = |options: &str| -> Value {
        bench.finetune(&format!("{TRAIN} --cache cache --batch 4 --out out {options}")).assert().success();
        serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap()
    };
    let tuned = report("--patience 2");
    let trials = tuned["training"]["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 5);
    let lowest =
        trials.iter().min_by(|a, b| a["val_loss"].as_f64().unwrap().total_cmp(&b["val_loss"].as_f64().unwrap()));
    let lowest = lowest.unwrap();
    assert_eq!(tuned["training"]["learning_rate"], lowest["learning_rate"]);
    // The training itself gives what the trial gave.
    let epochs = tuned["epochs"].as_array().unwrap();
    assert_eq!(lowest["epochs"], epochs.len());
    assert_eq!(epochs.last().unwrap()["val_loss"], lowest["val_loss"]);

    let given = report("--learning-rate 0.01 --epochs 7");
    assert_eq!(given["training"]["trials"], serde_json::json!([]));
    assert_eq!(given["epochs"].as_array().unwrap().len(), 7);
    let rate_given = report("--learning-rate 0.01");
    assert_eq!(rate_given["training"]["trials"].as_array().unwrap().len(), 1);
    let epochs_given = report("--epochs 4");
    assert_eq!(epochs_given["epochs"].as_array().unwrap().len(), 4);
    assert!(epochs_given["training"]["trials"].as_array().unwrap().iter().all(|trial| trial["epochs"] == 4));
    let keras = report("--recipe keras");
    assert_eq!(keras["training"]["class_weights"], serde_json::json!([1.0, 1.0]));
    assert_eq!(keras["epochs"].as_array().unwrap().len(), 3);
    assert!((keras["training"]["learning_rate"].as_f64().unwrap() - 0.001).abs() < 1e-9);
    assert!(!bench.path("out/unfinished").exists());
}

#[test]
fn the_heads_of_an_earlier_run_do_not_stay() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("out/heads")).unwrap();
    fs::write(bench.path("out/heads/epoch-900.json"), "{}").unwrap();
    let epochs = bench.train("out")["epochs"].as_array().unwrap().len();
    assert_eq!(fs::read_dir(bench.path("out/heads")).unwrap().count(), epochs);
}

#[test]
fn a_class_with_few_pictures_counts_as_much() {
    let bench = Bench::new();
    for index in 2..8 {
        fs::remove_file(bench.path(&format!("data/train/reds/{index}.png"))).unwrap();
    }
    let said = |options: &str| {
        let arguments = format!("{TRAIN} --cache cache --epochs 3 --learning-rate 0.01 --out out{options}");
        let output = bench.finetune(&arguments).assert().success();
        let report: Value = serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap();
        (String::from_utf8_lossy(&output.get_output().stderr).into_owned(), report["training"]["class_weights"].clone())
    };
    let (words, weights) = said("");
    assert!(
        words.contains("green has 8 pictures for training, red only 2; each picture of red counts as much as 4.0"),
        "{words}"
    );
    assert_eq!(weights, serde_json::json!([0.625, 2.5]));
    let (words, weights) = said(" --class-weights none");
    assert!(words.contains("the model will lean to green"), "{words}");
    assert_eq!(weights, serde_json::json!([1.0, 1.0]));
    assert_eq!(said(" --class-weights red=2").1, serde_json::json!([1.0, 2.0]));
    bench.fails(&format!("{TRAIN} --out out --class-weights blue=2"), 1, "names blue; the classes are green, red");
    bench.fails(&format!("{TRAIN} --out out --class-weights equal"), 2, "neither balanced nor none");
}

#[test]
fn three_and_two_hundred_classes_are_trained() {
    for classes in [3, 200] {
        let bench = Bench { root: tempfile::tempdir().unwrap() };
        for class in 0..classes {
            for (split, seeds) in [("train", 0..2), ("valid", 2..3)] {
                for seed in seeds {
                    bench.picture(
                        &format!("data/{split}/class{class}/{seed}.png"),
                        class as usize % 3,
                        class * 9 + seed,
                    );
                }
            }
        }
        let network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 16, 3]);
        file::write_network(&bench.path("backbone.onnx"), &network, &common::metadata(&["a", "b", "c"])).unwrap();
        bench.finetune("train data --out out --backbone backbone.onnx --no-cache --epochs 3").assert().success();
        let report: Value = serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap();
        assert_eq!(report["classes"].as_array().unwrap().len(), classes as usize);
        let output = bench.finetune("evaluate --model out/model.onnx data --json").assert().success();
        let found: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert_eq!((&found["images"], &found["confusion"]), (&classes.into(), &report["int8"]["confusion"]));
    }
}

#[test]
fn without_valid_some_pictures_are_held_back() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.path("data/valid")).unwrap();
    let report = bench.train("out");
    let count = |key: &str| report[key].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum::<u64>();
    assert_eq!(count("train_images") + count("valid_images"), 16);
    assert!(count("valid_images") >= 2);
    // The classes of a data set itself, and what is held back of them.
    let output = bench.finetune("evaluate --model out/model.onnx data/train --json").assert().success();
    let found: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!((&found["images"], &found["held_back"]["images"]), (&16.into(), &count("valid_images").into()));
    let output =
        bench.finetune("train data/train --out flat --backbone backbone.onnx --cache cache").assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(said.contains("no valid/: ") && said.contains("of the 16 pictures in data/train are held back"), "{said}");
    let flat: Value = serde_json::from_slice(&bytes(&bench.path("flat/report.json"))).unwrap();
    assert_eq!(flat["valid_images"], report["valid_images"]);
}

#[test]
fn models_carry_pictures_to_be_tested_with_unless_none_are_wanted() {
    let bench = Bench::new();
    bench.train("out");
    let carried = |file: &str| file::open(&bench.path(file)).unwrap().references.decode().unwrap();
    for (file, precision) in [("out/model.onnx", "int8"), ("out/model-f32.onnx", "f32")] {
        let references = carried(file);
        assert_eq!((references.precision.as_str(), references.pictures.len()), (precision, 4), "{file}");
        // Two of each class, in which another colour is bright.
        for (picture, channel) in references.pictures.iter().zip([1, 1, 0, 0]) {
            assert_eq!(picture.stored.dimensions(), (SIZE / 2, SIZE / 2));
            assert!(picture.stored.pixels().all(|pixel| pixel[channel] > 180), "{file}");
        }
    }
    let quantize = "quantize --model out/model-f32.onnx --calibration data --out int8.onnx --reference-pictures";
    bench.finetune(&format!("{quantize} 0")).assert().success();
    assert!(carried("int8.onnx").pictures.is_empty());
    bench.finetune(&format!("{quantize} data/valid/reds")).assert().success();
    assert_eq!(carried("int8.onnx").pictures.len(), 4);
    bench.fails(&format!("{quantize} data/none"), 1, "data/none");
    bench.fails(&format!("{quantize} 65"), 2, "at most 64");
}
