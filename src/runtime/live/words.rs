//! What a display says about a scene, in words and figures.

use std::path::Path;

use super::scene::Scene;
use crate::display::caption::{Caption, Certainty};

/// Digits of a hash that tell two models apart, and fit on a screen.
const ID_DIGITS: usize = 8;

/// What is said about every picture of a run.
pub struct Words {
    /// The model's name.
    pub model: String,
    /// Hash of its file, in hexadecimal digits.
    pub model_id: String,
    /// Names of its classes.
    pub labels: Vec<String>,
    /// What the user may do; may be empty.
    pub hint: String,
    /// Whether unsure frames are kept.
    pub keeping: bool,
}

/// Pictures of a live camera that got no answer.
pub struct Counts {
    /// Newer ones came before the model was ready for them.
    pub skipped: u64,
    /// They came damaged or not at all.
    pub dropped: u64,
}

/// The caption of a scene. `camera` is what it says it is, or what is being opened; there are no `words` before the model is
/// there, and no `counts` where every picture gets its answer.
pub fn caption(scene: &Scene, camera: &str, words: Option<&Words>, counts: Option<Counts>) -> Caption {
    let name = scene.shot.as_ref().map_or("", |shot| &shot.frame().name);
    let file = Path::new(name).file_name().map(|file| file.to_string_lossy().into_owned());
    let blank = Caption {
        state: scene.standing.state(),
        frozen: scene.frozen,
        keeping: words.is_some_and(|words| words.keeping),
        model: words.map_or(String::new(), |words| words.model.clone()),
        model_id: words.map_or(String::new(), |words| words.model_id.chars().take(ID_DIGITS).collect()),
        note: file.unwrap_or_else(|| camera.into()),
        hint: words.map_or(String::new(), |words| words.hint.clone()),
        skipped: counts.as_ref().map(|counts| counts.skipped),
        dropped: counts.as_ref().map(|counts| counts.dropped),
        ..Caption::default()
    };
    let (Some(outcome), Some(words)) = (&scene.outcome, words) else { return blank };
    let decision = &outcome.decision;
    Caption {
        label: decision.name(&words.labels).into(),
        confidence: decision.confidence,
        certainty: Certainty::of(decision.confidence, decision.label.is_some()),
        fps: Some(outcome.fps),
        latency: Some(outcome.latency),
        classes: words.labels.iter().cloned().zip(decision.probabilities.iter().copied()).collect(),
        ..blank
    }
}
