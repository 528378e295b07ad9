//! What is known of the run as a JSON object, which the web page shows.

use std::time::SystemTime;

use serde::Serialize;

use super::{
    record::{Facts, Turn},
    report::{cause, milliseconds_since_1970, state_name},
};
use crate::runtime::health::Health;

/// The object.
#[derive(Debug, Serialize)]
pub struct Status<'a> {
    version: &'static str,
    at_ms: u64,
    uptime_s: u64,
    state: &'static str,
    cause: Option<&'a str>,
    since_s: u64,
    camera: &'a str,
    frame_age_s: Option<f64>,
    answer: Option<AnswerStatus<'a>>,
    results: u64,
    skipped: u64,
    damaged: u64,
    missed: u64,
    camera_losses: u64,
    model: ModelStatus<'a>,
    health: Health,
    warnings: &'a [String],
    mqtt: Option<LinkStatus>,
    history: Vec<TurnStatus<'a>>,
}

#[derive(Debug, Serialize)]
struct AnswerStatus<'a> {
    label: &'a str,
    unknown: bool,
    confidence: f32,
    classes: Vec<(&'a str, f32)>,
    familiarity: Option<f32>,
    latency_ms: f64,
    capture_to_label_ms: f64,
    fps: f32,
    at_ms: u64,
}

#[derive(Debug, Serialize)]
struct ModelStatus<'a> {
    name: &'a str,
    id: &'a str,
    labels: &'a [String],
}

#[derive(Debug, Serialize)]
struct LinkStatus {
    connected: bool,
    dropped: u64,
}

#[derive(Debug, Serialize)]
struct TurnStatus<'a> {
    label: Option<&'a str>,
    confidence: Option<f32>,
    state: &'static str,
    at_ms: u64,
}

impl<'a> From<&'a Facts> for Status<'a> {
    fn from(facts: &'a Facts) -> Self {
        let Facts { counts, model, .. } = facts;
        let names = model.labels.iter().map(String::as_str);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            at_ms: milliseconds_since_1970(SystemTime::now()),
            uptime_s: facts.started.elapsed().unwrap_or_default().as_secs(),
            state: state_name(&facts.state),
            cause: cause(&facts.state),
            since_s: facts.since.elapsed().as_secs(),
            camera: &facts.camera,
            frame_age_s: facts.last_frame.map(|at| at.elapsed().as_secs_f64()),
            answer: facts.answer.as_ref().map(|answer| AnswerStatus {
                label: &answer.label,
                unknown: answer.unknown,
                confidence: answer.confidence,
                classes: names.zip(answer.probabilities.iter().copied()).collect(),
                familiarity: answer.familiarity,
                latency_ms: answer.latency.as_secs_f64() * 1e3,
                capture_to_label_ms: answer.capture_to_label.as_secs_f64() * 1e3,
                fps: answer.fps,
                at_ms: milliseconds_since_1970(answer.at),
            }),
            results: counts.results.iter().sum(),
            skipped: counts.skipped,
            damaged: counts.losses.damaged,
            missed: counts.losses.missed,
            camera_losses: counts.camera_losses,
            model: ModelStatus { name: &model.name, id: &model.id, labels: &model.labels },
            health: facts.health,
            warnings: &facts.warnings,
            mqtt: facts.link.map(|link| LinkStatus { connected: link.connected, dropped: link.dropped }),
            history: facts.history.iter().rev().map(TurnStatus::from).collect(),
        }
    }
}

impl<'a> From<&'a Turn> for TurnStatus<'a> {
    fn from(turn: &'a Turn) -> Self {
        Self {
            label: turn.label.as_deref(),
            confidence: turn.confidence,
            state: state_name(&turn.state),
            at_ms: milliseconds_since_1970(turn.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::runtime::publish::record::tests::{answer, begun, lost};

    #[test]
    fn an_answer_is_told_only_while_it_counts() {
        let record = begun();
        answer(&record, Some(1));
        let told = |record: &crate::runtime::publish::record::Record| {
            serde_json::to_value(Status::from(&record.facts())).unwrap()
        };
        let live = told(&record);
        assert_eq!((&live["answer"]["label"], &live["state"]), (&"dog \"x\"".into(), &"live".into()));
        assert_eq!(live["answer"]["classes"], serde_json::json!([["cat", 0.25], ["dog \"x\"", 0.75]]));
        assert_eq!((&live["results"], &live["damaged"]), (&1.into(), &2.into()));
        lost(&record, Duration::from_secs(7));
        let after = told(&record);
        assert!(after["answer"].is_null() && after["since_s"].as_u64() >= Some(7));
        assert_eq!((&after["state"], &after["cause"]), (&"camera lost".into(), &"unplugged".into()));
        assert_eq!((&after["history"][0]["label"], &after["history"][1]["label"]), (&().into(), &"dog \"x\"".into()));
    }
}
