//! `vggcam run`: puts together what the user asked for, or what the machine has.

use std::{
    io::{IsTerminal, stderr, stdout},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, ensure};
use image::RgbImage;

use super::{
    config::Config,
    controls,
    decide::Smoothing,
    keep::{self, Keep, keeper::Keeper},
    lights::{LightSpec, Lights, LightsError},
    live::{Display, OpenPanel, Options, Stage, Summary},
    publish::{lines::Format, outlet::Missing, printer::Printer, record::Record, services::Services},
    service, signals,
    update::{
        installed,
        trial::{self, InUse},
    },
};
use crate::{
    camera::{
        pipe,
        source::{self, Audience, DefaultSource},
    },
    display::panel::{self, DisplayError},
    engine::{
        classifier::{BUNDLED, Classifier},
        isa,
        open::Settings,
    },
    message::one_line,
    model::fingerprint,
};

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// The settings.
    pub config: Config,
    /// Results after which the run ends.
    pub frames: Option<u64>,
}

/// Ends the programs that cameras read from, also of a camera that still waits for a frame when the run is over.
struct EndPrograms;

impl Drop for EndPrograms {
    fn drop(&mut self) {
        pipe::end_all();
    }
}

/// Opens the model at `path`, or the bundled one; see [`model_in_use`](super::update::installed::model_in_use).
pub fn open_model(path: Option<&Path>, settings: Settings) -> anyhow::Result<Classifier> {
    Ok(match path {
        Some(path) => Classifier::open(path, settings)?,
        None => Classifier::bundled(settings)?,
    })
}

/// Opens the model in use, and lights for its classes. A model on trial with which that fails is given up for the one before.
fn open_in_use(in_use: &mut InUse, settings: Settings, lights: &[LightSpec]) -> anyhow::Result<(Classifier, Lights)> {
    let open = |path: Option<&Path>| -> anyhow::Result<_> {
        let classifier = open_model(path, settings)?;
        let lights = Lights::open(lights, classifier.metadata())?;
        Ok((classifier, lights))
    };
    let Some(mut trial) = in_use.trial.take() else { return open(in_use.path.as_deref()) };
    trial.begins();
    let opened = open(in_use.path.as_deref());
    trial.ends();
    match opened {
        Err(error) if is_the_models_fault(&error) => {
            *in_use = trial.give_up(&format!("it cannot be used: {}", one_line(&error)));
            open(in_use.path.as_deref())
        }
        opened => {
            in_use.trial = Some(trial);
            opened
        }
    }
}

/// Whether another model could mend it, as of all that has to do with lights only a class can that the model does not have.
fn is_the_models_fault(error: &anyhow::Error) -> bool {
    error.downcast_ref::<LightsError>().is_none_or(|error| matches!(error, LightsError::NoSuchClass { .. }))
}

/// Which file a model is; of the bundled one if `None`.
fn model_id(path: Option<&Path>) -> anyhow::Result<String> {
    match path {
        Some(path) => fingerprint::id_of_file(path).with_context(|| format!("cannot read {}", path.display())),
        None => Ok(fingerprint::id_of_bytes(BUNDLED)),
    }
}

/// Runs until the source ends, enough results are there, or the user stops it.
pub fn run(wishes: &Wishes) -> anyhow::Result<Summary> {
    let config = &wishes.config;
    let json = config.json.unwrap_or(false);
    let settings = config.engine_settings(isa::threads_beside_others());
    let mut in_use = trial::choose(config.model.as_deref())?;
    let specs = displays(&config.display, json, stdout().is_terminal());
    let on_terminal = specs.iter().any(|spec| spec == "terminal");
    ensure!(
        !(on_terminal && json),
        "--json and the display `terminal` both write to standard output; leave one of them out"
    );
    let controls = controls::open(&config.buttons())?;
    let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
    let stale_after = config.health.stale_after()?;
    config.keep.check()?;
    let record = Arc::<Record>::default();
    // Beside a service nobody stands who could mend it, and its label matters more.
    let missing = if service::is_supervised() { Missing::Waits } else { Missing::Ends };
    let _services = Services::start(config, &record, missing)?;
    let displays = specs.iter().map(|spec| open_display(spec)).collect::<Result<Vec<_>, _>>()?;
    if on_terminal && stderr().is_terminal() {
        // Messages would be written across the picture.
        log::set_max_level(log::LevelFilter::Off);
    }
    let stage = Stage::open(displays, "opening the model", Arc::clone(&record), stop);
    let opened = open_in_use(&mut in_use, settings, &config.light);
    let (classifier, lights) = opened.inspect_err(|error| {
        if !error.is::<LightsError>() {
            stage.fail_model(&one_line(error));
        }
    })?;
    if let Some(withdrawn) = &in_use.withdrawn {
        record.notice(&format!("new model {} was taken back", withdrawn.name));
    }
    stage.starting("opening the camera");
    // With a display somebody looks at still pictures; without one their results are what counts.
    let watched = specs.iter().any(|spec| spec != "none");
    let audience = if watched { Audience::Eyes } else { Audience::Results };
    let (source, hint) = match &config.camera {
        Some(spec) => (source::open(spec, audience).inspect_err(|error| stage.fail_camera(error))?, ""),
        None => {
            let DefaultSource { source, sentence, hint } = source::open_default(audience);
            if !on_terminal {
                eprintln!("{sentence}");
            }
            (source, hint)
        }
    };
    let hint = if hint.is_empty() { "Ctrl-C ends".into() } else { hint.into() };
    let format = if json { Format::Json } else { Format::Text };
    let printer = (!on_terminal).then(|| Printer::new(format, Box::new(stdout())));
    let _no_program_stays = EndPrograms;
    log::info!("{} runs as {}", classifier.metadata().name, classifier.form());
    Ok(stage.run(Options {
        keeper: keeper(&config.keep),
        source,
        metadata: classifier.metadata().clone(),
        model_id: model_id(in_use.path.as_deref())?,
        model_file: in_use.path,
        hint,
        input_size: classifier.input_size(),
        classify: |input: &RgbImage| classifier.classify(input),
        smoothing: Smoothing::default(),
        stale_after,
        frames: wishes.frames,
        printer,
        controls,
        lights,
        trial: in_use.trial,
    })?)
}

/// Begins to keep unsure frames, where that is wanted. A disk that takes none is no reason not to classify.
fn keeper(settings: &Keep) -> Option<Keeper> {
    let folder = settings.folder.clone().unwrap_or_else(|| installed::folder(None).join(keep::FOLDER));
    let wanted = settings.unsure_frames.then(|| Keeper::start(settings.clone(), &folder))?;
    wanted.inspect_err(|error| log::warn!("unsure frames are not kept: {error}")).ok()
}

/// Opens the display that `spec` names, in a way that it can be opened again.
fn open_display(spec: &str) -> Result<Display, DisplayError> {
    let panel = panel::open(spec)?;
    let owned = spec.to_owned();
    // A terminal that has gone does not come back; beside it and files somebody reads what the program says.
    let is_device = !matches!(spec, "terminal" | "none") && !spec.starts_with("png:");
    let reopen: Option<OpenPanel> = (spec != "terminal").then(|| Box::new(move || panel::open(&owned)) as OpenPanel);
    Ok(Display { name: panel.describe(), panel, reopen, stands_alone: is_device })
}

/// The displays asked for; without a wish, the terminal if results do not go there as text.
fn displays(wished: &[String], json: bool, terminal: bool) -> Vec<String> {
    match wished {
        [] if terminal && !json => vec!["terminal".into()],
        [] => vec![],
        wished => wished.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::displays;

    #[test]
    fn the_terminal_is_taken_only_where_there_is_one_and_nothing_else_is_asked_for() {
        assert_eq!(displays(&[], false, true), ["terminal"]);
        assert!(displays(&[], true, true).is_empty());
        assert!(displays(&[], false, false).is_empty());
        assert_eq!(displays(&["none".into()], false, true), ["none"]);
    }
}
