//! Results as lines on standard output, for people or for programs.

use std::{
    io::{self, Write},
    ops::ControlFlow,
    time::{Duration, SystemTime},
};

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

/// Writes results to one output.
pub struct Publisher {
    format: Format,
    out: Box<dyn Write + Send>,
}

impl Publisher {
    /// Writes to `out` in `format`.
    pub fn new(format: Format, out: Box<dyn Write + Send>) -> Self {
        Self { format, out }
    }

    /// Writes one result; breaks off when the reader has gone, which is no error.
    pub fn publish(&mut self, report: &Report) -> io::Result<ControlFlow<()>> {
        let mut line = match self.format {
            Format::Text => text(report),
            Format::Json => serde_json::to_string(&JsonLine::from(report))?,
        };
        line.push('\n');
        self.write(&line)
    }

    /// Writes a change as a line for programs; people read it in the log.
    pub fn publish_change(&mut self, change: &Change) -> io::Result<ControlFlow<()>> {
        match self.format {
            Format::Text => Ok(ControlFlow::Continue(())),
            Format::Json => self.write(&format!("{}\n", serde_json::to_string(&JsonChange::from(change))?)),
        }
    }

    /// Writes a line; breaks off when the reader has gone.
    fn write(&mut self, line: &str) -> io::Result<ControlFlow<()>> {
        match self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush()) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(error),
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
    use std::sync::{Arc, Mutex};

    /// Keeps what is written.
    #[derive(Clone, Default)]
    pub(crate) struct Output(pub Arc<Mutex<Vec<u8>>>);

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nothing panics with the lock").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn publish(format: Format, origin: Origin, out: Box<dyn Write + Send>) -> io::Result<ControlFlow<()>> {
        // A model on a camera judges familiarity here, and one on files does not.
        let familiarity = matches!(origin, Origin::Camera(_)).then_some(1.5);
        let decision = Decision { label: Some(1), confidence: 0.75, probabilities: vec![0.25, 0.75], familiarity };
        let warnings = ["under-voltage".to_owned()];
        let report = Report {
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
        };
        Publisher::new(format, out).publish(&report)
    }

    fn published(format: Format, origin: Origin) -> String {
        let output = Output::default();
        let flow = publish(format, origin, Box::new(output.clone())).expect("the output takes everything");
        assert_eq!(flow, ControlFlow::Continue(()));
        let bytes = output.0.lock().expect("nothing panics with the lock").clone();
        String::from_utf8(bytes).expect("it is text")
    }

    #[test]
    fn writes_an_object_a_line_with_classes_in_their_order() {
        let line = published(Format::Json, Origin::File("a.jpg".into()));
        let (line, at) = line.rsplit_once(",\"at_ms\":").expect("the time comes last");
        assert!(at.trim_end_matches("}\n").parse::<u64>().is_ok_and(|at| at > 1_700_000_000_000), "{at}");
        assert_eq!(
            line,
            "{\"file\":\"a.jpg\",\"sequence\":7,\"label\":\"ape\",\"confidence\":0.75,\
             \"probabilities\":{\"zebra \\\"z\\\"\":0.25,\"ape\":0.75},\"latency_ms\":12.5,\"capture_to_label_ms\":40.0,\"fps\":9.5,\
             \"damaged\":2,\"missed\":3"
        );
        let line = published(Format::Json, Origin::Camera("/dev/video0".into()));
        let parsed: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!((&parsed["camera"], &parsed["familiarity"]), (&"/dev/video0".into(), &1.5.into()));
        assert!(parsed.get("file").is_none());
        assert_eq!((&parsed["model"], &parsed["temperature_c"]), (&"5e".into(), &62.5.into()));
        assert_eq!(parsed["warnings"], serde_json::json!(["under-voltage"]));
    }

    #[test]
    fn changes_are_told_to_programs() {
        let told = |format, state| {
            let output = Output::default();
            let change = Change { camera: "/dev/video0", state: &state };
            let flow = Publisher::new(format, Box::new(output.clone())).publish_change(&change);
            assert_eq!(flow.ok(), Some(ControlFlow::Continue(())));
            String::from_utf8(output.0.lock().unwrap().clone()).unwrap()
        };
        let lost = State::CameraLost { cause: "unplugged".into(), since: Duration::ZERO };
        let line: serde_json::Value = serde_json::from_str(&told(Format::Json, lost.clone())).unwrap();
        assert_eq!((&line["state"], &line["cause"]), (&"camera lost".into(), &"unplugged".into()));
        assert!(line["at_ms"].is_u64() && line["camera"] == "/dev/video0");
        let line: serde_json::Value = serde_json::from_str(&told(Format::Json, State::Live)).unwrap();
        assert!(line["state"] == "live" && line.get("cause").is_none());
        assert_eq!(told(Format::Text, lost), "");
    }

    #[test]
    fn writes_a_line_for_people() {
        assert_eq!(published(Format::Text, Origin::File("a\x1b.jpg".into())), "a?.jpg: ape 75% (12.5 ms, 9.5 fps)\n");
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let gone = publish(Format::Json, Origin::File("a".into()), Box::new(Failing(io::ErrorKind::BrokenPipe)));
        assert_eq!(gone.ok(), Some(ControlFlow::Break(())));
        let full = publish(Format::Json, Origin::File("a".into()), Box::new(Failing(io::ErrorKind::StorageFull)));
        assert!(full.is_err());
    }
}
