//! Files of weights: what is imported is a network that can be read again.

use std::fs;

use vggcam::{
    finetune::import::{self, Options, head::Head, layout::Layout, preparation::Preparation},
    model::file,
};

const LAYOUTS: [Layout; 5] =
    [Layout::Auto, Layout::Keras2015, Layout::Keras3, Layout::KerasThTfKernels, Layout::Torchvision];

/// Choices: layout, head and size; then the file.
pub fn run(data: &[u8]) {
    let ([layout, choice], bytes) = super::choices(data);
    let folder = tempfile::tempdir().expect("there is room for a file");
    let (weights, out) = (folder.path().join("weights"), folder.path().join("backbone.onnx"));
    fs::write(&weights, bytes).expect("there is room for a file");
    let options = Options {
        weights,
        out: out.clone(),
        layout: LAYOUTS[usize::from(layout) % LAYOUTS.len()],
        preparation: [None, Some(Preparation::Torch)][usize::from(choice & 1)],
        head: [None, Some(Head::Pool)][usize::from(choice >> 1 & 1)],
        // What a file says of itself may ask for much; here it is what there is time for.
        input_size: Some(32),
    };
    match import::import(&options) {
        Ok(imported) => {
            let (network, _) = file::read_network(&out).expect("what was written can be read");
            assert!(network.weighted_layers().all(|layer| layer.weights.iter().all(|weight| weight.is_finite())));
            assert_eq!(network.input_size, imported.input_size);
            assert!(!import::closing_words(&imported, &options).is_empty());
        }
        Err(error) => {
            super::assert_told(error);
            assert!(!out.exists(), "nothing is written of what is refused");
        }
    }
}
