//! Which engine runs a model: the user's wish, or what was found to be the fastest on this machine and is kept in a file
//! beside the model.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::isa;
use crate::model::{beside::beside, error::ModelError, fingerprint, replace::write_atomically};

/// Which engine runs a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// Ours, on integers or on floats, where it takes the network, else tract.
    #[default]
    Auto,
    /// The integer engine, or an error.
    Integer,
    /// The float engine, also for an int8 network, whose activations are not rounded then; or an error.
    Float,
    /// The same on float16, where the processor computes with it; or an error.
    Half,
    /// Tract, as the file says it.
    Tract,
}

impl EngineChoice {
    /// All of them.
    pub const ALL: [EngineChoice; 5] =
        [EngineChoice::Auto, EngineChoice::Integer, EngineChoice::Float, EngineChoice::Half, EngineChoice::Tract];
}

/// The file's content, JSON.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Name of the engine.
    engine: String,
    /// xxh3-128 of the model file, in hexadecimal.
    model: String,
    /// What the processor has, and how many cores.
    processor: String,
    /// Version of the program that measured.
    version: String,
}

/// Where the choice for `model` is kept.
pub fn path_for(model: &Path) -> PathBuf {
    beside(model, ".fastest")
}

/// Keeps `engine` as the fastest one for `model` on this machine; gives the file that was written.
pub fn keep(model: &Path, engine: EngineChoice) -> Result<PathBuf, ModelError> {
    let path = path_for(model);
    let kept = kept(model, engine).map_err(|source| ModelError::Io { action: "read", path: model.into(), source })?;
    // Four strings always have a JSON form.
    let text = serde_json::to_vec_pretty(&kept).unwrap_or_default();
    write_atomically(&path, &text)?;
    Ok(path)
}

/// The engine that is kept for this very model, machine and version of this program.
pub fn kept_for(model: &Path) -> Option<EngineChoice> {
    let path = path_for(model);
    let text = fs::read_to_string(&path).ok()?;
    let found: Result<Kept, _> = serde_json::from_str(&text);
    let Ok(found) = found else {
        log::warn!("{} is damaged; `vggcam bench --all` makes it again", path.display());
        return None;
    };
    let engine = found.engine.parse().ok()?;
    if kept(model, engine).is_ok_and(|expected| expected == found) {
        return Some(engine);
    }
    log::warn!("{} belongs to another model, machine or version; `vggcam bench --all` makes it again", path.display());
    None
}

fn kept(model: &Path, engine: EngineChoice) -> io::Result<Kept> {
    let present = isa::features().into_iter().filter(|feature| feature.present).map(|feature| feature.name);
    let processor = format!("{} on {} cores", present.collect::<Vec<_>>().join(" "), isa::cores());
    let version = env!("CARGO_PKG_VERSION").into();
    Ok(Kept { engine: engine.to_string(), model: fingerprint::id_of_file(model)?, processor, version })
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EngineChoice::Auto => "auto",
            EngineChoice::Integer => "integer",
            EngineChoice::Float => "float",
            EngineChoice::Half => "half",
            EngineChoice::Tract => "tract",
        })
    }
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        EngineChoice::ALL
            .into_iter()
            .find(|choice| choice.to_string() == name)
            .ok_or_else(|| format!("{name:?} is none of auto, integer, float, half, tract"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_kept_for_this_model_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model.onnx");
        fs::write(&model, "one").unwrap();
        assert_eq!(kept_for(&model), None);
        let path = keep(&model, EngineChoice::Float).unwrap();
        assert_eq!(path, folder.path().join("model.onnx.fastest"));
        assert_eq!(kept_for(&model), Some(EngineChoice::Float));
        fs::write(&model, "two").unwrap();
        assert_eq!(kept_for(&model), None);
        fs::write(&path, "{").unwrap();
        assert_eq!(kept_for(&model), None);
    }
}
