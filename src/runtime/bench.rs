//! `vggcam bench`: how fast a model file runs here, and where the time goes.

use std::{
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use image::RgbImage;
use serde::Serialize;

use crate::{
    engine::{
        classifier::{BUNDLED, BUNDLED_NAME},
        isa,
        plan::Plan,
    },
    model::file,
};

/// Figures of one run; times in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The file, or what the bundled model is called.
    pub model: String,
    /// Strongest instruction set extension of the processor.
    pub isa: &'static str,
    /// Threads that shared the work of one picture.
    pub threads: usize,
    /// Which form ran: `int8`, `f32` or `graph`.
    pub precision: &'static str,
    /// The same in words.
    pub form: String,
    /// Pictures timed, after a few that were not.
    pub iterations: usize,
    /// Time for one picture that is already fitted to the input.
    pub latency_ms: Latency,
    /// From the file's bytes to the first answer.
    pub load_ms: f64,
    /// The most memory the process has held.
    pub peak_rss_bytes: u64,
    /// Median time of each layer, in order.
    pub layers: Vec<LayerTime>,
}

/// Spread of the time for one picture, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub min: f64,
    pub p50: f64,
    pub p99: f64,
}

/// Time spent in one layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerTime {
    pub name: String,
    pub ms: f64,
}

/// Times the model at `path`, or the bundled one.
pub fn bench(path: Option<&Path>, threads: usize, iterations: usize) -> anyhow::Result<Report> {
    let start = Instant::now();
    let file = match path {
        Some(path) => file::open(path)?,
        None => file::parse(BUNDLED, BUNDLED_NAME)?,
    };
    let plan = Plan::of_file(&file, threads).with_context(|| format!("cannot load {}", file.what))?;
    let picture = test_picture(plan.input_size() as u32);
    let run = || plan.run(&picture).with_context(|| format!("cannot run {}", file.what));
    run()?;
    let load_ms = ms(start.elapsed());
    for _ in 0..iterations.min(3) {
        run()?;
    }
    let mut times = Vec::with_capacity(iterations);
    for _ in 0..iterations {
        let start = Instant::now();
        run()?;
        times.push(ms(start.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    let mut layers: Vec<(String, Vec<f64>)> = vec![];
    for _ in 0..iterations.min(5) {
        for (index, (name, spent)) in plan.profile(&picture)?.into_iter().enumerate() {
            match layers.get_mut(index) {
                Some((_, times)) => times.push(ms(spent)),
                None => layers.push((name, vec![ms(spent)])),
            }
        }
    }
    let layers = layers.into_iter().map(|(name, mut times)| {
        times.sort_by(f64::total_cmp);
        LayerTime { name, ms: percentile(&times, 50) }
    });
    Ok(Report {
        model: file.what.clone(),
        isa: isa::name(),
        threads,
        precision: plan.form().name(),
        form: plan.form().to_string(),
        iterations,
        latency_ms: Latency { min: times[0], p50: percentile(&times, 50), p99: percentile(&times, 99) },
        load_ms,
        peak_rss_bytes: peak_rss_bytes(),
        layers: layers.filter(|layer| layer.ms > 0.0005).collect(),
    })
}

/// The report as text for people.
pub fn table(report: &Report) -> String {
    let Latency { min, p50, p99 } = report.latency_ms;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<9} {value}");
    };
    line("model", report.model.clone());
    line("runs as", format!("{} ({})", report.precision, report.form));
    line("processor", format!("{}, {} thread{}", report.isa, report.threads, plural(report.threads)));
    line("latency", format!("{p50:.1} ms median, {min:.1} fastest, {p99:.1} p99 of {}", report.iterations));
    line("rate", format!("{:.1} pictures a second", 1e3 / p50));
    line("load", format!("{:.0} ms to the first answer", report.load_ms));
    line("memory", format!("{:.0} MB at most", report.peak_rss_bytes as f64 / 1e6));
    let longest = report.layers.iter().map(|layer| layer.ms).fold(0.0, f64::max);
    for layer in &report.layers {
        let bar = "█".repeat((layer.ms / longest * 30.0).round() as usize);
        let _ = writeln!(text, "  {:<14} {:8.2} ms {bar}", layer.name, layer.ms);
    }
    text
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Nearest-rank percentile of sorted values, which are not empty.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// Colours and edges of every kind, so that no layer sees only zeros.
fn test_picture(size: u32) -> RgbImage {
    RgbImage::from_fn(size, size, |x, y| {
        let wave = |a: u32, b: u32| ((x * a + y * b) % 256) as u8;
        image::Rgb([wave(3, 1), wave(1, 5), if (x / 16 + y / 16) % 2 == 0 { 230 } else { wave(7, 7) }])
    })
}

/// `VmHWM` of `/proc/self/status`; 0 where that is not readable.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_measured_values() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!([percentile(&values, 50), percentile(&values, 99)], [10.0, 20.0]);
        assert_eq!(percentile(&[7.0], 50), 7.0);
    }
}
