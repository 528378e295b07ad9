//! `finetune check`: whether a data set is fit to learn from, before a training run says so.
//!
//! | file | holds |
//! |---|---|
//! | [`finding`] | what is said: a severity, what is wrong, what to do, which pictures |
//! | [`pictures`] | files that cannot be read, damaged, tiny, blank or overlooked pictures |
//! | [`counts`] | how many pictures each class has on each side |
//! | [`copies`] | the same picture, or nearly, on both sides, in two classes, or twice |
//! | [`labels`] | folders and pictures that look like another class |
//! | [`text`] | the report for people |

mod copies;
mod counts;
pub mod finding;
mod labels;
mod pictures;
pub mod text;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    dataset::{self, Dataset},
    labelled::Labelled,
    looks::{Album, Look, near::Near},
    pipeline::Limits,
};
use crate::model::metadata::Fit;
use finding::{Finding, Severity};

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data set.
    pub data: PathBuf,
    /// Whether pictures are held against what their neighbours say, which needs their features.
    pub read_labels: bool,
    /// Backbone file; the bundled one if `None`.
    pub backbone: Option<PathBuf>,
    /// How pictures are fitted to the backbone's input.
    pub fit: Fit,
    /// Folder of the cache; `None` keeps nothing.
    pub cache: Option<PathBuf>,
    /// Memory and threads.
    pub limits: Limits,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The data set.
    pub data: PathBuf,
    /// Class names in folder order; none if the folders are no data set.
    pub classes: Vec<String>,
    /// Pictures to train on, per class, readable or not.
    pub train_images: Vec<usize>,
    /// Pictures to measure with, per class, readable or not.
    pub valid_images: Vec<usize>,
    /// Whether the pictures to measure with are held back of the others, for there is no `valid/`.
    pub held_back: bool,
    /// How well the backbone tells the classes apart, 0 to 1, as mean over the classes; `None` if that was not read.
    pub told_apart: Option<f64>,
    /// Everything to say, errors first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Findings because of which a training run would mislead.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }
}

/// Which side of a data set a picture is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Train,
    Valid,
}

impl Side {
    const BOTH: [Side; 2] = [Side::Train, Side::Valid];

    fn name(self) -> &'static str {
        match self {
            Side::Train => "train",
            Side::Valid => "valid",
        }
    }
}

/// All pictures of a data set, with what they look like.
struct Survey<'a> {
    dataset: &'a Dataset,
    /// Those to train on, then those to measure with.
    pictures: Vec<&'a Labelled>,
    looks: Vec<Result<Look, String>>,
}

impl Survey<'_> {
    fn side(&self, picture: usize) -> Side {
        if picture < self.dataset.train.len() { Side::Train } else { Side::Valid }
    }

    fn file(&self, picture: usize) -> &Path {
        &self.pictures[picture].file
    }

    fn class(&self, picture: usize) -> usize {
        self.pictures[picture].class
    }

    /// Pictures of a class on one side.
    fn members(&self, side: Side, class: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.pictures.len()).filter(move |&i| self.side(i) == side && self.class(i) == class)
    }

    /// How messages call the pictures of a class on one side.
    fn folder(&self, side: Side, class: usize) -> String {
        let class = &self.dataset.classes[class];
        match (&self.dataset.divided, side) {
            (None, _) => format!("{}/{class}", side.name()),
            (Some(_), Side::Train) => class.clone(),
            (Some(_), Side::Valid) => format!("{class} (held back)"),
        }
    }
}

/// Looks for everything that is wrong with a data set.
pub fn check(options: &Options) -> anyhow::Result<Report> {
    let dataset = match dataset::open(&options.data, None, options.cache.as_deref()) {
        Ok(dataset) => dataset,
        Err(error) => {
            let finding = Finding::new(Severity::Error, "layout", error.to_string(), "nothing else was looked at");
            return Ok(Report { data: options.data.clone(), findings: vec![finding], ..Report::default() });
        }
    };
    let pictures: Vec<&Labelled> = dataset.train.iter().chain(&dataset.valid).collect();
    let looks = Album::open(options.cache.as_deref())?.look_at(&pictures)?;
    let survey = Survey { dataset: &dataset, pictures, looks };
    let seen: Vec<usize> = (0..survey.pictures.len()).filter(|&i| survey.looks[i].is_ok()).collect();
    let near = Near::among(&survey.looks.iter().flatten().collect::<Vec<_>>());

    let mut findings = pictures::findings(&survey, &options.data)?;
    findings.extend(counts::findings(&survey));
    findings.extend(copies::findings(&survey, &seen, &near));
    let mut told_apart = None;
    if options.read_labels {
        let reading = labels::read(&survey, &seen, &near.groups(), options)?;
        told_apart = reading.told_apart;
        findings.extend(reading.findings);
    }
    // The order within a severity stays.
    findings.sort_by_key(|finding| finding.severity);
    let per_class =
        |side| (0..dataset.classes.len()).map(|class| survey.members(side, class).count()).collect::<Vec<_>>();
    Ok(Report {
        data: options.data.clone(),
        train_images: per_class(Side::Train),
        valid_images: per_class(Side::Valid),
        held_back: dataset.divided.is_some(),
        told_apart,
        findings,
        classes: dataset.classes,
    })
}
