//! How the run was made: settings, time, command and versions.

use std::path::PathBuf;

use serde::Serialize;

use crate::finetune::{
    findings::{clock::StepTime, origin::Origin},
    report::{
        plot::tenth,
        render::{Section, render},
        text::{NONE, duration, percent},
    },
};

/// A step's time as a bar.
#[derive(Serialize)]
struct Row {
    step: String,
    time: String,
    share: String,
    /// Percent of the whole width.
    width: f64,
}

/// What is told of a run.
pub struct Run<'a> {
    /// Names and values.
    pub settings: Vec<(String, String)>,
    /// Files that were written or measured.
    pub files: &'a [PathBuf],
    pub steps: &'a [StepTime],
    pub origin: Option<&'a Origin>,
    /// Seconds of the whole run, the writing of this page apart.
    pub seconds: f64,
}

/// Settings, time, command and versions.
pub fn section(run: Run) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        command: Option<String>,
        steps: Vec<Row>,
        total: String,
        settings: Vec<(String, String)>,
        files: Vec<String>,
    }
    let settings = run.settings.iter().cloned().chain(run.origin.map(versions).unwrap_or_default());
    let data = Data {
        command: run.origin.map(|origin| origin.command.clone()),
        steps: rows(run.steps, run.seconds),
        total: duration(run.seconds),
        settings: settings.collect(),
        files: run.files.iter().map(|file| file.display().to_string()).collect(),
    };
    let body = render("making", include_str!("making.html"), data)?;
    Ok(Section { id: "making", heading: "How it was made", short: "Making", body })
}

fn rows(steps: &[StepTime], seconds: f64) -> Vec<Row> {
    let longest = steps.iter().map(|step| step.seconds).fold(1e-9, f64::max);
    let row = |step: &StepTime| Row {
        step: step.step.clone(),
        time: duration(step.seconds),
        share: if seconds > 0.0 { percent(step.seconds / seconds, 1) } else { NONE.into() },
        width: tenth(step.seconds / longest * 100.0),
    };
    steps.iter().map(row).collect()
}

fn versions(origin: &Origin) -> Vec<(String, String)> {
    let Origin { version, sha256, threads, processor, instructions, system, .. } = origin;
    let mut pairs = vec![
        ("Program".to_string(), format!("finetune {version}")),
        ("Machine".into(), format!("{processor}; {system}")),
        ("Threads".into(), format!("{threads}, kernels for {instructions}")),
    ];
    if let Some(sha256) = sha256 {
        pairs.push(("Network file, SHA-256".into(), sha256.clone()));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_shares_of_the_whole() {
        let step = |step: &str, seconds| StepTime { step: step.into(), seconds };
        let rows = rows(&[step("features", 30.0), step("training", 7.5)], 40.0);
        assert_eq!((rows[0].share.as_str(), rows[0].width), ("75.0%", 100.0));
        assert_eq!((rows[1].time.as_str(), rows[1].width), ("7.5 s", 25.0));
        assert!(super::rows(&[step("features", 0.0)], 0.0).iter().all(|row| row.width == 0.0));
    }
}
