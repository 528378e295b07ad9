//! What a process holds of the system's resources, and how that changes over a run.

use std::{fs, path::PathBuf};

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holdings {
    /// Memory of its own, which no file stands behind.
    pub memory_kib: u64,
    pub threads: usize,
    pub descriptors: usize,
    /// Programs that it has started and not waited for.
    pub children: usize,
}

impl Holdings {
    /// Those of a running process.
    pub fn of(process: u32) -> Self {
        let at = PathBuf::from(format!("/proc/{process}"));
        let status = fs::read_to_string(at.join("status")).expect("the run goes on");
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim_start_matches(':').split_whitespace().next().unwrap().parse::<u64>().unwrap()
        };
        let tasks: Vec<_> = fs::read_dir(at.join("task")).unwrap().flatten().map(|task| task.path()).collect();
        let children =
            |task: &PathBuf| fs::read_to_string(task.join("children")).unwrap_or_default().split_whitespace().count();
        Self {
            memory_kib: number("RssAnon"),
            threads: tasks.len(),
            descriptors: fs::read_dir(at.join("fd")).unwrap().count(),
            children: tasks.iter().map(children).sum(),
        }
    }
}

/// Memory over the results of a run.
#[derive(Default)]
pub struct Memory {
    /// Results so far, and KiB.
    samples: Vec<(f64, f64)>,
}

/// A line through the means of a run's parts.
pub struct Slope {
    /// KiB for a million results.
    pub kib: f64,
    /// Twice its standard error.
    pub margin: f64,
}

impl Memory {
    pub fn add(&mut self, results: u64, holdings: Holdings) {
        self.samples.push((results as f64 / 1e6, holdings.memory_kib as f64));
    }

    /// Means of `parts` parts, as samples that follow each other are alike; least squares through those.
    pub fn slope(&self, parts: usize) -> Slope {
        let mean = |part: &[(f64, f64)]| {
            let sum = part.iter().fold((0.0, 0.0), |sum, sample| (sum.0 + sample.0, sum.1 + sample.1));
            (sum.0 / part.len() as f64, sum.1 / part.len() as f64)
        };
        let means: Vec<_> = self.samples.chunks(self.samples.len().div_ceil(parts).max(1)).map(mean).collect();
        let centre = mean(&means);
        let spread: f64 = means.iter().map(|(x, _)| (x - centre.0).powi(2)).sum();
        let kib = means.iter().map(|(x, y)| (x - centre.0) * (y - centre.1)).sum::<f64>() / spread;
        let left: f64 = means.iter().map(|(x, y)| (y - centre.1 - kib * (x - centre.0)).powi(2)).sum();
        let margin = 2.0 * (left / (means.len() as f64 - 2.0) / spread).sqrt();
        Slope { kib, margin }
    }
}

#[test]
fn a_leak_shows_in_the_slope_and_noise_does_not() {
    let slope = |leak: f64| {
        let mut memory = Memory::default();
        for second in 0..1000u64 {
            let noise = second * 7919 % 101;
            let holdings = Holdings {
                memory_kib: 5000 + noise + (second as f64 * leak) as u64,
                threads: 1,
                descriptors: 1,
                children: 0,
            };
            memory.add(second * 1000, holdings);
        }
        memory.slope(20)
    };
    let (still, leaking) = (slope(0.0), slope(0.5));
    assert!(still.kib.abs() < still.margin + 10.0, "{} ± {}", still.kib, still.margin);
    assert!((leaking.kib - 500.0).abs() < 50.0 && leaking.kib > leaking.margin, "{} ± {}", leaking.kib, leaking.margin);
}
