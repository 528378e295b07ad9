//! What a report shows beside accuracy: what a threshold lets through, where the network looked, what it learnt from, and how
//! the run was made. A part that was not measured is absent.

pub mod answer;
pub mod clock;
pub mod looks;
pub mod mistakes;
pub mod origin;
pub mod pictures;
pub mod threshold;

use std::path::Path;

use serde::Serialize;

use crate::model::{metadata::Metadata, network::Network};
use answer::Answer;
use clock::StepTime;
use looks::{Look, looks};
use mistakes::Mistake;
use origin::Origin;
use pictures::Pictures;
use threshold::Curve;

/// The findings of a run or of an evaluation.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// What a threshold on the confidence lets through; `None` for a model that judges by familiarity.
    pub threshold: Option<Curve>,
    /// The pictures it learnt from and was measured on.
    pub pictures: Vec<Pictures>,
    /// Where the network looked.
    pub looks: Vec<Look>,
    /// What each step of the run took, in order.
    pub steps: Vec<StepTime>,
    /// Command line, versions and machine.
    pub origin: Option<Origin>,
}

/// The answers of a model to pictures whose classes are known, and what gave them.
pub struct Measured<'a> {
    /// The network in its float form; `None` where it has none.
    pub network: Option<&'a Network>,
    pub metadata: &'a Metadata,
    /// The pictures.
    pub files: &'a [&'a Path],
    /// The model's answer to each.
    pub answers: &'a [Answer],
    /// Confidence of the answers to pictures of none of the classes.
    pub negatives: &'a [f32],
    /// The wrong answers that are shown.
    pub mistakes: &'a [Mistake],
}

impl Findings {
    /// What the answers tell. Reads the pictures that are shown, to see where the network looked.
    pub fn of_answers(measured: &Measured) -> Self {
        let Measured { network, metadata, files, answers, negatives, mistakes } = *measured;
        let by_confidence = metadata.familiarity.is_none();
        Findings {
            threshold: by_confidence.then(|| Curve::of(answers, negatives, metadata.unknown_threshold)).flatten(),
            looks: network.map_or(vec![], |network| looks(network, metadata.fit, files, answers, mistakes)),
            ..Findings::default()
        }
    }
}
