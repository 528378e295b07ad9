//! What a run tells on standard output, and how it comes through each fault of its camera.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Something that happened, in the order in which it was seen.
pub enum Event {
    /// The camera has begun a fault.
    Fault(String),
    /// A line of the run.
    Line(String),
}

/// All of one kind of fault.
#[derive(Default)]
pub struct Fault {
    pub times: usize,
    /// From the fault to the next result that came with no loss left to recover from.
    pub recoveries: Vec<Duration>,
}

/// A fault that has come, and whether the run has come through it.
struct Cycle {
    name: String,
    begin: Instant,
    recovered: Option<Instant>,
    /// Results that had come before.
    results: u64,
}

#[derive(Default)]
pub struct Ledger {
    pub results: u64,
    pub losses: u64,
    /// When the last result came.
    pub newest: Option<Instant>,
    /// The moment that the last result says it is from, in milliseconds since 1970.
    pub at_ms: u64,
    pub faults: BTreeMap<String, Fault>,
    /// What was seen of each fault that the run has not come through.
    pub unrecovered: Vec<String>,
    cycle: Option<Cycle>,
    is_lost: bool,
    /// What the run said last of how it stands.
    standing: String,
}

impl Ledger {
    pub fn take(&mut self, event: Event, now: Instant) {
        match event {
            Event::Fault(name) => {
                self.end_cycle();
                self.faults.entry(name.clone()).or_default().times += 1;
                self.cycle = Some(Cycle { name, begin: now, recovered: None, results: self.results });
            }
            Event::Line(line) if line.contains("\"label\":") => {
                self.results += 1;
                self.newest = Some(now);
                self.at_ms =
                    line.rsplit_once("\"at_ms\":").map_or(0, |(_, end)| end.trim_end_matches('}').parse().unwrap_or(0));
                if let Some(cycle) = &mut self.cycle
                    && !self.is_lost
                {
                    // The frames that are under way when a fault begins are no sign of recovery.
                    let _ = cycle.recovered.get_or_insert(now);
                }
            }
            Event::Line(line) if line.contains("\"state\":\"camera lost\"") => {
                self.losses += 1;
                self.is_lost = true;
                if let Some(cycle) = &mut self.cycle {
                    cycle.recovered = None;
                }
                self.standing = line;
            }
            Event::Line(line) => {
                self.is_lost &= !line.contains("\"state\":\"live\"");
                self.standing = line;
            }
        }
    }

    /// Books the fault that came last; to be called once the run is well.
    pub fn end_cycle(&mut self) {
        let Some(Cycle { name, begin, recovered, results }) = self.cycle.take() else { return };
        match recovered {
            Some(recovered) => self.faults.entry(name).or_default().recoveries.push(recovered - begin),
            None => self.unrecovered.push(format!(
                "{name}: {} results in {:?}, of {} in all; lost: {}; the last words: {}",
                self.results - results,
                begin.elapsed(),
                self.results,
                self.is_lost,
                self.standing
            )),
        }
    }
}

/// The value below which so many percent of `values` lie, by nearest rank.
pub fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}
