//! A long run of `vggcam run`, with faults all the time: its camera fails every few seconds, its broker goes away, its disk fills up
//! or cannot be written, its clock is stepped by a day. At the end it must hold no more than at the start.
//!
//! `.ci/run soak` starts it where it may mount a small disk; `VGGCAM_SOAK_FRAMES` says for how many results.
#![cfg(feature = "finetune")]

#[path = "../common/broker.rs"]
mod broker;
#[path = "../common/mod.rs"]
mod common;
mod holdings;
mod ledger;
mod outages;
mod run;
mod surroundings;
mod visitors;

use std::{
    env,
    time::{Duration, Instant},
};

use holdings::{Holdings, Memory};
use ledger::percentile;
use outages::Outages;
use run::Run;

/// Rounds before it is looked at what grows: every path has been gone twice by then, and the allocator has what it keeps. What
/// happens to happen at once goes beyond all that was before ever more rarely.
const WARM_UP_ROUNDS: usize = 2;
/// Parts that the slope of the memory is drawn through.
const PARTS: usize = 20;
/// Memory that an allocator may keep, in KiB.
const MEMORY_NOISE: f64 = 1024.0;
/// Longest time without any result: that of the slowest recovery, and some more.
const LONGEST_GAP: Duration = Duration::from_secs(20);

#[test]
#[ignore = "takes long, and needs a disk of its own, Mosquitto and libfaketime"]
fn a_long_run_comes_through_everything_and_holds_no_more_at_its_end() {
    let wanted: u64 = env::var("VGGCAM_SOAK_FRAMES").map_or(20_000, |frames| frames.parse().unwrap());
    // Minutes where there is time for them.
    let length = if wanted >= 1_000_000 { Duration::from_secs(120) } else { Duration::from_secs(5) };
    let started = Instant::now();
    let mut run = Run::start();
    let mut outages = Outages::default();
    run.until_every_fault_came();
    for _ in 0..WARM_UP_ROUNDS {
        outages.round(&mut run, length, &mut |run| {
            check_results_come(run);
        });
    }
    let (start, _) = run.holdings_at_rest();
    println!("after the first rounds, {} results: {start:?}", run.results());
    let mut memory = Memory::default();
    let from = run.results();
    let mut rounds = 0;
    while rounds == 0 || run.results() - from < wanted {
        outages.round(&mut run, length, &mut |run| {
            memory.add(check_results_come(run), Holdings::of(run.process()));
        });
        rounds += 1;
        println!("{} results, {:?}", run.results(), Holdings::of(run.process()));
    }
    let (end, orphans) = run.holdings_at_rest();
    let results = run.results() - from;
    let (answers, duration) = (run.answers(), started.elapsed());
    let ledger = run.finish();

    println!("\n| injected | times | survived | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|---|");
    let mut troubles = ledger.unrecovered;
    let camera = ledger.faults.iter().map(|(name, fault)| (name.replace('_', " "), fault.times, &fault.recoveries));
    let others = outages.found.iter().map(|(name, outage)| (name.to_string(), outage.times, &outage.recoveries));
    for (name, times, recoveries) in camera.chain(others) {
        let [p50, p99, max] = [50, 99, 100].map(|percent| percentile(recoveries, percent).as_millis());
        println!("| {name} | {times} | {} | {p50} | {p99} | {max} |", recoveries.len());
    }
    println!("\n{results} results, {} losses of the camera, {answers} answers to visitors", ledger.losses);
    println!("start {start:?}\nend   {end:?}");
    let slope = memory.slope(PARTS);
    println!("memory: {:.0} ± {:.0} KiB for a million results", slope.kib, slope.margin);
    let grown = slope.kib * results as f64 / 1e6;
    if slope.kib > slope.margin && grown > MEMORY_NOISE {
        troubles.push(format!("memory grew by {grown:.0} KiB"));
    }
    for (what, before, after) in [
        ("threads", start.threads, end.threads),
        ("descriptors", start.descriptors, end.descriptors),
        ("children", start.children, end.children),
        ("programs left behind", 0, orphans),
    ] {
        if after > before {
            troubles.push(format!("{what}: {before} at the start, {after} at the end"));
        }
    }
    // Somebody asks five times a second, and less while the machine is busy.
    assert!(answers > duration.as_secs(), "{answers} answers in {duration:?}");
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}

/// Demands that a result came not long ago; gives how many there are.
fn check_results_come(run: &Run) -> u64 {
    let (results, gap) = (run.results(), run.since_newest());
    assert!(gap < LONGEST_GAP, "no result for {gap:?}, after {results}; {}", run.said());
    results
}
