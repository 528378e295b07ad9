//! What is counted in the course of a run.

use std::time::Duration;

use crate::{camera::Losses, runtime::publish::report::Report};

/// Upper bounds of the classes of a [`Histogram`], in seconds.
pub const BOUNDS_S: [f64; 12] = [0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5.0, 10.0];

/// How many durations were at most so long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Durations in each class, not counted again in longer ones; the last class has no bound.
    pub classes: [u64; BOUNDS_S.len() + 1],
    /// All of them together in seconds.
    pub sum_s: f64,
}

impl Histogram {
    /// Counts a duration.
    pub fn count(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        self.classes[BOUNDS_S.partition_point(|&bound| bound < seconds)] += 1;
        self.sum_s += seconds;
    }
}

/// Numbers that only grow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Results for each class, in the model's order, and at the end those that are unknown.
    pub results: Vec<u64>,
    /// Time that the network took.
    pub inference: Histogram,
    /// Time from the capture of a picture to its label.
    pub capture_to_label: Histogram,
    /// Frames that came damaged or not at all.
    pub losses: Losses,
    /// Frames that were passed over because newer ones came before the model was ready for them.
    pub skipped: u64,
    /// How often the camera was lost.
    pub camera_losses: u64,
}

impl Counts {
    /// Makes room for the classes of a model.
    pub fn begin(&mut self, classes: usize) {
        self.results = vec![0; classes + 1];
    }

    /// Counts a result.
    pub fn result(&mut self, report: &Report) {
        let last = self.results.len().saturating_sub(1);
        if let Some(count) = self.results.get_mut(report.decision.label.unwrap_or(last)) {
            *count += 1;
        }
        self.inference.count(report.latency);
        self.capture_to_label.count(report.capture_to_label);
        (self.losses, self.skipped) = (report.losses, report.skipped);
    }
}
