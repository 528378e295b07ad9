//! From weights without a top to a model on the board: `import`, `train`, `classify`.

use std::{fs, path::Path};

use assert_cmd::Command;

use vggcam::engine::{layers::planner::Sums, plan::Plan};

use crate::{common, files, vgg::Vgg};

fn run(program: &str, folder: &Path, arguments: &str) -> String {
    let mut command = Command::cargo_bin(program).unwrap();
    let output = command.current_dir(folder).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Dark noise in which one colour is bright.
fn pictures(folder: &Path) {
    for (split, seeds) in [("train", 0..8), ("valid", 10..14)] {
        for (class, channel) in [("green", 1), ("red", 0)] {
            let folder = folder.join(format!("data/{split}/{class}"));
            fs::create_dir_all(&folder).unwrap();
            for seed in seeds.clone() {
                let mut picture = common::random_picture(seed, 72);
                for pixel in picture.pixels_mut() {
                    pixel.0 = pixel.0.map(|value| value / 4);
                    pixel.0[channel] += 190;
                }
                picture.save(folder.join(format!("{seed}.png"))).unwrap();
            }
        }
    }
}

#[test]
fn a_backbone_without_a_top_trains_and_classifies() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pictures(folder);
    let vgg = Vgg::random(41, 64, &[]);
    fs::write(folder.join("notop.h5"), files::keras_names(&vgg, files::TENSORFLOW, None)).unwrap();
    let said = run("finetune", folder, "import notop.h5 --out backbone.onnx --size 64");
    insta::assert_snapshot!("import", said);
    let train = "train data --backbone backbone.onnx --out out --no-cache --epochs 80 --batch 4 --learning-rate 0.03 --dropout 0";
    run("finetune", folder, train);
    let report: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("out/report.json")).unwrap()).unwrap();
    for form in ["float", "int8"] {
        assert!(report[form]["accuracy"].as_f64().unwrap() > 0.9, "{form}: {report}");
    }
    for engine in ["integer", "float", "tract"] {
        let model = if engine == "tract" { "out/model-f32.onnx" } else { "out/model.onnx" };
        let said = run("vggcam", folder, &format!("classify --model {model} --engine {engine} data/valid/red/10.png"));
        assert!(said.contains("red"), "{engine}: {said}");
    }
}

#[test]
fn torchvisions_pixels_survive_quantization() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pictures(folder);
    let mut vgg = Vgg::random(42, 64, &[7, 6, 2]);
    // Logits apart enough to tell.
    vgg.dense[2].weights.iter_mut().for_each(|weight| *weight *= 20.0);
    fs::write(folder.join("x.safetensors"), files::state_dict(&vgg, files::Names::Torchvision)).unwrap();
    run("finetune", folder, "import x.safetensors --out backbone.onnx");
    run("finetune", folder, "quantize --model backbone.onnx --labels a,b --calibration data/valid --out int8.onnx");
    let said = run("vggcam", folder, "classify --model int8.onnx --json data/valid/red/10.png");
    let answer: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    let network = vggcam::model::file::read_network(&folder.join("backbone.onnx")).unwrap().0;
    let picture = image::open(folder.join("data/valid/red/10.png")).unwrap().to_rgb8();
    let picture = vggcam::vision::fit::fit(&picture, 64, Default::default());
    let float = Plan::float(network, 1, Sums::Fastest).unwrap().run(&picture).unwrap().remove(0);
    let int8 = answer["probabilities"]["a"].as_f64().unwrap() as f32;
    assert!((float[0] - 0.5).abs() > 0.05 && (int8 - float[0]).abs() < 0.04, "{int8} and {}", float[0]);
}
