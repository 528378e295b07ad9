//! `finetune` from end to end, on pictures and a backbone that the tests make themselves.
#![cfg(feature = "finetune")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use serde_json::Value;
use vggcam::model::{file, network::Layer};

const SIZE: u32 = 32;

/// A data set of red and green pictures, a small backbone, and room for results.
struct Bench {
    root: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
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

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Dark noise in which `channel` is bright.
    fn picture(&self, name: &str, channel: usize, seed: u64) {
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
    fn finetune(&self, arguments: &str) -> Command {
        let mut command = Command::cargo_bin("finetune").unwrap();
        command.current_dir(self.root.path()).args(arguments.split_whitespace());
        command
    }

    fn train(&self, out: &str) -> Value {
        self.finetune(&format!("train data --out {out} --backbone backbone.onnx --cache cache --epochs 60 --batch 4"))
            .args(["--learning-rate", "0.01", "--labels", "green,red"])
            .assert()
            .success();
        serde_json::from_slice(&fs::read(self.path(out).join("report.json")).unwrap()).unwrap()
    }

    fn fails(&self, arguments: &str, code: i32, says: &str) {
        let output = self.finetune(arguments).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {message}");
        let last = if code == 1 { message.trim_end().lines().last().unwrap() } else { &message };
        assert!(last.starts_with("error: ") && last.contains(says), "{arguments}: {message}");
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

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

#[test]
fn the_heads_of_an_earlier_run_do_not_stay() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("out/heads")).unwrap();
    fs::write(bench.path("out/heads/epoch-900.json"), "{}").unwrap();
    let epochs = bench.train("out")["epochs"].as_array().unwrap().len();
    assert_eq!(fs::read_dir(bench.path("out/heads")).unwrap().count(), epochs);
}

/// Arguments of the training of [`Bench::train`] with the caller's own options.
const TRAIN: &str = "train data --backbone backbone.onnx --labels green,red";

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
fn a_float_model_is_quantized_to_the_same_answers() {
    let bench = Bench::new();
    bench.train("out");
    bench.finetune("quantize --model out/model-f32.onnx --calibration data --out int8.onnx").assert().success();
    let output = bench.finetune("evaluate --model int8.onnx data --json").assert().success();
    let found: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(found["accuracy"], 1.0);
    bench.fails("quantize --model int8.onnx --calibration data --out x.onnx", 1, "quantized already");
}

#[test]
fn what_is_wrong_is_one_clear_line() {
    let bench = Bench::new();
    let train = "train data --out out --backbone backbone.onnx --no-cache";
    bench.fails("train nowhere --out out", 1, "nowhere is not there; expected");
    bench.fails(&format!("{train} --labels a,a"), 1, "one name of its own");
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

/// A small backbone whose int8 form knows nothing: beside two large weights that cancel each other, others in every row, the
/// small ones that matter have no steps.
fn unquantizable() -> vggcam::model::network::Network {
    let mut network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 16, 3]);
    let mut dense = network.layers.iter_mut().filter_map(|layer| match layer {
        Layer::Dense(dense) => Some(dense),
        _ => None,
    });
    let (first, second) = (dense.next().unwrap(), dense.next().unwrap());
    for pair in 0..12 {
        first
            .weights
            .copy_within(2 * pair * first.inputs..(2 * pair + 1) * first.inputs, (2 * pair + 1) * first.inputs);
        first.bias[2 * pair + 1] = first.bias[2 * pair];
    }
    for (row, weights) in second.weights.chunks_exact_mut(24).enumerate() {
        weights[row % 12 * 2] += 1000.0;
        weights[row % 12 * 2 + 1] -= 1000.0;
    }
    network
}

#[test]
fn a_model_that_int8_spoils_is_not_written_unless_told_to() {
    let bench = Bench::new();
    file::write_network(&bench.path("hard.onnx"), &unquantizable(), &common::metadata(&["a", "b", "c"])).unwrap();
    let train = "train data --out out --backbone hard.onnx --cache cache --epochs 60 --batch 4 --learning-rate 0.01";
    bench.fails(train, 1, "the int8 model is not written: it loses");
    assert!(!bench.path("out/model.onnx").exists() && bench.path("out/model-f32.onnx").exists());
    let report: Value = serde_json::from_slice(&bytes(&bench.path("out/report.json"))).unwrap();
    let quantization = &report["quantization"];
    assert_eq!(report["files"], serde_json::json!(["out/model-f32.onnx"]));
    assert!(quantization["cost"]["points"].as_f64().unwrap() >= 37.5, "{quantization}");
    let [same, images] = ["same", "images"].map(|name| quantization[name].as_f64().unwrap());
    assert!(same / images < 0.7, "{quantization}");
    let last = &quantization["layers"].as_array().unwrap()[5];
    assert!(last["name"] == "fc2" && last["signal_to_noise_db"].as_f64().unwrap() < 10.0, "{quantization}");

    fs::write(bench.path("out/model.onnx"), "earlier").unwrap();
    bench.fails(train, 1, "out/model.onnx is that of an earlier run, left as it was");
    assert_eq!(bytes(&bench.path("out/model.onnx")), b"earlier");
    bench.finetune(&format!("{train} --max-drop 100")).assert().success();
    assert!(bytes(&bench.path("out/model.onnx")).len() > 1000);
    bench.fails(&format!("{train} --max-drop 101"), 2, "--max-drop");
}

#[test]
fn a_channel_of_another_size_is_repaired() {
    let bench = Bench::new();
    bench.train("easy");
    let mut network = common::random_vgg(5, SIZE as usize, &[6, 8], &[24, 16, 3]);
    // One channel a thousand times larger, and the next layer's weights for it as much smaller: the same answers in float.
    let mut convs = network.layers.iter_mut().filter_map(|layer| match layer {
        Layer::Conv(conv) => Some(conv),
        _ => None,
    });
    let (first, second) = (convs.next().unwrap(), convs.next().unwrap());
    first.weights[27..54].iter_mut().for_each(|weight| *weight *= 1000.0);
    first.bias[1] *= 1000.0;
    second.weights.chunks_exact_mut(6 * 9).for_each(|row| row[9..18].iter_mut().for_each(|weight| *weight /= 1000.0));
    file::write_network(&bench.path("backbone.onnx"), &network, &common::metadata(&["a", "b", "c"])).unwrap();
    let report = bench.train("hard");
    assert_eq!(report["int8"]["accuracy"], 1.0);
    let layers = report["quantization"]["layers"].as_array().unwrap();
    assert!(layers.iter().take(5).all(|layer| layer["equalised"] == true), "{layers:?}");
    assert!(layers.iter().all(|layer| layer["signal_to_noise_db"].as_f64().unwrap() > 15.0), "{layers:?}");
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
