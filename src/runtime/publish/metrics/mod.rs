//! What is known of the run for Prometheus, in its text format (version 0.0.4).

mod text;

use std::{net::SocketAddr, sync::Arc, time::UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{
    http::{Limits, ListenError, Response, Server},
    record::{BOUNDS_S, Facts, Histogram, Record},
    report::state_name,
};
use crate::{display::caption::State, runtime::health::Condition};
use text::{Kind, Text};

/// The table `[metrics]` of the settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where `/metrics` is answered, to everybody who can reach it; without it, nowhere.
    pub listen: Option<SocketAddr>,
}

/// Answers `/metrics` where the settings say, if they do.
pub fn start(settings: &Settings, record: &Arc<Record>) -> Result<Option<Server>, ListenError> {
    let Some(listen) = settings.listen else { return Ok(None) };
    let (record, alone) = (Arc::clone(record), listen.ip().is_loopback());
    let server = Server::start(listen, "metrics", Limits::default(), move |request| match request.path.as_str() {
        // A page on the internet can let its own name lead to this address; the browser still says that name.
        _ if alone && !request.names_loopback() => Response::text(421, "these metrics are for localhost only"),
        "/metrics" => response(&record),
        _ => Response::text(404, "there is /metrics here and nothing else"),
    })?;
    Ok(Some(server))
}

/// The answer to `/metrics`.
pub fn response(record: &Record) -> Response {
    Response::new("text/plain; version=0.0.4; charset=utf-8", metrics(&record.facts()).into_bytes())
}

/// Everything that is known, a line for each figure. What is not known has no line.
fn metrics(facts: &Facts) -> String {
    let mut text = Text::default();
    about(&mut text, facts);
    answers(&mut text, facts);
    frames(&mut text, facts);
    board(&mut text, facts);
    if let Some(link) = facts.link {
        text.figure("mqtt_connected", Kind::Gauge, "1 while the broker is connected.", link.connected.into());
        let help = "Messages that newer ones replaced before they could be sent.";
        text.figure("mqtt_messages_dropped_total", Kind::Counter, help, link.dropped as f64);
    }
    text.finish()
}

fn about(text: &mut Text, facts: &Facts) {
    text.head("info", Kind::Gauge, "What runs: version, model, hash of the model's file, camera.");
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("model", &facts.model.name),
        ("model_id", &facts.model.id),
        ("camera", &facts.camera),
    ];
    text.line("info", &labels, 1.0);
    let started = facts.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    text.figure("start_time_seconds", Kind::Gauge, "When the program started, in seconds since 1970.", started);
    text.head("state", Kind::Gauge, "1 for how the run stands, 0 for how it does not.");
    let (cause, since) = (String::new(), std::time::Duration::ZERO);
    let states = [
        State::Starting,
        State::Live,
        State::Stale { since },
        State::CameraLost { cause: cause.clone(), since },
        State::ModelFailed { cause },
    ];
    for name in states.iter().map(state_name) {
        text.line("state", &[("state", name)], f64::from(state_name(&facts.state) == name));
    }
}

fn answers(text: &mut Text, facts: &Facts) {
    let counts = &facts.counts;
    text.head("results_total", Kind::Counter, "Pictures that were classified, by the label that was shown.");
    for (label, &count) in facts.model.possible_labels().zip(&counts.results) {
        text.line("results_total", &[("label", label)], count as f64);
    }
    text.head("label", Kind::Gauge, "1 for the label that counts now; 0 for all while there is none.");
    for label in facts.model.possible_labels() {
        text.line("label", &[("label", label)], f64::from(facts.label() == Some(label)));
    }
    if let Some(answer) = &facts.answer {
        text.figure("confidence_ratio", Kind::Gauge, "Confidence in the label, 0 to 1.", answer.confidence.into());
        if let Some(familiarity) = answer.familiarity {
            text.figure("familiarity", Kind::Gauge, "How familiar the picture is to the model.", familiarity.into());
        }
    }
    histogram(text, "inference_duration_seconds", "Time that the network took.", &counts.inference);
    let help = "Time from the capture of a picture to its label.";
    histogram(text, "capture_to_label_duration_seconds", help, &counts.capture_to_label);
}

fn frames(text: &mut Text, facts: &Facts) {
    let counts = &facts.counts;
    if let Some(at) = facts.last_frame {
        let age = at.elapsed().as_secs_f64();
        text.figure("frame_age_seconds", Kind::Gauge, "Time since the newest frame came.", age);
    }
    for (name, help, count) in [
        ("frames_skipped_total", "Frames passed over because newer ones came first.", counts.skipped),
        ("frames_damaged_total", "Frames that came damaged.", counts.losses.damaged),
        ("frames_missed_total", "Frames that the camera counted but that never came.", counts.losses.missed),
        ("camera_losses_total", "How often the camera was lost.", counts.camera_losses),
    ] {
        text.figure(name, Kind::Counter, help, count as f64);
    }
}

fn board(text: &mut Text, facts: &Facts) {
    let health = &facts.health;
    if let Some(degrees) = health.temperature_c {
        text.figure("temperature_celsius", Kind::Gauge, "The hottest part of the chip.", degrees.into());
    }
    let mut condition = |name: &str, before: &str, help: &str, condition: Option<Condition>| {
        let Some(Condition { now, since_boot }) = condition else { return };
        text.figure(name, Kind::Gauge, &format!("1 while {help}."), now.into());
        text.figure(before, Kind::Gauge, &format!("1 if since the board's start {help}."), since_boot.into());
    };
    let help = "the supply's voltage is too low";
    condition("under_voltage", "under_voltage_since_boot", help, health.under_voltage);
    condition("throttled", "throttled_since_boot", "the processor is slowed down", health.throttled);
    if let Some(frequency) = health.frequency {
        let hertz = |mhz: u32| f64::from(mhz) * 1e6;
        let help = "Clock of the fastest processor core.";
        text.figure("cpu_frequency_hertz", Kind::Gauge, help, hertz(frequency.current_mhz));
        text.figure("cpu_frequency_max_hertz", Kind::Gauge, "How fast that goes.", hertz(frequency.max_mhz));
    }
}

fn histogram(text: &mut Text, name: &str, help: &str, histogram: &Histogram) {
    text.head(name, Kind::Histogram, help);
    let mut so_far = 0;
    for (index, count) in histogram.classes.iter().enumerate() {
        so_far += count;
        let bound = BOUNDS_S.get(index).map_or("+Inf".to_owned(), f64::to_string);
        text.line(&format!("{name}_bucket"), &[("le", &bound)], so_far as f64);
    }
    text.line(&format!("{name}_sum"), &[], histogram.sum_s);
    text.line(&format!("{name}_count"), &[], so_far as f64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::runtime::{
        health::{self, Frequency, Health},
        publish::record::tests::{answer, begun, lost},
    };

    fn line<'a>(text: &'a str, name: &str) -> Option<&'a str> {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    }

    #[test]
    fn figures_are_told_while_they_are_known() {
        let record = begun();
        let text = metrics(&record.facts());
        assert_eq!(line(&text, "vggcam_confidence_ratio"), None);
        assert_eq!(line(&text, "vggcam_temperature_celsius"), None);
        assert_eq!(line(&text, "vggcam_results_total{label=\"unknown\"}"), Some("0"));
        answer(&record, Some(1));
        let on = Some(Condition { now: true, since_boot: true });
        let frequency = Some(Frequency { current_mhz: 600, max_mhz: 1800 });
        let health = Health { temperature_c: Some(61.5), under_voltage: on, throttled: None, frequency };
        record.set_health(health, &health::Settings::default());
        let text = metrics(&record.facts());
        for (name, value) in [
            ("results_total{label=\"dog \\\"x\\\"\"}", "1"),
            ("label{label=\"cat\"}", "0"),
            ("label{label=\"dog \\\"x\\\"\"}", "1"),
            ("confidence_ratio", "0.75"),
            ("state{state=\"live\"}", "1"),
            ("temperature_celsius", "61.5"),
            ("under_voltage", "1"),
            ("cpu_frequency_hertz", "600000000"),
            ("frames_missed_total", "3"),
            ("inference_duration_seconds_bucket{le=\"0.01\"}", "0"),
            ("inference_duration_seconds_bucket{le=\"0.02\"}", "1"),
            ("inference_duration_seconds_bucket{le=\"+Inf\"}", "1"),
            ("inference_duration_seconds_sum", "0.012"),
            ("inference_duration_seconds_count", "1"),
        ] {
            assert_eq!(line(&text, &format!("vggcam_{name}")), Some(value), "{name} in\n{text}");
        }
        assert_eq!(line(&text, "vggcam_throttled"), None);
    }

    #[test]
    fn an_old_label_is_not_told() {
        let record = begun();
        answer(&record, Some(0));
        lost(&record, Duration::from_secs(5));
        let text = metrics(&record.facts());
        assert_eq!(line(&text, "vggcam_label{label=\"cat\"}"), Some("0"));
        assert_eq!(line(&text, "vggcam_confidence_ratio"), None);
        assert_eq!(line(&text, "vggcam_state{state=\"camera lost\"}"), Some("1"));
        assert_eq!(line(&text, "vggcam_camera_losses_total"), Some("1"));
    }

    #[test]
    fn every_figure_has_its_help_and_its_kind_once() {
        let record = begun();
        answer(&record, Some(0));
        let text = metrics(&record.facts());
        let heads = |word: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(word));
            lines.map(|line| line.split(' ').next().unwrap_or_default().into()).collect()
        };
        let (helps, types) = (heads("# HELP "), heads("# TYPE "));
        assert_eq!(helps, types);
        let mut once = helps.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), helps.len());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(helps.iter().any(|name| line.starts_with(name.as_str())), "{line}");
        }
    }
}
