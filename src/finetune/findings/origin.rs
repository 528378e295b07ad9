//! How a run was made, so that it can be made again.

use std::{env, path::Path};

use serde::Serialize;

use crate::{
    engine::isa::Isa,
    finetune::{
        backbone::BUNDLED_BACKBONE,
        cache::{hash_of_file, hash_of_path, hex},
    },
};

/// Command line, versions and machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Origin {
    /// The command as a POSIX shell takes it.
    pub command: String,
    /// Version of this program.
    pub version: String,
    /// SHA-256 of the network's file that was started from, as `sha256sum` prints it; `None` where it cannot be read.
    pub sha256: Option<String>,
    /// Threads that worked on pictures.
    pub threads: usize,
    /// The processor, by its own name where the system says it.
    pub processor: String,
    /// The instruction set that the kernels use.
    pub instructions: String,
    /// Operating system and architecture.
    pub system: String,
}

impl Origin {
    /// Of this process; `file` is the network that it started from, the bundled backbone if `None`.
    pub fn of_this_run(file: Option<&Path>) -> Self {
        let sha256 = match file {
            None => Some(hash_of_file(BUNDLED_BACKBONE)),
            Some(file) => hash_of_path(file).ok(),
        };
        Origin {
            command: command(env::args_os().map(|argument| argument.to_string_lossy().into_owned())),
            version: env!("CARGO_PKG_VERSION").into(),
            sha256: sha256.as_ref().map(hex),
            threads: rayon::current_num_threads(),
            processor: processor(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            instructions: Isa::chosen().unwrap_or_else(|_| Isa::strongest()).name().into(),
            system: format!("{}, {}", env::consts::OS, env::consts::ARCH),
        }
    }
}

/// The arguments as words of a shell; the program by its name alone, as it lies elsewhere on another machine.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let word = |(index, argument): (usize, String)| match index {
        0 => word(Path::new(&argument).file_name().map_or(argument.clone(), |name| name.to_string_lossy().into())),
        _ => word(argument),
    };
    arguments.enumerate().map(word).collect::<Vec<_>>().join(" ")
}

/// One word of a POSIX shell.
fn word(text: String) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The processor's name in the text of `/proc/cpuinfo`; x86 and ARM say it under other keys.
fn processor(cpuinfo: &str) -> String {
    let value = |key: &str| {
        let line = cpuinfo.lines().find(|line| line.split(':').next().is_some_and(|name| name.trim() == key))?;
        line.split_once(':').map(|(_, value)| value.trim().to_string())
    };
    value("model name").or_else(|| value("Model")).filter(|name| !name.is_empty()).unwrap_or("unnamed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_one_that_a_shell_takes() {
        let arguments = ["/opt/bin/finetune", "train", "my cats", "--name", "it's $HOME", ""].map(String::from);
        assert_eq!(command(arguments.into_iter()), r"finetune train 'my cats' --name 'it'\''s $HOME' ''");
    }

    #[test]
    fn processors_say_their_name_under_two_keys() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: A B\nflags : x"), "A B");
        assert_eq!(processor("processor : 0\nCPU part : 0xd0b\nModel\t\t: Raspberry Pi 5"), "Raspberry Pi 5");
        assert_eq!(processor(""), "unnamed");
    }

    #[test]
    fn the_hash_is_that_of_the_file() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/vgg16-slim.onnx");
        let of_file = Origin::of_this_run(Some(&file));
        assert!(of_file.sha256.as_ref().is_some_and(|hash| hash.len() == 64));
        assert_eq!(of_file, Origin::of_this_run(None));
        assert_eq!(Origin::of_this_run(Some(Path::new("/nowhere"))).sha256, None);
    }
}
