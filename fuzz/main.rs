//! What strangers can send is thrown at the code that reads it: `README.md` says how.
//!
//! `cargo test --example fuzz` gives every file of `corpus/` to its target. `fuzz/run` builds the same program with
//! libFuzzer, which makes inputs of its own. It is an example because Cargo builds both programs for an integration test.
#![cfg_attr(not(any(test, fuzzing)), allow(dead_code))]

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
#[cfg(test)]
mod corpus;
#[cfg(test)]
#[allow(dead_code)]
#[path = "../tests/imports/files.rs"]
mod files;
#[cfg(fuzzing)]
mod libfuzzer;
#[cfg(test)]
mod seeds;
mod targets;
#[cfg(test)]
#[allow(dead_code)]
#[path = "../tests/imports/vgg.rs"]
mod vgg;

fn main() {
    #[cfg(fuzzing)]
    libfuzzer::run();
    #[cfg(not(fuzzing))]
    println!("fuzz/README.md says how targets are run");
}
