//! Model files: what is written is read back, and what is wrong with a file is said in one line.
#![cfg(feature = "finetune")]

mod common;

use std::{fs, path::Path};

use common::{metadata, random_picture, random_vgg};
use prost::Message;
use tract_onnx::pb::ModelProto;
use vggcam::{
    engine::{
        choice::EngineChoice,
        classifier::Classifier,
        open::{self, Settings},
        plan::{Form, Plan},
    },
    finetune::int8::quantize::{calibrate, quantize},
    model::{
        file,
        network::Network,
        quantized::{QuantizedInput, QuantizedNetwork},
        recognise::Recognised,
    },
};

fn small() -> Network {
    random_vgg(1, 16, &[4, 6], &[10, 2])
}

fn small_quantized() -> QuantizedNetwork {
    let network = small();
    let scales = calibrate(&network, &[random_picture(1, 16)], &|| ()).unwrap();
    quantize(&network, &scales)
}

fn written(write: impl FnOnce(&Path)) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    write(&path);
    fs::read(path).unwrap()
}

fn float_file() -> Vec<u8> {
    written(|path| file::write_network(path, &small(), &metadata(&["cat", "dog"])).unwrap())
}

fn int8_file() -> Vec<u8> {
    written(|path| file::write_quantized(path, &small_quantized(), &metadata(&["cat", "dog"])).unwrap())
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut ModelProto)) -> Vec<u8> {
    let mut proto = ModelProto::decode(bytes).unwrap();
    change(&mut proto);
    proto.encode_to_vec()
}

fn refusal(bytes: &[u8]) -> String {
    let error = match Classifier::from_bytes(bytes, "m.onnx", Settings::plain(1)) {
        Ok(_) => panic!("a wrong model was taken"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("m.onnx") && !error.contains('\n'), "{error}");
    error
}

#[test]
fn float_and_int8_networks_come_back_as_they_were() {
    let file = file::parse(&float_file(), "m.onnx").unwrap();
    assert_eq!(file.network(), Some(&Recognised::Float(small())));
    assert_eq!(file.metadata, Some(metadata(&["cat", "dog"])));
    let file = file::parse(&int8_file(), "m.onnx").unwrap();
    assert_eq!(file.network(), Some(&Recognised::Quantized(small_quantized())));
}

#[test]
fn a_feature_extractor_comes_back_too() {
    let network = small().feature_extractor().unwrap();
    let bytes = written(|path| file::write_network(path, &network, &metadata(&[])).unwrap());
    assert_eq!(file::parse(&bytes, "m.onnx").unwrap().network(), Some(&Recognised::Float(network.clone())));
    let quantized = quantize(&network, &calibrate(&network, &[random_picture(1, 16)], &|| ()).unwrap());
    let bytes = written(|path| file::write_quantized(path, &quantized, &metadata(&[])).unwrap());
    assert_eq!(file::parse(&bytes, "m.onnx").unwrap().network(), Some(&Recognised::Quantized(quantized)));
}

#[test]
fn an_int8_file_that_is_no_vgg_still_gives_the_same_answer() {
    // A graph that the recogniser refuses runs in float, with every channel's own scale.
    let foreign = changed(&int8_file(), |proto| {
        let graph = proto.graph.as_mut().unwrap();
        let softmax = graph.node.last_mut().unwrap();
        softmax.input[0] = "tripled".into();
        let logits = "fc2".to_string();
        let sum = |inputs: [&String; 2], output: &str| tract_onnx::pb::NodeProto {
            op_type: "Add".into(),
            name: output.into(),
            input: inputs.map(String::clone).to_vec(),
            output: vec![output.into()],
            ..Default::default()
        };
        let doubled = "doubled".to_string();
        let nodes = [sum([&logits, &logits], "doubled"), sum([&doubled, &logits], "tripled")];
        let end = graph.node.len() - 1;
        graph.node.splice(end..end, nodes);
        // The picture's own scales are one for each channel, over an activation: make them one.
        for tensor in &mut graph.initializer {
            if tensor.name == "picture_scale" {
                (tensor.dims, tensor.raw_data) = (vec![], 1f32.to_le_bytes().to_vec());
            }
            if tensor.name == "picture_zero" {
                (tensor.dims, tensor.raw_data) = (vec![], vec![110]);
            }
        }
    });
    let plan = open::from_bytes(&foreign, "m.onnx", Settings::plain(1)).unwrap().plan;
    assert_eq!(plan.form(), Form::Foreign);
    let mut same = small_quantized();
    same.input = QuantizedInput::Picture { mean_rgb: [110; 3] };
    let integer = Plan::integer(&same, 1).unwrap();
    for seed in 0..4 {
        let picture = random_picture(seed, 16);
        let tripled = plan.run(&picture).unwrap().remove(0);
        let plain = integer.run(&picture).unwrap().remove(0);
        let cubed = plain[0].powi(3) / (plain[0].powi(3) + plain[1].powi(3));
        assert!((tripled[0] - cubed).abs() < 0.02, "{} and {cubed}", tripled[0]);
    }
}

#[test]
fn plain_tract_gives_the_engine_s_answer_when_it_is_asked_for() {
    let bytes = int8_file();
    let opened = |engine| open::from_bytes(&bytes, "m.onnx", Settings { engine, ..Settings::plain(1) }).unwrap();
    let (tract, engine) = (opened(EngineChoice::Tract), opened(EngineChoice::Integer));
    assert_eq!([tract.plan.form(), engine.plan.form()], [Form::Foreign, Form::Integer]);
    assert!(tract.fallback.is_some() && engine.fallback.is_none());
    for seed in 0..4 {
        let [tract, engine] =
            [&tract, &engine].map(|opened| opened.plan.run(&random_picture(seed, 16)).unwrap().remove(0));
        for (a, b) in tract.iter().zip(engine) {
            assert!((a - b).abs() < 0.01, "{a} by tract, {b} by the engine");
        }
    }
}

#[test]
fn the_engine_refuses_by_name_what_it_cannot_take() {
    let refusal = |bytes: &[u8]| {
        let settings = Settings { engine: EngineChoice::Integer, ..Settings::plain(1) };
        match open::from_bytes(bytes, "m.onnx", settings) {
            Ok(_) => panic!("the engine took a wrong graph"),
            Err(error) => error.to_string(),
        }
    };
    assert!(refusal(&float_file()).contains("finetune quantize"));
    let odd = changed(&int8_file(), |proto| {
        let graph = proto.graph.as_mut().unwrap();
        graph.node.iter_mut().find(|node| node.op_type == "MaxPool").unwrap().op_type = "AveragePool".into();
    });
    let refusal = refusal(&odd);
    assert!(refusal.contains("AveragePool") && refusal.contains("pool1"), "{refusal}");
}

#[test]
fn truncated_files_are_refused_at_every_length() {
    for bytes in [float_file(), int8_file()] {
        for length in (0..bytes.len()).step_by(bytes.len() / 97) {
            refusal(&bytes[..length]);
        }
    }
}

#[test]
fn text_and_emptiness_are_refused() {
    assert!(refusal(b"").contains("empty"));
    assert!(refusal(b"<html>not found</html>").contains("not ONNX"));
}

#[test]
fn labels_must_be_there_and_as_many_as_the_outputs() {
    let none = changed(&int8_file(), |proto| proto.metadata_props.clear());
    assert!(refusal(&none).contains("carries no labels"));
    let three = written(|path| {
        file::write_quantized(path, &small_quantized(), &metadata(&["cat", "dog", "fox"])).unwrap();
    });
    assert!(refusal(&three).contains("2 outputs and its metadata names 3 labels"));
}

#[test]
fn a_wrong_input_shape_is_refused() {
    let grey = changed(&float_file(), |proto| {
        use tract_onnx::pb::{tensor_shape_proto::dimension::Value, type_proto};
        let input = &mut proto.graph.as_mut().unwrap().input[0];
        let Some(type_proto::Value::TensorType(tensor)) = input.r#type.as_mut().unwrap().value.as_mut() else {
            unreachable!()
        };
        tensor.shape.as_mut().unwrap().dim[3].value = Some(Value::DimValue(1));
    });
    assert!(refusal(&grey).contains("not one square RGB picture"));
}

#[test]
fn an_operator_that_nothing_runs_is_named() {
    let odd = changed(&float_file(), |proto| {
        let graph = proto.graph.as_mut().unwrap();
        graph.node.iter_mut().find(|node| node.op_type == "MaxPool").unwrap().op_type = "Sparkle".into();
    });
    let refusal = refusal(&odd);
    assert!(refusal.contains("Sparkle"), "{refusal}");
}

#[test]
fn a_node_without_a_source_is_named() {
    let torn = changed(&float_file(), |proto| {
        proto.graph.as_mut().unwrap().node.remove(5);
    });
    assert!(refusal(&torn).contains("which nothing in the graph makes"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    #[test]
    fn a_damaged_file_is_refused_or_runs(
        float in proptest::bool::ANY,
        damage in proptest::collection::vec((0.0f64..1.0, proptest::num::u8::ANY), 1..6),
    ) {
        let mut bytes = if float { float_file() } else { int8_file() };
        for (place, value) in damage {
            let place = (place * bytes.len() as f64) as usize;
            bytes[place] = value;
        }
        if let Ok(classifier) = Classifier::from_bytes(&bytes, "m.onnx", Settings::plain(1)) {
            let _ = classifier.classify(&random_picture(1, 16));
        }
    }
}
