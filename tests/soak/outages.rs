//! What fails around a run while its camera has faults of its own.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{run::Run, visitors::get};

/// How long all is well between two outages.
const WELL: Duration = Duration::from_secs(10);
/// How long a clock is wrong, and a disk cannot be written.
const SHORT: Duration = Duration::from_secs(10);
/// How far the time in a result may be from the clock: the fake clock looks once a second whether it was moved.
const CLOCK_NOISE_MS: i128 = 15_000;

/// All of one kind of outage.
#[derive(Default)]
pub struct Outage {
    pub times: usize,
    /// From the end of the outage until what it stopped goes on.
    pub recoveries: Vec<Duration>,
}

#[derive(Default)]
pub struct Outages {
    pub found: BTreeMap<&'static str, Outage>,
}

impl Outages {
    /// Each outage once; those of the broker last for `length`. `look` is called every second.
    pub fn round(&mut self, run: &mut Run, length: Duration, look: &mut dyn FnMut(&Run)) {
        self.broker_killed(run, length, look);
        self.broker_hangs(run, length, look);
        self.clock_stepped("clock stepped a day ahead", run, 1, look);
        self.clock_stepped("clock stepped a day back", run, -1, look);
        self.disk_full(run, look);
        self.disk_read_only(run, look);
    }

    fn begin(&mut self, name: &'static str) {
        self.found.entry(name).or_default().times += 1;
    }

    fn end(&mut self, name: &'static str, recovery: Duration) {
        self.found.entry(name).or_default().recoveries.push(recovery);
    }

    fn broker_killed(&mut self, run: &mut Run, length: Duration, look: &mut dyn FnMut(&Run)) {
        let name = "broker killed, until its topics have a new state";
        pass(run, WELL, look);
        self.begin(name);
        run.broker.kill();
        pass(run, length, look);
        run.broker.start();
        // It remembers nothing, so that what it holds is new.
        let recovery = run.time_until("the broker knows the state", || run.broker.retained("vggcam/+/state"));
        self.end(name, recovery);
    }

    fn broker_hangs(&mut self, run: &mut Run, length: Duration, look: &mut dyn FnMut(&Run)) {
        let name = "broker hangs, until its topics have a new state";
        pass(run, WELL, look);
        self.begin(name);
        run.broker.hang(true);
        pass(run, length, look);
        let since = milliseconds_since_1970();
        run.broker.hang(false);
        let newer = |state: String| {
            let state: Value = serde_json::from_str(&state).unwrap();
            state["changed_at_ms"].as_i64().is_some_and(|at| i128::from(at) >= since).then_some(())
        };
        let recovery =
            run.time_until("the broker has a new state", || run.broker.retained("vggcam/+/state").and_then(newer));
        self.end(name, recovery);
    }

    fn clock_stepped(&mut self, name: &'static str, run: &mut Run, days: i32, look: &mut dyn FnMut(&Run)) {
        pass(run, WELL, look);
        self.begin(name);
        let kept = run.newest_kept();
        run.clock.step_days(days);
        pass(run, SHORT, look);
        let off = i128::from(days) * 24 * 3600 * 1000;
        run.time_until("results have the new date", || {
            let at = i128::from(run.ledger().at_ms);
            ((at - milliseconds_since_1970() - off).abs() < CLOCK_NOISE_MS).then_some(())
        });
        // Ages are those of a clock that nobody sets: the label has not gone stale, and pictures are kept as before.
        run.time_until("the page tells a label", || {
            let status: Value = serde_json::from_slice(&get(run.web_port, "/status.json")?.1).ok()?;
            let fresh = status["frame_age_s"].as_f64().is_some_and(|age| (0.0..2.0).contains(&age));
            (fresh && status["answer"]["label"].is_string()).then_some(())
        });
        run.time_until("pictures are kept", || run.newest_kept().filter(|newest| Some(newest) > kept.as_ref()));
        run.clock.step_days(0);
        let recovery = run.time_until("results have today's date", || {
            let at = i128::from(run.ledger().at_ms);
            ((at - milliseconds_since_1970()).abs() < CLOCK_NOISE_MS).then_some(())
        });
        self.end(name, recovery);
    }

    fn disk_full(&mut self, run: &mut Run, look: &mut dyn FnMut(&Run)) {
        pass(run, WELL, look);
        self.disk(
            ["disk full, until the screen is drawn", "disk full, until pictures are kept"],
            run,
            look,
            |run, fails| {
                if fails { run.disk.fill() } else { run.disk.make_room() }
            },
        );
    }

    fn disk_read_only(&mut self, run: &mut Run, look: &mut dyn FnMut(&Run)) {
        pass(run, WELL, look);
        let names = ["disk read-only, until the screen is drawn", "disk read-only, until pictures are kept"];
        self.disk(names, run, look, |run, fails| run.disk.allow_writing(!fails));
    }

    fn disk(&mut self, names: [&'static str; 2], run: &mut Run, look: &mut dyn FnMut(&Run), fail: fn(&Run, bool)) {
        names.iter().for_each(|name| self.begin(name));
        fail(run, true);
        pass(run, SHORT, look);
        let before = (run.screen_drawn(), run.newest_kept());
        fail(run, false);
        let start = Instant::now();
        run.time_until("the screen is drawn", || run.screen_drawn().filter(|drawn| Some(*drawn) != before.0));
        self.end(names[0], start.elapsed());
        run.time_until("pictures are kept", || run.newest_kept().filter(|newest| Some(newest) > before.1.as_ref()));
        self.end(names[1], start.elapsed());
    }
}

/// Lets so much time pass, and looks every second.
fn pass(run: &Run, length: Duration, look: &mut dyn FnMut(&Run)) {
    let end = Instant::now() + length;
    while Instant::now() < end {
        look(run);
        thread::sleep(Duration::from_secs(1));
    }
}

fn milliseconds_since_1970() -> i128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i128
}
