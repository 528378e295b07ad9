//! What a report shows beside accuracy: how far confidence can be believed, where the network looked, what it learnt from,
//! and how the run was made. A part that was not measured is absent.

pub mod agreement;
pub mod answer;
pub mod clock;
pub mod looks;
pub mod origin;
pub mod pictures;
pub mod reliability;
pub mod threshold;

use std::path::Path;

use serde::Serialize;

use super::{calibration, summary::Mistake};
use crate::model::{metadata::Metadata, network::Network};
use agreement::Agreement;
use answer::Answer;
use clock::StepTime;
use looks::{Look, looks};
use origin::Origin;
use pictures::Pictures;
use reliability::Reliability;
use threshold::Curve;

/// The findings of a run or of an evaluation.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// Confidence against accuracy, of the model as it answers.
    pub reliability: Option<Reliability>,
    /// The same before its confidence was calibrated.
    pub uncalibrated: Option<Reliability>,
    /// What a threshold on the confidence lets through.
    pub threshold: Option<Curve>,
    /// How the int8 model's answers compare with the float model's.
    pub agreement: Option<Agreement>,
    /// How much of each int8 layer's output is noise, in the network's order.
    pub noise: Vec<LayerNoise>,
    /// The pictures it learnt from and was measured on.
    pub pictures: Vec<Pictures>,
    /// Where the network looked.
    pub looks: Vec<Look>,
    /// What each step of the run took, in order.
    pub steps: Vec<StepTime>,
    /// Command line, versions and machine.
    pub origin: Option<Origin>,
}

/// What rounding to int8 adds to a layer's output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerNoise {
    /// Name of the layer, such as `block1_conv1`.
    pub layer: String,
    /// Power of the float output over the power of the difference, in decibels; more is better.
    pub signal_to_noise_db: f64,
}

impl LayerNoise {
    /// What was measured while the int8 form was made.
    pub fn of(measured: &calibration::LayerNoise) -> Self {
        Self { layer: measured.name.clone(), signal_to_noise_db: measured.signal_to_noise_db }
    }
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
    /// The float model's, where `answers` are the int8 model's.
    pub float: Option<&'a [Answer]>,
    /// Confidence of the answers to pictures of none of the classes.
    pub negatives: &'a [f32],
    /// The wrong answers that are shown.
    pub mistakes: &'a [Mistake],
}

impl Findings {
    /// What the answers tell. Reads the pictures that are shown, to see where the network looked.
    pub fn of_answers(measured: &Measured) -> Self {
        let Measured { network, metadata, files, answers, float, negatives, mistakes } = *measured;
        Findings {
            reliability: Reliability::of(answers),
            threshold: Curve::of(answers, negatives, metadata.unknown_threshold),
            agreement: float.and_then(|float| Agreement::of(float, answers)),
            looks: network.map_or(vec![], |network| looks(network, metadata.fit, files, answers, mistakes)),
            ..Findings::default()
        }
    }
}
