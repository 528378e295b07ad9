//! Models that are made to do harm: none of them is installed, takes the machine's memory, or reads what it should not.

use std::{fs, process::Command};

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto, attribute_proto::AttributeType,
};

use crate::board::{ANT, Board};

/// A square PNG of so many pixels a side by its header, without any.
fn png_header(side: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend([side.to_be_bytes(), side.to_be_bytes()].concat());
    chunk.extend([8, 2, 0, 0, 0]);
    let mut crc = !0u32;
    for byte in &chunk {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0d".as_slice(), &chunk, &(!crc).to_be_bytes()].concat()
}

fn node(kind: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: kind.into(),
        input: inputs.iter().map(|name| name.to_string()).collect(),
        output: vec![output.into()],
        name: output.into(),
        ..NodeProto::default()
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: AttributeType::Int.into(), i: value, ..AttributeProto::default() }
}

fn int64s(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: 7,
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}

/// The model with a graph that gives its answer from `nodes`, which end in a value called `made`.
fn of_nodes(model: &mut ModelProto, nodes: Vec<NodeProto>, constants: Vec<TensorProto>) {
    let graph = model.graph.as_mut().unwrap();
    let output = graph.output[0].name.clone();
    graph.node = nodes;
    graph.node.push(NodeProto { attribute: vec![int("axis", 1)], ..node("Softmax", &["made"], &output) });
    graph.initializer = constants;
    graph.output.truncate(1);
    model.metadata_props.retain(|property| property.key != "vggcam.reference_pictures");
}

/// The model with a graph that makes a square value of `side` rows on the way.
fn with_value(model: &mut ModelProto, side: i64) {
    let nodes = vec![
        node("ConstantOfShape", &["shape"], "large"),
        node("ReduceSum", &["large"], "sum"),
        node("Expand", &["sum", "answer"], "made"),
    ];
    of_nodes(model, nodes, vec![int64s("shape", &[side, side]), int64s("answer", &[1, 2])]);
}

/// What each model does, and the model.
fn models(honest: &ModelProto, secret: &str) -> Vec<(&'static str, ModelProto)> {
    let changed = |change: &dyn Fn(&mut ModelProto)| {
        let mut model = honest.clone();
        change(&mut model);
        model
    };
    let first_weights = |change: &dyn Fn(&mut TensorProto)| {
        changed(&|model| {
            let weights = model.graph.as_mut().unwrap().initializer.iter_mut().find(|tensor| tensor.dims.len() == 4);
            change(weights.unwrap());
        })
    };
    let property = |key: &str, value: String| {
        changed(&|model| {
            model.metadata_props.retain(|property| property.key != key);
            model.metadata_props.push(StringStringEntryProto { key: key.into(), value: value.clone() });
        })
    };
    let picture = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, png_header(60_000));
    vec![
        ("weights larger than any memory", first_weights(&|weights| weights.dims = vec![1 << 40, 1 << 20, 3, 3])),
        ("weights whose sizes overflow", first_weights(&|weights| weights.dims = vec![i64::MAX, i64::MAX, 3, 3])),
        ("weights of less than nothing", first_weights(&|weights| weights.dims[0] = -1)),
        (
            "weights from a file of the board",
            first_weights(&|weights| {
                let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
                weights.raw_data.clear();
                weights.int32_data.clear();
                weights.float_data.clear();
                weights.data_location = Some(1);
                weights.external_data = vec![entry("location", secret)];
            }),
        ),
        (
            "a picture of 60,000 by 60,000 pixels",
            property(
                "vggcam.reference_pictures",
                format!(
                    r#"{{"precision": "int8", "pictures": [{{"png": "{picture}", "probabilities": [0.5, 0.5]}}]}}"#
                ),
            ),
        ),
        ("brackets without an end", property("vggcam.labels", "[".repeat(1 << 20))),
        ("a value of 4 TB", changed(&|model| with_value(model, 1 << 20))),
        (
            "a picture repeated a million times",
            changed(&|model| {
                let input = model.graph.as_ref().unwrap().input[0].name.clone();
                let nodes = vec![
                    NodeProto { attribute: vec![int("to", 1)], ..node("Cast", &[&input], "real") },
                    node("Tile", &["real", "times"], "large"),
                    node("ReduceSum", &["large"], "sum"),
                    node("Expand", &["sum", "answer"], "made"),
                ];
                of_nodes(model, nodes, vec![int64s("times", &[1000, 1000, 1, 1]), int64s("answer", &[1, 2])]);
            }),
        ),
        (
            "a graph that feeds on itself",
            changed(&|model| {
                let nodes = vec![
                    node("Add", &["b", "b"], "a"),
                    node("Add", &["a", "a"], "b"),
                    node("Identity", &["a"], "made"),
                ];
                of_nodes(model, nodes, vec![]);
            }),
        ),
    ]
}

#[test]
fn a_model_that_means_harm_is_refused() {
    let board = Board::new();
    board.does(&["install", "ant.onnx"]);
    let secret = board.path("secret");
    fs::write(&secret, "a word that nobody may read ".repeat(100)).unwrap();
    let honest = ModelProto::decode(fs::read(board.path("owl.onnx")).unwrap().as_slice()).unwrap();
    for (does, model) in models(&honest, secret.to_str().unwrap()) {
        fs::write(board.path("hostile.onnx"), model.encode_to_vec()).unwrap();
        let mut command = board.set_up(Command::new("timeout"));
        command.args(["120", env!("CARGO_BIN_EXE_vggcam"), "install", "hostile.onnx"]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{does}: {said}");
        assert!(
            said.contains("hostile.onnx") && !said.contains("panicked") && !said.contains("nobody may"),
            "{does}: {said}"
        );
        assert!(said.len() < 4000 && !said.contains("said nothing"), "{does}: {said}");
        assert_eq!(board.whole().as_deref(), Ok(ANT), "{does}");
    }
}

#[test]
fn a_harmless_model_of_such_nodes_is_installed() {
    let board = Board::new();
    let mut model = ModelProto::decode(fs::read(board.path("ant.onnx")).unwrap().as_slice()).unwrap();
    with_value(&mut model, 8);
    fs::write(board.path("harmless.onnx"), model.encode_to_vec()).unwrap();
    board.does(&["install", "harmless.onnx"]);
}
