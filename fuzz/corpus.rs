//! Every file of a corpus goes through its target, so that what was mended once stays mended.

use std::{fs, path::Path};

use crate::targets::TARGETS;

#[test]
fn every_input_is_taken() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() > 2, "{name} has inputs");
        for file in files {
            let input = fs::read(&file).unwrap();
            // Shown where the target panics.
            println!("{}", file.display());
            target(&input);
        }
        target(&[]);
    }
}
