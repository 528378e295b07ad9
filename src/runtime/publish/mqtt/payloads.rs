//! What is said on the topics.

use serde_json::json;

use crate::{
    display::caption::State,
    runtime::publish::{
        record::Facts,
        report::{cause, milliseconds_since_1970, state_name},
    },
};

/// Said while a board or its label is there.
pub const ONLINE: &str = "online";
/// Said once it has gone.
pub const OFFLINE: &str = "offline";

/// What is seen. `label` and `confidence` are null while no answer counts.
pub fn state(facts: &Facts) -> String {
    let answer = facts.answer.as_ref();
    json!({
        "state": state_name(&facts.state),
        "cause": cause(&facts.state),
        "label": answer.map(|answer| &answer.label),
        "confidence": answer.map(|answer| round(answer.confidence.into(), 1e4)),
        "familiarity": answer.and_then(|answer| answer.familiarity).map(|familiarity| round(familiarity.into(), 1e4)),
        "changed_at_ms": facts.history.back().map(|turn| milliseconds_since_1970(turn.at)),
    })
    .to_string()
}

/// What is seen once the run has ended: nothing.
pub fn ended() -> String {
    json!({"state": "ended", "cause": null, "label": null, "confidence": null, "familiarity": null}).to_string()
}

/// How the board fares.
pub fn health(facts: &Facts) -> String {
    let health = &facts.health;
    let on = |now: bool| if now { "ON" } else { "OFF" };
    json!({
        "temperature_c": health.temperature_c.map(|degrees| round(degrees.into(), 10.0)),
        "under_voltage": health.under_voltage.map(|condition| on(condition.now)),
        "throttled": health.throttled.map(|condition| on(condition.now)),
        "camera": on(!matches!(facts.state, State::Starting | State::CameraLost { .. })),
        "frame_age_s": facts.last_frame.map(|at| round(at.elapsed().as_secs_f64(), 100.0)),
        "answers_per_second": facts.answer.as_ref().map(|answer| round(answer.fps.into(), 10.0)),
        "capture_to_label_ms": facts.answer.as_ref().map(|answer| round(answer.capture_to_label.as_secs_f64() * 1e3, 10.0)),
        "frames_lost": facts.counts.losses.damaged + facts.counts.losses.missed,
        "frames_skipped": facts.counts.skipped,
        "camera_losses": facts.counts.camera_losses,
        "warnings": facts.warnings,
        "model": facts.model.name,
        "model_id": facts.model.id,
        "version": env!("CARGO_PKG_VERSION"),
    })
    .to_string()
}

/// A number with as many places behind the point as `places` has zeros.
fn round(value: f64, places: f64) -> f64 {
    (value * places).round() / places
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use serde_json::Value;

    use crate::runtime::publish::record::tests::{answer, begun, lost};

    #[test]
    fn a_label_is_said_while_it_counts() {
        let record = begun();
        answer(&record, Some(0));
        let said = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let live = said(state(&record.facts()));
        assert_eq!(
            (&live["label"], &live["confidence"], &live["state"]),
            (&"cat".into(), &0.75.into(), &"live".into())
        );
        lost(&record, Duration::ZERO);
        let after = said(state(&record.facts()));
        assert!(after["label"].is_null() && after["confidence"].is_null());
        assert_eq!((&after["state"], &after["cause"]), (&"camera lost".into(), &"unplugged".into()));
        let health = said(health(&record.facts()));
        assert_eq!((&health["camera"], &health["frames_lost"]), (&"OFF".into(), &5.into()));
        assert!(health["temperature_c"].is_null() && health["model_id"] == "5e01");
    }
}
