//! `vggcam doctor`: what this machine has, what is wrong with it, and what to do about that.

use std::{fmt::Write, fs, path::Path, time::Instant};

use serde::Serialize;
use serde_json::Value;

use super::{
    config::{self, Config, Effective, Origin},
    installed,
    launch::open_model,
    selftest,
};
use crate::{
    camera::{Camera, demo::demo_camera, enumerate, files::Pace, spec::StillsRequest},
    display::list,
    engine::{
        classifier::{BUNDLED, BUNDLED_NAME, Classifier},
        isa,
        layers::weights::available_bytes,
        open::Settings,
    },
    gpio::chips,
    model::file::{self, ModelError},
    model::reference::References,
};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Fine.
    Ok,
    /// Not there, or not usable, and not needed.
    Note,
    /// Wrong: something does not work until it is mended.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `machine`, `settings`, `model`, `camera`, `display` or `gpio`.
    pub area: &'static str,
    /// How it came out.
    pub status: Status,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// For a setting: its value, and where that came from.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub setting: Option<Chosen>,
}

/// A setting's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// The value; null or an empty list where nothing was chosen.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Looks at everything. `file` is the settings file that was wished, `flags` are the settings that the command line gives.
pub fn examine(file: Option<&Path>, flags: &Config) -> Vec<Check> {
    let mut checks = machine();
    let config = match config::load(file, flags) {
        Ok(effective) => {
            checks.extend(settings_in_use(&effective));
            effective.config
        }
        Err(error) => {
            let advice = "until then a run does not start; what follows is without the file";
            checks.push(check("settings", Status::Problem, "file", error.to_string()).advise(advice));
            flags.clone()
        }
    };
    let settings = config.engine_settings(isa::cores());
    match installed::model_in_use(config.model.as_deref()) {
        Ok(model) => checks.extend(check_model(model.as_deref(), settings)),
        Err(error) => checks.push(check("model", Status::Problem, "installed model", error.to_string())),
    }
    checks.extend(cameras());
    checks.extend(displays());
    checks.extend(lines());
    checks
}

fn check(area: &'static str, status: Status, what: impl Into<String>, found: impl Into<String>) -> Check {
    Check { area, status, what: what.into(), found: found.into(), advice: None, setting: None }
}

impl Check {
    fn advise(self, advice: impl Into<String>) -> Self {
        Check { advice: Some(advice.into()), ..self }
    }
}

/// What holds for a run, and where it came from.
fn settings_in_use(effective: &Effective) -> Vec<Check> {
    let file = match &effective.file {
        Some(path) => check("settings", Status::Ok, "file", path.display().to_string()),
        None => {
            check("settings", Status::Ok, "file", format!("none; {} is read where it exists", config::DEFAULT_PATH))
        }
    };
    let setting = |setting: &config::Setting| {
        let origin = match setting.origin {
            Origin::Flag => "by flag",
            Origin::File => "by file",
            Origin::Default => "by default",
        };
        let found = check("settings", Status::Ok, &setting.name, format!("{} ({origin})", setting.in_words()));
        Check { setting: Some(Chosen { value: setting.value.clone(), origin: setting.origin }), ..found }
    };
    std::iter::once(file).chain(effective.settings.iter().map(setting)).collect()
}

fn machine() -> Vec<Check> {
    let board = fs::read_to_string("/proc/device-tree/model").unwrap_or_default();
    let board = board.trim_end_matches('\0').trim();
    let what = if board.is_empty() { std::env::consts::ARCH } else { board };
    let mut checks = vec![check("machine", Status::Ok, what, format!("{} cores", isa::cores()))];
    let features = isa::features();
    let named = |present: bool| -> Vec<&str> {
        features.iter().filter(|feature| feature.present == present).map(|feature| feature.name).collect()
    };
    let (present, absent) = (named(true), named(false));
    let found = match (present.is_empty(), absent.is_empty()) {
        (true, true) => "this architecture cannot be asked".to_string(),
        (_, true) => present.join(", "),
        (true, false) => format!("none of {}", absent.join(", ")),
        (false, false) => format!("{}; not {}", present.join(", "), absent.join(", ")),
    };
    checks.push(check("machine", Status::Ok, "processor extensions", found));
    checks.push(match isa::Isa::chosen() {
        Ok(isa) => check("machine", Status::Ok, "integer kernels", isa.name()),
        Err(reason) => check("machine", Status::Problem, "integer kernels", reason).advise("unset VGGCAM_ISA"),
    });
    checks.extend(memory());
    checks
}

fn memory() -> Option<Check> {
    const ENOUGH: u64 = 200 << 20;
    let available = available_bytes()?;
    let found = format!("{} MB available", available >> 20);
    Some(if available >= ENOUGH {
        check("machine", Status::Ok, "memory", found)
    } else {
        check("machine", Status::Note, "memory", found).advise("close other programs; a full-width VGG16 needs more")
    })
}

fn check_model(path: Option<&Path>, settings: Settings) -> Vec<Check> {
    let what = path.map_or(BUNDLED_NAME.to_string(), |path| path.display().to_string());
    let start = Instant::now();
    let classifier = match open_model(path, settings) {
        Ok(classifier) => classifier,
        Err(error) => {
            let advice = "make a model with `finetune train DATA --out DIR`, or leave --model out for the bundled one";
            return vec![check("model", Status::Problem, what, format!("{error:#}")).advise(advice)];
        }
    };
    let metadata = classifier.metadata();
    let found = format!("{}; classes {}", metadata.name, metadata.labels.join(", "));
    let mut checks = vec![check("model", Status::Ok, what, found)];
    let form = format!("{} ({})", classifier.form().name(), classifier.form());
    checks.push(match classifier.fallback() {
        None => check("model", Status::Ok, "runs as", form),
        Some(reason) => check("model", Status::Note, "runs as", form)
            .advise(format!("slower than the integer engine, which does not take it: {reason}")),
    });
    checks.push(match &metadata.validation {
        Some(v) => {
            let [float, int8] = [v.accuracy_f32, v.accuracy_int8].map(|accuracy| accuracy * 100.0);
            let found = format!("{float:.1} % as float, {int8:.1} % as int8, of {} pictures", v.images);
            check("model", Status::Ok, "validation", found)
        }
        None => check("model", Status::Note, "validation", "the file carries no figures")
            .advise("measure it with `finetune evaluate --model FILE DATA`"),
    });
    checks.push(trial(&classifier, start));
    checks.push(self_test(&classifier, path));
    checks
}

/// Compares the answers to the model's reference pictures with those in its file.
fn self_test(classifier: &Classifier, path: Option<&Path>) -> Check {
    let outcome = references(path).map_err(|error| error.to_string());
    let outcome =
        outcome.and_then(|references| selftest::test(classifier, &references).map_err(|error| error.to_string()));
    match outcome {
        Ok(0) => {
            check("model", Status::Note, "self-test", "the file carries no reference pictures to compare answers with")
        }
        Ok(count) => {
            let found = format!("{count} reference pictures answered as where the model was made");
            check("model", Status::Ok, "self-test", found)
        }
        Err(reason) => check("model", Status::Problem, "self-test", reason),
    }
}

fn references(path: Option<&Path>) -> Result<References, ModelError> {
    let file = match path {
        Some(path) => file::open(path)?,
        None => file::parse(BUNDLED, BUNDLED_NAME)?,
    };
    Ok(file.references)
}

/// Classifies one bundled picture, timed.
fn trial(classifier: &Classifier, start: Instant) -> Check {
    let loaded = start.elapsed();
    let mut camera = demo_camera(Pace::for_results(StillsRequest::default()));
    let picture = camera.next_frame().ok().flatten().and_then(|frame| {
        let picture = crate::vision::decode::frame_to_rgb(&frame).ok()?;
        Some((frame.name, picture))
    });
    let Some((name, picture)) = picture else {
        return check("model", Status::Problem, "trial", "the bundled pictures cannot be read");
    };
    let start = Instant::now();
    match classifier.classify(&picture) {
        Ok(prediction) => {
            let (label, confidence) = super::classify::label(classifier.metadata(), &prediction);
            let found = format!(
                "{name}: {label}, {:.1} %, in {:.0} ms after {:.0} ms for loading",
                confidence * 100.0,
                start.elapsed().as_secs_f64() * 1e3,
                loaded.as_secs_f64() * 1e3
            );
            check("model", Status::Ok, "trial", found)
        }
        Err(error) => check("model", Status::Problem, "trial", error.to_string()).advise("make the model again"),
    }
}

fn cameras() -> Vec<Check> {
    let found = enumerate::cameras();
    if found.is_empty() {
        let advice =
            "plug in a USB webcam; in a container, pass /dev/video0 in; without one, use --camera files:FOLDER";
        return vec![check("camera", Status::Note, "/dev/video*", "no video device").advise(advice)];
    }
    found
        .into_iter()
        .map(|camera| {
            let what = camera.device.display().to_string();
            let (decoded, others): (Vec<_>, Vec<_>) = camera.formats.iter().partition(|format| format.is_decoded());
            let mut formats: Vec<String> = decoded.iter().map(ToString::to_string).collect();
            if !others.is_empty() {
                formats.push(format!("and {} formats that are not decoded", others.len()));
            }
            let name =
                if camera.name.is_empty() { String::new() } else { format!("{} ({})", camera.name, camera.driver) };
            match camera.problem {
                None => {
                    let found = check("camera", Status::Ok, what, format!("{name}: {}", formats.join("; ")));
                    match camera.lasting_name {
                        Some(lasting) => found.advise(format!("--camera {} names it for good", lasting.display())),
                        None => found,
                    }
                }
                Some(problem) => check("camera", Status::Note, what, name).advise(problem),
            }
        })
        .collect()
}

fn displays() -> Vec<Check> {
    list::list()
        .into_iter()
        .map(|display| match display.problem {
            None => check("display", Status::Ok, display.spec, display.description),
            Some(problem) => check("display", Status::Note, display.spec, display.description).advise(problem),
        })
        .collect()
}

/// The chips whose lines buttons, lights and panels are wired to. A computer without any needs none.
fn lines() -> Vec<Check> {
    let chip = |found: chips::FoundChip| {
        let what = found.device.display().to_string();
        match found.description {
            Some(description) => check("gpio", Status::Ok, what, description),
            None => check("gpio", Status::Note, what, "it cannot be opened")
                .advise("join its group with `sudo usermod -aG gpio $USER`, then log out and in again"),
        }
    };
    chips::list().into_iter().map(chip).collect()
}

/// The checks as text for people.
pub fn table(checks: &[Check]) -> String {
    let mut text = String::new();
    let mut area = "";
    let width = checks.iter().map(|check| check.what.chars().count()).max().unwrap_or(0).min(28);
    for check in checks {
        // Writing to a string does not fail.
        if check.area != area {
            let _ = writeln!(text, "{}{}", if area.is_empty() { "" } else { "\n" }, check.area);
            area = check.area;
        }
        let mark = match check.status {
            Status::Ok => "✓",
            Status::Note => "–",
            Status::Problem => "✗",
        };
        let _ = writeln!(text, "  {mark} {:width$}  {}", check.what, check.found);
        if let Some(advice) = &check.advice {
            let _ = writeln!(text, "    {:width$}  → {advice}", "");
        }
    }
    let problems = checks.iter().filter(|check| check.status == Status::Problem).count();
    let _ = match problems {
        0 => writeln!(text, "\nnothing is in the way"),
        1 => writeln!(text, "\n1 problem"),
        count => writeln!(text, "\n{count} problems"),
    };
    text
}

/// Whether nothing is wrong.
pub fn healthy(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.status != Status::Problem)
}
