//! What can go wrong with a model.

use tract_onnx::prelude::TractError;

use crate::model::error::ModelError;

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file is not a model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model lacks what a classifier needs, or its parts contradict each other.
    #[error("cannot classify with {model}: {reason}")]
    Unfit { model: String, reason: String },
    /// The graph cannot be computed.
    #[error("cannot load {model}: {reason}")]
    Load { model: String, reason: String },
    /// The graph failed on a picture.
    #[error("cannot run {model}: {reason}")]
    Run { model: String, reason: String },
}

impl EngineError {
    pub(super) fn load(model: &str, error: TractError) -> Self {
        EngineError::Load { model: model.into(), reason: one_line(&error) }
    }

    pub(super) fn run(model: &str, error: TractError) -> Self {
        EngineError::Run { model: model.into(), reason: one_line(&error) }
    }
}

/// Outermost and innermost cause, on one line.
fn one_line(error: &TractError) -> String {
    let outer = error.to_string();
    let inner = error.root_cause().to_string();
    let text = if outer == inner { outer } else { format!("{outer}: {inner}") };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
