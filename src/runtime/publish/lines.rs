//! Results as lines, for people or for programs.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::report::{Change, Origin, Report, milliseconds_since_1970};
use crate::display::caption::percent;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line to be read by people.
    Text,
    /// A JSON object a line.
    Json,
}

impl Format {
    /// The line for one result.
    pub fn result(self, report: &Report) -> serde_json::Result<String> {
        let mut line = match self {
            Format::Text => text(report),
            Format::Json => serde_json::to_string(&JsonLine::from(report))?,
        };
        line.push('\n');
        Ok(line)
    }

    /// The line for a change, which is for programs; people read it in the log.
    pub fn change(self, change: &Change) -> serde_json::Result<Option<String>> {
        match self {
            Format::Text => Ok(None),
            Format::Json => Ok(Some(serde_json::to_string(&JsonChange::from(change))? + "\n")),
        }
    }
}

fn text(report: &Report) -> String {
    let (Origin::File(origin) | Origin::Camera(origin)) = report.origin;
    let Report { decision, latency, fps, .. } = report;
    // A file name may hold anything, also what would move the cursor.
    let origin: String = origin.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let (label, confidence) = (decision.name(report.labels), percent(decision.confidence));
    format!("{origin}: {label} {confidence} ({:.1} ms, {fps:.1} fps)", milliseconds(*latency))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[derive(Serialize)]
struct JsonLine<'a> {
    #[serde(flatten)]
    origin: &'a Origin,
    sequence: u64,
    label: &'a str,
    confidence: f32,
    #[serde(serialize_with = "as_object")]
    probabilities: Vec<(&'a str, f32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    familiarity: Option<f32>,
    latency_ms: f64,
    capture_to_label_ms: f64,
    fps: f32,
    damaged: u64,
    missed: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_c: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    at_ms: u64,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    camera: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    at_ms: u64,
}

impl<'a> From<&Change<'a>> for JsonChange<'a> {
    fn from(change: &Change<'a>) -> Self {
        Self { camera: change.camera, state: change.state_name(), cause: change.cause(), at_ms: at_ms() }
    }
}

fn at_ms() -> u64 {
    milliseconds_since_1970(SystemTime::now())
}

impl<'a> From<&Report<'a>> for JsonLine<'a> {
    fn from(report: &Report<'a>) -> Self {
        let names = report.labels.iter().map(String::as_str);
        Self {
            origin: report.origin,
            sequence: report.sequence,
            label: report.decision.name(report.labels),
            confidence: report.decision.confidence,
            probabilities: names.zip(report.decision.probabilities.iter().copied()).collect(),
            familiarity: report.decision.familiarity,
            latency_ms: milliseconds(report.latency),
            capture_to_label_ms: milliseconds(report.capture_to_label),
            fps: report.fps,
            damaged: report.losses.damaged,
            missed: report.losses.missed,
            model: report.model,
            temperature_c: report.temperature_c,
            warnings: report.warnings,
            at_ms: at_ms(),
        }
    }
}

/// Pairs as one object, in their order.
fn as_object<S: Serializer>(pairs: &[(&str, f32)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(pairs.len()))?;
    for (name, probability) in pairs {
        object.serialize_entry(name, probability)?;
    }
    object.end()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{camera::Losses, display::caption::State, runtime::decide::Decision};

    /// Lets the same answer, to a picture from `origin`, be used as a report.
    pub(crate) fn with_report<T>(origin: Origin, used: impl FnOnce(&Report) -> T) -> T {
        // A model on a camera judges familiarity here, and one on files does not.
        let familiarity = matches!(origin, Origin::Camera(_)).then_some(1.5);
        let decision = Decision { label: Some(1), confidence: 0.75, probabilities: vec![0.25, 0.75], familiarity };
        let warnings = ["under-voltage".to_owned()];
        used(&Report {
            origin: &origin,
            sequence: 7,
            labels: &["zebra \"z\"".into(), "ape".into()],
            decision: &decision,
            latency: Duration::from_micros(12_500),
            capture_to_label: Duration::from_millis(40),
            losses: Losses { damaged: 2, missed: 3 },
            skipped: 4,
            fps: 9.5,
            model: if familiarity.is_some() { "5e" } else { "" },
            temperature_c: familiarity.map(|_| 62.5),
            warnings: if familiarity.is_some() { &warnings } else { &[] },
        })
    }

    fn line(format: Format, origin: Origin) -> String {
        with_report(origin, |report| format.result(report)).expect("it has a JSON form")
    }

    #[test]
    fn writes_an_object_a_line_with_classes_in_their_order() {
        let object = line(Format::Json, Origin::File("a.jpg".into()));
        let (object, at) = object.rsplit_once(",\"at_ms\":").expect("the time comes last");
        assert!(at.trim_end_matches("}\n").parse::<u64>().is_ok_and(|at| at > 1_700_000_000_000), "{at}");
        assert_eq!(
            object,
            "{\"file\":\"a.jpg\",\"sequence\":7,\"label\":\"ape\",\"confidence\":0.75,\
             \"probabilities\":{\"zebra \\\"z\\\"\":0.25,\"ape\":0.75},\"latency_ms\":12.5,\"capture_to_label_ms\":40.0,\"fps\":9.5,\
             \"damaged\":2,\"missed\":3"
        );
        let object = line(Format::Json, Origin::Camera("/dev/video0".into()));
        let parsed: serde_json::Value = serde_json::from_str(&object).expect("it is JSON");
        assert_eq!((&parsed["camera"], &parsed["familiarity"]), (&"/dev/video0".into(), &1.5.into()));
        assert!(parsed.get("file").is_none());
        assert_eq!((&parsed["model"], &parsed["temperature_c"]), (&"5e".into(), &62.5.into()));
        assert_eq!(parsed["warnings"], serde_json::json!(["under-voltage"]));
    }

    #[test]
    fn changes_are_told_to_programs() {
        let told = |format: Format, state| {
            format.change(&Change { camera: "/dev/video0", state: &state }).expect("it has a JSON form")
        };
        let parsed = |line: Option<String>| -> serde_json::Value { serde_json::from_str(&line.unwrap()).unwrap() };
        let lost = State::CameraLost { cause: "unplugged".into(), since: Duration::ZERO };
        let line = parsed(told(Format::Json, lost.clone()));
        assert_eq!((&line["state"], &line["cause"]), (&"camera lost".into(), &"unplugged".into()));
        assert!(line["at_ms"].is_u64() && line["camera"] == "/dev/video0");
        let line = parsed(told(Format::Json, State::Live));
        assert!(line["state"] == "live" && line.get("cause").is_none());
        assert_eq!(told(Format::Text, lost), None);
    }

    #[test]
    fn writes_a_line_for_people() {
        assert_eq!(line(Format::Text, Origin::File("a\x1b.jpg".into())), "a?.jpg: ape 75% (12.5 ms, 9.5 fps)\n");
    }
}
