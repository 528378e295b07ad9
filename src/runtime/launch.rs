//! `vggcam run`: puts together what the user asked for, or what the machine has.

use std::{
    io::{IsTerminal, stderr, stdout},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use super::{
    decide::Smoothing,
    live::{self, Options, Summary},
    publish::{Format, Publisher},
    signals,
};
use crate::{
    camera::source::{self, Audience, DefaultCamera},
    display::{Panel, panel},
    engine::{classifier::Classifier, open::Settings},
};

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Model file; the bundled one if `None`.
    pub model: Option<PathBuf>,
    /// Camera SPEC; the first camera that works, else the bundled pictures, if `None`.
    pub camera: Option<String>,
    /// Display SPECs; the terminal, where there is one, if empty.
    pub displays: Vec<String>,
    /// Results after which the run ends.
    pub frames: Option<u64>,
    /// Whether results are written as JSON lines.
    pub json: bool,
    /// How the model runs.
    pub settings: Settings,
}

/// Opens the model at `path`, or the bundled one.
pub fn open_model(path: Option<&Path>, settings: Settings) -> anyhow::Result<Classifier> {
    Ok(match path {
        Some(path) => Classifier::open(path, settings)?,
        None => Classifier::bundled(settings)?,
    })
}

/// Runs until the source ends, enough results are there, or the user stops it.
pub fn run(wishes: &Wishes) -> anyhow::Result<Summary> {
    let specs = displays(&wishes.displays, wishes.json, stdout().is_terminal());
    let on_terminal = specs.iter().any(|spec| spec == "terminal");
    ensure!(
        !(on_terminal && wishes.json),
        "--json and the display `terminal` both write to standard output; leave one of them out"
    );
    let classifier = open_model(wishes.model.as_deref(), wishes.settings)?;
    // With a display somebody looks at still pictures; without one their results are what counts.
    let watched = specs.iter().any(|spec| spec != "none");
    let audience = if watched { Audience::Eyes } else { Audience::Results };
    let (camera, hint) = match &wishes.camera {
        Some(spec) => (source::open_for(spec, audience)?, ""),
        None => {
            let DefaultCamera { camera, sentence, hint } = source::open_default(audience);
            eprintln!("{sentence}");
            (camera, hint)
        }
    };
    let hint = if hint.is_empty() { "Ctrl-C ends".into() } else { hint.into() };
    let stop = signals::stop_on_signals().context("cannot listen for Ctrl-C")?;
    let panels = specs.iter().map(|spec| panel::open(spec)).collect::<Result<Vec<Box<dyn Panel>>, _>>()?;
    if on_terminal && stderr().is_terminal() {
        // Messages would be written across the picture.
        log::set_max_level(log::LevelFilter::Off);
    }
    let format = if wishes.json { Format::Json } else { Format::Text };
    let publisher = (!on_terminal).then(|| Publisher::new(format, Box::new(stdout())));
    log::info!("{} runs as {}", classifier.metadata().name, classifier.form());
    Ok(live::run(Options {
        camera,
        panels,
        metadata: classifier.metadata().clone(),
        hint,
        classify: |picture: &image::RgbImage| classifier.classify(picture),
        smoothing: Smoothing::default(),
        frames: wishes.frames,
        publisher,
        stop,
    })?)
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
