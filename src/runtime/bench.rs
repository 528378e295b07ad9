//! `vggcam bench`: how fast a model file runs here, and where the time goes.

use std::{
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use image::RgbImage;
use serde::Serialize;

use crate::engine::{
    classifier::{BUNDLED, BUNDLED_NAME},
    fused::{Demand, Fused, LayerPlan},
    isa::Isa,
    open::{self, Opened, Settings},
    peaks::Ceilings,
    plan::LayerTime,
};

/// Pictures that are not timed.
const WARM_UP: usize = 3;
/// Pictures whose layers are timed.
const PROFILES: usize = 9;

/// Figures of one run; times in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The file, or what the bundled model is called.
    pub model: String,
    /// Instruction set of the kernels; of the processor, where plain tract runs.
    pub isa: &'static str,
    /// Threads that shared the work of one picture.
    pub threads: usize,
    /// Which form ran: `int8`, `f32` or `graph`.
    pub precision: &'static str,
    /// The same in words.
    pub form: String,
    /// Why the integer engine did not run, if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Pictures timed, after a few that were not.
    pub iterations: usize,
    /// Time for one picture that is already fitted to the input.
    pub latency_ms: Latency,
    /// From the file's bytes to the first answer.
    pub load_ms: f64,
    /// The most memory the process has held.
    pub peak_rss_bytes: u64,
    /// What the machine could do at most, where one of our engines runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceilings: Option<CeilingReport>,
    /// Median time of each layer, in order.
    pub layers: Vec<LayerReport>,
}

/// Spread of the time for one picture, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub min: f64,
    pub p50: f64,
    pub p99: f64,
}

/// What all threads together could do at most, measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CeilingReport {
    /// Billion multiply-accumulates of direct convolution a second.
    pub direct_gmacs: f64,
    /// Billion multiply-accumulates of Winograd's products a second.
    pub winograd_gmacs: f64,
    /// Billion bytes read from memory a second.
    pub memory_gbytes: f64,
}

/// Time spent in one layer, and how it was spent.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    pub name: String,
    pub ms: f64,
    /// Which algorithm ran, where one of our engines runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Share of the ceiling that the algorithm has, 0 to 1: its own multiplications, or the weights it read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of_peak: Option<f64>,
    /// Why it is another algorithm than usual, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Times the model at `path`, or the bundled one.
pub fn bench(path: Option<&Path>, settings: Settings, iterations: usize) -> anyhow::Result<Report> {
    let start = Instant::now();
    let opened = opened(path, settings)?;
    let plan = &opened.plan;
    let picture = test_picture(plan.input_size() as u32);
    run(&opened, &picture)?;
    let load_ms = ms(start.elapsed());
    // Before the ceilings are measured, which takes memory.
    let times = times_ms(&opened, iterations)?;
    let profiles = (0..iterations.min(PROFILES)).map(|_| plan.profile(&picture)).collect::<Result<Vec<_>, _>>()?;
    let peak_rss_bytes = peak_rss_bytes();
    let ceilings = plan.engine().and_then(|engine| engine.ceilings(settings.threads));
    let plans = plan.engine().map(Fused::layers).unwrap_or_default();
    let layers = layers(&profiles, &plans, ceilings);
    Ok(Report {
        isa: plan.engine().map_or_else(Isa::strongest, Fused::isa).name(),
        threads: settings.threads,
        precision: plan.form().name(),
        form: plan.form().to_string(),
        iterations,
        latency_ms: Latency { min: times[0], p50: percentile(&times, 50), p99: percentile(&times, 99) },
        load_ms,
        peak_rss_bytes,
        ceilings: ceilings.map(|ceilings| CeilingReport {
            direct_gmacs: round(ceilings.dot / 1e9),
            winograd_gmacs: round(ceilings.product / 1e9),
            memory_gbytes: round(ceilings.bytes / 1e9),
        }),
        layers,
        fallback: opened.fallback,
        model: opened.what,
    })
}

/// The model at `path`, or the bundled one, ready to run.
pub fn opened(path: Option<&Path>, settings: Settings) -> anyhow::Result<Opened> {
    Ok(match path {
        Some(path) => open::open(path, settings)?,
        None => open::from_bytes(BUNDLED, BUNDLED_NAME, settings)?,
    })
}

fn run(opened: &Opened, picture: &RgbImage) -> anyhow::Result<()> {
    opened.plan.run(picture).map(drop).with_context(|| format!("cannot run {}", opened.what))
}

/// Milliseconds for each of so many pictures, after a few that are not timed, sorted.
pub fn times_ms(opened: &Opened, iterations: usize) -> anyhow::Result<Vec<f64>> {
    let picture = test_picture(opened.plan.input_size() as u32);
    let mut times = Vec::with_capacity(iterations);
    for iteration in 0..iterations + WARM_UP {
        let start = Instant::now();
        run(opened, &picture)?;
        if iteration >= WARM_UP {
            times.push(ms(start.elapsed()));
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Medians over several profiles of a network; layers that take no time are left out.
fn layers(profiles: &[Vec<LayerTime>], plans: &[LayerPlan], ceilings: Option<Ceilings>) -> Vec<LayerReport> {
    let count = profiles.first().map_or(0, Vec::len);
    let layers = (0..count).map(|index| {
        let mut times: Vec<f64> = profiles.iter().map(|layers| ms(layers[index].time)).collect();
        times.sort_by(f64::total_cmp);
        let LayerTime { name, inputs_read, .. } = profiles[0][index].clone();
        let ms = percentile(&times, 50);
        let plan = plans.get(index);
        let share_of_peak = ceilings.zip(plan).map(|(ceilings, plan)| {
            let share = match plan.demand {
                Demand::Dot(macs) => macs as f64 / ceilings.dot,
                Demand::Product(macs) => macs as f64 / ceilings.product,
                Demand::Weights(bytes) => (inputs_read as u64 * bytes) as f64 / ceilings.bytes,
            };
            round(share / (ms / 1e3))
        });
        LayerReport {
            name,
            ms,
            algorithm: plan.map(|plan| plan.algorithm.clone()),
            share_of_peak,
            note: plan.and_then(|plan| plan.note.clone()),
        }
    });
    layers.filter(|layer| layer.ms > 0.0005).collect()
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
    if let Some(reason) = &report.fallback {
        line("because", reason.clone());
    }
    line("load", format!("{:.0} ms to the first answer", report.load_ms));
    line("memory", format!("{:.0} MB at most", report.peak_rss_bytes as f64 / 1e6));
    if let Some(ceilings) = report.ceilings {
        let CeilingReport { direct_gmacs, winograd_gmacs, memory_gbytes } = ceilings;
        line(
            "ceilings",
            format!(
                "{direct_gmacs:.0} GMAC/s direct, {winograd_gmacs:.0} GMAC/s Winograd, {memory_gbytes:.0} GB/s memory"
            ),
        );
    }
    let longest = report.layers.iter().map(|layer| layer.ms).fold(0.0, f64::max);
    for layer in &report.layers {
        let bar = "█".repeat((layer.ms / longest * 20.0).round() as usize);
        let share = layer.share_of_peak.map_or(String::new(), |share| format!("{:3.0} %", share * 100.0));
        let algorithm = layer.algorithm.as_deref().unwrap_or_default();
        let note = layer.note.as_deref().map_or(String::new(), |note| format!(" ({note})"));
        let row = format!("  {:<14} {:8.2} ms {bar:20} {share:>5}  {algorithm}{note}", layer.name, layer.ms);
        let _ = writeln!(text, "{}", row.trim_end());
    }
    if report.layers.iter().any(|layer| layer.share_of_peak.is_some()) {
        text += "  %: of the ceiling for what the algorithm does, its multiplications or the weights it reads\n";
    }
    text
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// To three digits behind the point.
fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Nearest-rank percentile of sorted values, which are not empty.
pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// Colours and edges of every kind, so that no layer sees only zeros.
pub fn test_picture(size: u32) -> RgbImage {
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
