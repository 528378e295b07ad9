//! Model files: what is read can be written and read again alike, and runs.

use image::RgbImage;
use vggcam::{
    engine::open::{Settings, of_file},
    model::{
        file::{self, Contents, ModelFile},
        metadata::{Fit, Metadata},
        recognise::Recognised,
    },
};

/// Pictures and files beyond this are not run here, as that takes long.
const MAX_SIDE: usize = 64;
const MAX_BYTES: usize = 64 << 10;

/// A model file.
pub fn run(data: &[u8]) {
    let read = match file::parse(data, "model") {
        Ok(read) => read,
        Err(error) => return super::assert_told(error),
    };
    if let Err(error) = read.references.decode() {
        super::assert_told(error);
    }
    // What is no VGG network is tract's, whose reading is not ours to mend.
    let Contents::Network(network) = &read.contents else {
        return assert!(read.foreign_reason().is_some_and(|reason| !reason.is_empty()));
    };
    again(network, read.metadata.as_ref());
    let side = match network {
        Recognised::Float(network) => network.input_size,
        Recognised::Quantized(network) => network.input_size,
    };
    if side <= MAX_SIDE && data.len() <= MAX_BYTES {
        answer(read, side);
    }
}

/// Writes the network and reads it back.
fn again(network: &Recognised, metadata: Option<&Metadata>) {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let path = folder.path().join("model.onnx");
    let bare = Metadata {
        name: String::new(),
        labels: vec![],
        fit: Fit::Squash,
        unknown_threshold: 0.0,
        backbone: String::new(),
        validation: None,
        familiarity: None,
    };
    let metadata = metadata.unwrap_or(&bare);
    let written = match network {
        Recognised::Float(network) => file::write_network(&path, network, metadata),
        Recognised::Quantized(network) => file::write_quantized(&path, network, metadata),
    };
    if let Err(error) = written {
        return super::assert_told(error);
    }
    let found = file::open(&path).expect("what was written can be read");
    let again = found.network().expect("it stays a network");
    // As text, where a number that is none equals itself.
    assert_eq!(format!("{again:?}"), format!("{network:?}"));
    assert_eq!(format!("{:?}", found.metadata.as_ref()), format!("{:?}", Some(metadata)));
}

/// Runs it on a picture.
fn answer(read: ModelFile, side: usize) {
    let opened = match of_file(read, Settings::plain(1)) {
        Ok(opened) => opened,
        Err(error) => return super::assert_told(error),
    };
    let picture = RgbImage::from_fn(side as u32, side as u32, |x, y| image::Rgb([x as u8 * 3, y as u8 * 5, 90]));
    match opened.plan.run(&picture) {
        Ok(outputs) => assert!(!outputs.is_empty()),
        Err(error) => super::assert_told(error),
    }
}
