//! A record in the course of a run, and one that tests of the ways out begin with.

use super::*;
use crate::{
    camera::Losses,
    runtime::{decide::Decision, publish::report::Origin},
};

/// A record that knows a model with the classes `cat` and `dog "x"`, and nothing else.
pub fn begun() -> Arc<Record> {
    begun_with(None)
}

/// The same, of a model in `file`.
pub fn begun_with(file: Option<PathBuf>) -> Arc<Record> {
    let record = Arc::new(Record::default());
    let labels = vec!["cat".into(), "dog \"x\"".into()];
    record.begin(Model { name: "small".into(), id: "5e01".into(), file, labels });
    record.change(&Change { camera: "/dev/video0", state: &State::Live });
    record
}

/// Takes note of an answer with the confidence 0.75.
pub fn answer(record: &Record, label: Option<usize>) {
    let labels = record.facts().model.labels;
    let decision = Decision { label, confidence: 0.75, probabilities: vec![0.25, 0.75], familiarity: None };
    let report = Report {
        origin: &Origin::Camera("/dev/video0".into()),
        sequence: 1,
        labels: &labels,
        decision: &decision,
        latency: Duration::from_millis(12),
        capture_to_label: Duration::from_millis(40),
        losses: Losses { damaged: 2, missed: 3 },
        skipped: 4,
        fps: 8.0,
        model: "5e01",
        temperature_c: None,
        warnings: &[],
    };
    record.result(&report, true);
}

/// The camera was lost so long ago.
pub fn lost(record: &Record, since: Duration) {
    let state = State::CameraLost { cause: "unplugged".into(), since };
    record.change(&Change { camera: "/dev/video0", state: &state });
}

#[test]
fn an_answer_counts_until_the_run_stands_otherwise() {
    let record = begun();
    answer(&record, Some(0));
    assert_eq!(record.facts().label(), Some("cat"));
    lost(&record, Duration::from_secs(3));
    let facts = record.facts();
    assert!(facts.answer.is_none() && facts.since.elapsed() >= Duration::from_secs(3));
    // The network had begun before the camera was lost.
    answer(&record, Some(0));
    assert_eq!(record.facts().label(), None);
    assert_eq!(record.facts().counts.results, [2, 0, 0]);
    record.change(&Change { camera: "/dev/video0", state: &State::Live });
    answer(&record, None);
    let facts = record.facts();
    assert_eq!((facts.label(), facts.counts.camera_losses), (Some("unknown"), 1));
    assert_eq!(facts.counts.results, [2, 0, 1]);
    let turns: Vec<_> = facts.history.iter().map(|turn| turn.label.as_deref()).collect();
    assert_eq!(turns, [Some("cat"), None, Some("unknown")]);
}

#[test]
fn history_holds_changes_only_and_not_without_end() {
    let record = begun();
    for index in 0..1000 {
        answer(&record, Some(index / 2 % 2));
    }
    assert_eq!(record.facts().history.len(), HISTORY);
}

#[test]
fn waiting_ends_with_news_with_time_or_with_the_run() {
    let record = begun();
    let soon = || Instant::now() + Duration::from_millis(20);
    let seen = record.wait(0, soon()).unwrap();
    assert_eq!(record.wait(seen, soon()), Some(seen));
    answer(&record, Some(0));
    let later = record.wait(seen, soon()).unwrap();
    assert_ne!(later, seen);
    answer(&record, Some(0));
    assert_eq!(record.wait(later, soon()), Some(later), "the same label is no news");
    record.close();
    assert_eq!(record.wait(later, soon()), None);
}

#[test]
fn warnings_are_news_when_they_come_and_go() {
    let record = begun();
    let at = |degrees| Health { temperature_c: Some(degrees), ..Health::default() };
    let settings = health::Settings::default();
    assert_eq!(record.set_health(at(50.0), &settings), None);
    assert_eq!(record.set_health(at(85.0), &settings), Some(vec!["hot, 85 °C".into()]));
    assert_eq!(record.set_health(at(86.0), &settings), None);
    assert_eq!(record.health(), (at(86.0), vec!["hot, 86 °C".into()]));
    assert_eq!(record.set_health(at(50.0), &settings), Some(vec![]));
}

#[test]
fn durations_fall_into_their_classes() {
    let mut histogram = Histogram::default();
    for ms in [0, 5, 6, 20_000] {
        histogram.count(Duration::from_millis(ms));
    }
    assert_eq!((histogram.classes[0], histogram.classes[1], histogram.classes[BOUNDS_S.len()]), (2, 1, 1));
    assert!((histogram.sum_s - 20.011).abs() < 1e-9);
}
