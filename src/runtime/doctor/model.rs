//! The model in use: whether it runs, what it answers, and how it came here.

use std::{path::Path, time::Instant};

use super::check::{Check, Status, check};
use crate::{
    camera::{Camera, demo::demo_camera, files::Pace, spec::StillsRequest},
    engine::{
        classifier::{BUNDLED, BUNDLED_NAME, Classifier},
        open::Settings,
    },
    model::{error::ModelError, file, reference::References, signature::Key},
    runtime::{
        classify,
        launch::open_model,
        update::{
            installed::{self, Installed, Withdrawn},
            selftest,
            trial::{RESULTS, STARTS},
        },
    },
    vision::decode::frame_to_rgb,
};

/// Whether the model at `path` runs, the bundled one if `None`; what its file says, and what it answers.
pub fn check_model(path: Option<&Path>, settings: Settings) -> Vec<Check> {
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

/// Whose models are installed here.
pub fn origin(model_key: Option<&str>) -> Check {
    let what = "origin of models";
    match model_key.map(Key::find) {
        Some(Ok(key)) => check("model", Status::Ok, what, format!("installed if signed with {}", key.line)),
        Some(Err(error)) => {
            check("model", Status::Problem, what, error.to_string()).advise("until then no model is installed")
        }
        None => check("model", Status::Note, what, "not checked when they are installed")
            .advise("make a key with `finetune keygen`, and pin it with model_key in the settings"),
    }
}

/// How the last update of the model goes, or went wrong.
pub fn update() -> Option<Check> {
    // What is wrong with the list was told where the model was looked for.
    let installed = installed::read(&installed::folder(None)).unwrap_or_default();
    let what = "new model";
    match (&installed, installed.on_trial()) {
        (Installed { withdrawn: Some(Withdrawn { name, reason }), .. }, _) => {
            let found = format!("{name} was taken back, because {reason}; the one before is in use again");
            let advice = "install a better one; `vggcam rollback` tries the same once more";
            Some(check("model", Status::Note, what, found).advise(advice))
        }
        (_, Some(trial)) => {
            let failed = trial.starts;
            let found =
                format!("on trial: {RESULTS} results of `vggcam run` prove it; {failed} of {STARTS} starts failed");
            Some(check("model", Status::Ok, what, found))
        }
        _ => None,
    }
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
        let picture = frame_to_rgb(&frame).ok()?;
        Some((frame.name, picture))
    });
    let Some((name, picture)) = picture else {
        return check("model", Status::Problem, "trial", "the bundled pictures cannot be read");
    };
    let start = Instant::now();
    match classifier.classify(&picture) {
        Ok(prediction) => {
            let (label, confidence) = classify::label(classifier.metadata(), &prediction);
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
