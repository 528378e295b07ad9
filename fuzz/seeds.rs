//! Makes the inputs that fuzzing begins with.

use std::{fs, io::Cursor, path::Path};

use image::{ImageFormat, RgbImage};
use safetensors::Dtype;
use vggcam::{
    engine::integer::cache::Key,
    model::{file, metadata, quantized::QuantizedLayer},
    vision::jpeg::{DHT, segments},
};

use crate::{
    common::{self, Noise},
    files::{self, Names},
    targets::{KEY, header},
    vgg::{Layer, Vgg},
};

#[test]
#[ignore = "writes fuzz/corpus"]
fn make() {
    write("config", &configs());
    write("http", &requests());
    write("import", &weights());
    write("jpeg", &pictures());
    write("model", &models());
    write("packed", &packed());
    write("yuv", &frames());
}

type Named = (&'static str, Vec<u8>);

fn write(target: &str, inputs: &[Named]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in inputs {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

fn configs() -> Vec<Named> {
    let example = include_str!("../packaging/vggcam.toml");
    let uncommented = |line: &str| match line.strip_prefix('#') {
        Some(words) if words.starts_with(' ') => None,
        Some(setting) => Some(setting.to_owned()),
        None => Some(line.to_owned()),
    };
    let whole: Vec<String> = example.lines().filter_map(uncommented).filter(|line| !line.is_empty()).collect();
    vec![
        ("whole", whole.join("\n").into_bytes()),
        (
            "few",
            b"camera = 'demo'\ndisplay = ['none', \"png:\\u0041\"]\nthreads = 0x3\n[keep]\nbelow = 0.5e0\n".to_vec(),
        ),
        ("dotted", b"web.listen = '[::1]:80'\nlight = [\"a=b=GPIO5?active=low\"]\n".to_vec()),
        ("unknown", b"\n[mqtt]\nhots = 'x'\n".to_vec()),
        ("no-number", b"[health]\nhot_c = nan\nstale_s = inf\n".to_vec()),
        ("nothing", b"# nothing\n".to_vec()),
    ]
}

fn requests() -> Vec<Named> {
    let text = |text: &str| text.replace('\n', "\r\n").into_bytes();
    vec![
        ("page", text("GET / HTTP/1.1\nHost: localhost:8080\nUser-Agent: x\n\n")),
        ("head", text("HEAD /metrics HTTP/1.1\nHost: 127.0.0.1\n\n")),
        ("picture", text("GET /picture.jpg?1 HTTP/1.0\nHost: [::1]:80\n\n")),
        ("status", text("GET /status.json HTTP/1.1\nhost: LOCALHOST\nAuthorization: Basic eDp5\n\n")),
        ("report", text("GET /report HTTP/1.1\nHost: localhost\n\n")),
        ("stranger", text("GET /page.js HTTP/1.1\nHost: example.org\n\n")),
        ("body", text("POST / HTTP/1.1\nHost: localhost\nContent-Length: 1\n\nx")),
        ("length", text("GET /icon.svg HTTP/1.1\nHost: localhost\nContent-Length: 0\nTransfer-Encoding: chunked\n\n")),
        ("half", text("GET /page.css HTTP/1.1\nHost: local")),
    ]
}

/// The smallest VGG16: a channel each.
fn smallest(dense: &[usize]) -> Vgg {
    let mut noise = Noise(5);
    let mut layer = |inputs: usize| Layer {
        weights: noise.values(inputs * 9, 1.0),
        bias: noise.values(1, 0.5),
        inputs,
        norm: None,
    };
    let convolutions = (0..13).map(|index| layer(if index == 0 { 3 } else { 1 })).collect();
    Vgg { size: 32, convolutions, dense: Vgg::dense_layers(7, 1, dense), epsilon: 1e-3, dense_norms_behind_relu: false }
}

fn weights() -> Vec<Named> {
    let vgg = smallest(&[2, 2]);
    let bare = smallest(&[]);
    let with = |choices: [u8; 2], bytes: Vec<u8>| [&choices[..], &bytes].concat();
    let backbone = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.onnx");
        file::write_backbone(&path, &common::random_vgg(1, 8, &[2], &[3, 2])).unwrap();
        fs::read(path).unwrap()
    };
    vec![
        ("keras-2015", with([0, 0], files::keras_2015(&vgg))),
        ("keras-theano", with([0, 1], files::keras_names(&vgg, files::THEANO, None))),
        ("keras-tensorflow", with([3, 2], files::keras_names(&bare, files::TENSORFLOW, Some("tensorflow")))),
        ("keras-3", with([2, 0], files::keras_3(&vgg))),
        ("keras-archive", with([0, 0], files::keras_archive(&bare, false))),
        ("torchvision", with([0, 0], files::state_dict_as(&vgg, Dtype::F16))),
        ("timm", with([0, 2], files::state_dict(&vgg, Names::Timm))),
        ("onnx", with([0, 0], backbone)),
        ("text", with([0, 0], b"no weights at all".to_vec())),
    ]
}

fn pictures() -> Vec<Named> {
    let encoded = |picture: &RgbImage| {
        let mut bytes = Cursor::new(vec![]);
        picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    };
    let first = encoded(&common::random_picture(1, 9));
    let second = encoded(&common::random_picture(2, 24));
    let mut bare = second.clone();
    let tables: Vec<_> = segments(&second).filter(|segment| segment.marker == DHT).collect();
    for table in tables.into_iter().rev() {
        bare.drain(table.range);
    }
    vec![
        ("one", [&[3], &first[..]].concat()),
        ("two", [&[100], &first[..], b"between", &bare].concat()),
        ("bare", [&[255], &bare[..]].concat()),
        ("cut", [&[1], &first[..first.len() - 40], &second].concat()),
    ]
}

fn models() -> Vec<Named> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.onnx");
    let network = common::random_vgg(1, 8, &[2], &[3, 2]);
    let labels = common::metadata(&["cat", "dog"]);
    file::write_network(&path, &network, &labels).unwrap();
    let float = fs::read(&path).unwrap();
    file::write_backbone(&path, &network.feature_extractor().unwrap()).unwrap();
    let backbone = fs::read(&path).unwrap();
    let scales =
        vggcam::finetune::int8::quantize::calibrate(&network, &[common::random_picture(1, 8)], &|| ()).unwrap();
    let quantized = vggcam::finetune::int8::quantize::quantize(&network, &scales);
    assert!(quantized.layers.iter().any(|layer| matches!(layer, QuantizedLayer::MaxPool)));
    file::write_quantized(&path, &quantized, &labels).unwrap();
    let integer = fs::read(&path).unwrap();
    let pictures = [folder.path().join("a.png")];
    common::random_picture(3, 9).save(&pictures[0]).unwrap();
    vggcam::finetune::references::add(&path, &pictures).unwrap();
    let tested = fs::read(&path).unwrap();
    vec![
        ("float", float),
        ("backbone", backbone),
        ("integer", integer),
        ("tested", tested),
        ("nothing", b"\x08\x08\x3a\x00".to_vec()),
    ]
}

fn packed() -> Vec<Named> {
    let key = Key { model: KEY.into(), model_bytes: 1, version: "1".into(), isa: "scalar".into() };
    let known = serde_json::to_string(&key).unwrap();
    let header = serde_json::to_string(&header(key)).unwrap();
    assert!(header.contains(&known) && !metadata::to_properties(&common::metadata(&["x"])).is_empty());
    let header = header.replace(&known, KEY);
    vec![
        ("right", vec![0]),
        ("magic", vec![1, 0, 0, 2]),
        ("cut", vec![0, 40, 0, 0]),
        ("longer", vec![1, 9, 9, 1]),
        ("hash", vec![0, 17, 0, 0x80]),
        ("weights", vec![1, 0, 0x12, 7]),
        ("forged", [&[2], header.as_bytes()].concat()),
        ("forged-wide", [&[3], header.replace("\"outputs\":7", "\"outputs\":8").as_bytes()].concat()),
        ("forged-large", [&[2], header.replace("\"input_size\":8", "\"input_size\":12").as_bytes()].concat()),
        ("other", [&[3], header.replace(KEY, "{}").as_bytes()].concat()),
    ]
}

fn frames() -> Vec<Named> {
    let bytes: Vec<u8> = (0..400u32).map(|i| (i * 37 % 251) as u8).collect();
    let frame = |choices: [u8; 6]| [&choices[..], &bytes].concat();
    vec![
        ("grey", frame([0, 0, 9, 7, 0, 4])),
        ("yuyv", frame([1, 1, 7, 5, 2, 3])),
        ("uyvy", frame([2, 2, 8, 4, 0, 47])),
        ("nv12", frame([3, 7, 11, 9, 1, 5])),
        ("yu12", frame([4, 4, 5, 3, 3, 2])),
        ("rgb", frame([5, 0, 6, 6, 4, 0])),
        ("wide", frame([4, 0xF0, 5, 3, 0, 2])),
        ("stride", frame([3, 0xD0, 5, 3, 0, 2])),
        ("short", vec![1, 0, 7, 50, 0, 9, 1, 2, 3]),
    ]
}
