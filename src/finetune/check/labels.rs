//! Folders and pictures that look like another class than the one they are in.
//!
//! A head is trained quickly on the backbone's features of some pictures and asked about others: those to train on in
//! turns, a part at a time by all other parts; those to measure with by all that are to train on. What it says against the
//! folder is judged as in confident learning (Northcutt, Jiang & Chuang, "Confident Learning: Estimating Uncertainty in
//! Dataset Labels", 2021): a picture is suspect if it is given another class as surely as that class' own pictures are.

use anyhow::Context;
use rayon::prelude::*;

use super::{
    Options, Side, Survey,
    finding::{Finding, Named, Severity, clause, count},
};
use crate::{
    engine::classifier::likeliest,
    finetune::{
        backbone,
        division::number,
        features::{Backbone, extract, open_store},
        head::{Settings, Trainer, answer, glorot_uniform},
        random::Random,
        samples::{AT_A_TIME, Samples},
        store::{StoreError, precision::Precision},
    },
};

/// Parts that are asked about in turns.
const PARTS: u64 = 4;
/// Pictures of a class to train on, below which nothing is read.
const FEWEST: usize = 10;
/// Mean share of right answers over the classes, below which the backbone says nothing about labels.
const LEAST_TOLD_APART: f64 = 0.7;
/// Share of a folder's pictures that are suspect from which on it is said of the folder.
const MANY: f64 = 0.1;
/// Pictures that a head is trained on at most.
const MOST: usize = 2000;
/// Training steps of a head.
const STEPS: usize = 1000;
const SETTINGS: Settings = Settings { batch: 64, learning_rate: 0.002, dropout: 0.5 };

/// What the features say.
pub struct Reading {
    /// Mean share of right answers over the classes; `None` if nothing was read.
    pub told_apart: Option<f64>,
    pub findings: Vec<Finding>,
}

/// A picture's answer, by heads that were not trained on it.
struct Asked {
    picture: usize,
    probabilities: Vec<f32>,
}

/// Reads the labels of the pictures `seen`; those of one of `groups` are near duplicates.
pub fn read(survey: &Survey, seen: &[usize], groups: &[usize], options: &Options) -> anyhow::Result<Reading> {
    let classes = survey.dataset.classes.len();
    let nothing = |what: String, advice: &str| {
        let findings = vec![Finding::new(Severity::Note, "labels", what, advice)];
        Ok(Reading { told_apart: None, findings })
    };
    let to_train = |class| seen.iter().filter(|&&i| survey.side(i) == Side::Train && survey.class(i) == class).count();
    if (0..classes).any(|class| to_train(class) < FEWEST) {
        let what = format!("with fewer than {FEWEST} pictures of a class, labels were not compared with pictures");
        return nothing(what, "add photographs");
    }
    let (frozen, name) = backbone::read(options.backbone.as_deref())?;
    let network = Backbone::Float(&frozen);
    let kind = network.kind(&name, options.fit, frozen.outputs(), Precision::F32);
    let store = open_store(&kind, options.cache.as_deref(), &std::env::temp_dir())?;
    let files: Vec<_> = seen.iter().map(|&i| survey.file(i)).collect();
    let extracted = extract("features", &files, network, &store, options.limits)?;
    // A picture that changed meanwhile may have none.
    let known = (0..seen.len()).filter(|&place| extracted.rows[place].is_some());
    let places: Vec<usize> = known.collect();
    let rows = extracted.rows.iter().copied().flatten().collect();
    let pictures: Vec<usize> = places.iter().map(|&place| seen[place]).collect();
    let samples = Samples::stored(&store, rows, pictures.iter().map(|&i| survey.class(i)).collect());

    let parts = parts(survey, seen, groups, classes);
    let part = |sample: usize| parts[places[sample]];
    let on = |side| (0..pictures.len()).filter(|&s| survey.side(pictures[s]) == side).collect::<Vec<_>>();
    let (train, valid) = (on(Side::Train), on(Side::Valid));
    let turns: Vec<(Vec<usize>, Vec<usize>)> = (0..PARTS)
        .map(|turn| train.iter().partition::<Vec<usize>, _>(|&&sample| part(sample) != turn))
        .chain([(train.clone(), valid)])
        .collect();
    let answers = turns
        .into_par_iter()
        .map(|(taught, asked)| ask(&samples, classes, &taught, &asked))
        .collect::<Result<Vec<_>, StoreError>>()
        .context("cannot read the features")?;
    let asked: Vec<Asked> = answers
        .into_iter()
        .flatten()
        .map(|(sample, probabilities)| Asked { picture: pictures[sample], probabilities })
        .collect();

    let told_apart = told_apart(survey, &asked, classes);
    if told_apart < LEAST_TOLD_APART {
        let what = format!(
            "the backbone {name} tells these classes apart in {:.0} % of the pictures only, so labels were not compared",
            told_apart * 100.0
        );
        return nothing(what, "take a backbone that knows such pictures, or look through the folders");
    }
    let (mut findings, wrong) = wrong_folders(survey, &asked);
    let in_wrong = |i: usize| wrong.contains(&(survey.side(i), survey.class(i)));
    findings.extend(suspects(survey, asked.iter().filter(|asked| !in_wrong(asked.picture)), &asked));
    Ok(Reading { told_apart: Some(told_apart), findings })
}

/// The part of each picture: near duplicates have the same, else a head would be asked about what it was taught. A class
/// that is in one part almost alone is parted picture by picture.
fn parts(survey: &Survey, seen: &[usize], groups: &[usize], classes: usize) -> Vec<u64> {
    let of = |place: usize| {
        let content = survey.looks[seen[place]].as_ref().map_or(0, |look| number(&look.content));
        content % PARTS
    };
    let mut parts: Vec<u64> = groups.iter().map(|&leader| of(leader)).collect();
    for class in 0..classes {
        let members: Vec<usize> = (0..seen.len())
            .filter(|&place| survey.class(seen[place]) == class && survey.side(seen[place]) == Side::Train)
            .collect();
        let most = (0..PARTS).map(|part| members.iter().filter(|&&place| parts[place] == part).count()).max();
        if most.unwrap_or(0) * 2 > members.len() {
            members.iter().enumerate().for_each(|(turn, &place)| parts[place] = turn as u64 % PARTS);
        }
    }
    parts
}

/// Trains a head on the samples `taught` and gives its answer for each of `asked`.
fn ask(
    samples: &Samples,
    classes: usize,
    taught: &[usize],
    asked: &[usize],
) -> Result<Vec<(usize, Vec<f32>)>, StoreError> {
    let length = samples.length();
    let share = (MOST / classes.max(1)).max(FEWEST);
    let taught: Vec<usize> = (0..classes)
        .flat_map(|class| {
            let members: Vec<usize> = taught.iter().copied().filter(|&s| samples.classes[s] == class).collect();
            let count = share.min(members.len());
            (0..count).map(|i| members[i * members.len() / count]).collect::<Vec<_>>()
        })
        .collect();
    let mut features = vec![0.0; taught.len() * length];
    for (taught, rows) in taught.chunks(AT_A_TIME).zip(features.chunks_mut((AT_A_TIME * length).max(1))) {
        samples.read(taught, rows)?;
    }
    // Backbones differ in the size of their features; a step of Adam does not follow it.
    let squares: f64 = features.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let size = (squares / features.len().max(1) as f64).sqrt().max(1e-12) as f32;
    features.iter_mut().for_each(|feature| *feature /= size);
    let lesson = Samples::in_memory(length, features, taught.iter().map(|&s| samples.classes[s]).collect());
    let mut random = Random::new(1);
    let untrained = glorot_uniform(length, classes, &mut random);
    let mut trainer = Trainer::new(&untrained, SETTINGS, random);
    let steps = taught.len().div_ceil(SETTINGS.batch).max(1);
    for _ in 0..(STEPS / steps).clamp(4, 200) {
        trainer.epoch(&lesson)?;
    }
    let head = trainer.dense();
    let mut answers = Vec::with_capacity(asked.len());
    let mut rows = vec![];
    for asked in asked.chunks(AT_A_TIME) {
        rows.resize(asked.len() * length, 0.0);
        samples.read(asked, &mut rows)?;
        rows.iter_mut().for_each(|feature| *feature /= size);
        answers.extend(asked.iter().zip(rows.chunks_exact(length.max(1))).map(|(&s, row)| (s, answer(&head, row))));
    }
    Ok(answers)
}

/// Mean over the classes of the share of right answers about pictures to train on.
fn told_apart(survey: &Survey, asked: &[Asked], classes: usize) -> f64 {
    let recall = |class| {
        let own = asked.iter().filter(|a| survey.side(a.picture) == Side::Train && survey.class(a.picture) == class);
        let (right, all) = own.fold((0usize, 0usize), |(right, all), asked| {
            (right + usize::from(likeliest(&asked.probabilities).0 == class), all + 1)
        });
        right as f64 / all.max(1) as f64
    };
    (0..classes).map(recall).sum::<f64>() / classes.max(1) as f64
}

/// Folders most of whose pictures look like one other class, and what to say about each.
fn wrong_folders(survey: &Survey, asked: &[Asked]) -> (Vec<Finding>, Vec<(Side, usize)>) {
    let classes = &survey.dataset.classes;
    let (mut findings, mut wrong) = (vec![], vec![]);
    for (side, class) in Side::BOTH.into_iter().flat_map(|side| (0..classes.len()).map(move |class| (side, class))) {
        let mut seen_as = vec![0usize; classes.len()];
        let own = asked.iter().filter(|a| survey.side(a.picture) == side && survey.class(a.picture) == class);
        own.for_each(|asked| seen_as[likeliest(&asked.probabilities).0] += 1);
        let all: usize = seen_as.iter().sum();
        let other = (0..classes.len()).max_by_key(|&other| seen_as[other]).unwrap_or(class);
        if other != class && seen_as[other] * 2 > all {
            let what = format!(
                "{} looks like {}: {} of its {}",
                survey.folder(side, class),
                classes[other],
                seen_as[other],
                count(all, "picture")
            );
            let advice = "open the folder: perhaps two folders were swapped or named wrongly";
            findings.push(Finding::new(Severity::Error, "wrong-folder", what, advice));
            wrong.push((side, class));
        }
    }
    (findings, wrong)
}

/// Pictures that look like another class, the surest first; `all` sets how sure is sure.
fn suspects<'a>(survey: &Survey, asked: impl Iterator<Item = &'a Asked>, all: &[Asked]) -> Vec<Finding> {
    let classes = &survey.dataset.classes;
    let sure: Vec<f64> = (0..classes.len())
        .map(|class| {
            let own = all.iter().filter(|asked| survey.class(asked.picture) == class);
            let (sum, count) =
                own.fold((0.0, 0usize), |(sum, count), asked| (sum + f64::from(asked.probabilities[class]), count + 1));
            sum / count.max(1) as f64
        })
        .collect();
    let mut suspects: Vec<(&Asked, usize)> = asked
        .filter_map(|asked| {
            let (other, probability) = likeliest(&asked.probabilities);
            let suspect = other != survey.class(asked.picture) && f64::from(probability) >= sure[other];
            suspect.then_some((asked, other))
        })
        .collect();
    suspects.sort_by(|(a, x), (b, y)| b.probabilities[*y].total_cmp(&a.probabilities[*x]));
    let mut findings = vec![];
    for (side, class) in Side::BOTH.into_iter().flat_map(|side| (0..classes.len()).map(move |class| (side, class))) {
        let suspect =
            suspects.iter().filter(|(a, _)| survey.side(a.picture) == side && survey.class(a.picture) == class);
        let (suspect, of) = (suspect.count(), survey.members(side, class).count());
        if suspect > 1 && suspect as f64 > MANY * of as f64 {
            let what = format!(
                "{suspect} of {} in {} look like another class",
                count(of, "picture"),
                survey.folder(side, class)
            );
            let advice = "look through the folder; the pictures are named under “worth a look”";
            findings.push(Finding::new(Severity::Warning, "mixed-folder", what, advice));
        }
    }
    if !suspects.is_empty() {
        let what = clause(suspects.len(), "picture", "look like another class, the surest first");
        let named = suspects.iter().map(|(asked, other)| {
            let sure = asked.probabilities[*other] * 100.0;
            Named::new(survey.file(asked.picture), format!("{}? {sure:.0} %", classes[*other]))
        });
        let advice = "move those that are in the wrong folder; the others are merely hard, and belong where they are";
        findings.push(Finding::new(Severity::Note, "suspect", what, advice).about(named.collect()));
    }
    findings
}
