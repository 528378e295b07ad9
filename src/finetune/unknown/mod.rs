//! What a model takes for none of its classes: fits its [`Familiarity`] and measures it on pictures that it was not fitted on.
//!
//! | file | holds |
//! |---|---|
//! | [`describe`] | the features that describe a picture: of training and validation pictures, negatives, corners |
//! | [`gather`] | which pictures are described |
//! | [`discriminant`] | weights that tell class features from those of other pictures |
//! | [`threshold`] | below what the answer is unknown, and what that does to either kind of pictures |
//!
//! Other pictures are the user's negatives. Where there are none, corners cut out of the training pictures stand for them:
//! they show much of what surrounds the classes and little of the classes.

pub mod describe;
pub mod discriminant;
pub mod gather;
pub mod threshold;

use anyhow::ensure;
use serde::Serialize;

use crate::{finetune::share::Share, model::familiarity::Familiarity};
use discriminant::{Discriminant, Known};
use threshold::{Fold, Point, curve, held_out, threshold};

/// Share of validation pictures that stay known by default, where there are negatives to set against them.
pub const ACCEPT_AGAINST_NEGATIVES: f64 = 0.95;
/// The same where nothing says how much is won by it.
pub const ACCEPT_ALONE: f64 = 0.99;
/// Fewest negatives that say anything.
pub const FEWEST_NEGATIVES: usize = 8;

/// Descriptions of pictures, as [`describe`] makes them.
pub struct Pictures<'a> {
    /// Convolutions behind whose max pools the features are.
    pub layers: Vec<String>,
    /// Of training pictures, class by class.
    pub known: &'a [Vec<Vec<f32>>],
    /// Of validation pictures.
    pub valid: &'a [Vec<f32>],
    /// Of pictures of none of the classes.
    pub others: &'a [Vec<f32>],
    /// Whether these are the user's negatives, and no corners.
    pub negatives: bool,
}

/// How unknown pictures were told, and how well, as the report shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unknown {
    /// Share of validation pictures that the threshold was to keep known.
    pub accept: f64,
    /// Familiarity below which the answer is `unknown`.
    pub threshold: f32,
    /// Pictures of none of the classes that the user gave; without them, corners of training pictures stood for them.
    pub negatives: usize,
    /// Validation pictures that became unknown. Each half of the pictures was measured with what was fitted on the other half.
    pub false_rejects: Share,
    /// Negatives that did not become unknown, measured likewise; `None` where none were given.
    pub false_accepts: Option<Share>,
    /// What other shares would have given, measured likewise, from the smallest share to the largest.
    pub curve: Vec<Point>,
}

impl Unknown {
    /// What a model's own `threshold` does to pictures of its classes and to negatives, by their familiarities.
    pub fn at(threshold: f32, known: &[f32], negatives: &[f32]) -> Self {
        let below = |scores: &[f32]| scores.iter().filter(|&&score| score < threshold).count();
        let false_rejects = Share::new(below(known), known.len());
        let accepted = negatives.len() - below(negatives);
        let folds = [Fold { fitted: known.to_vec(), valid: known.to_vec(), negatives: negatives.to_vec() }];
        Unknown {
            accept: 1.0 - false_rejects.share(),
            threshold,
            negatives: negatives.len(),
            false_rejects,
            false_accepts: (!negatives.is_empty()).then(|| Share::new(accepted, negatives.len())),
            curve: curve(&folds),
        }
    }
}

/// Fits what tells unknown pictures so that the share `accept` of the validation pictures stays known.
pub fn fit(pictures: &Pictures, accept: f64) -> anyhow::Result<(Familiarity, Unknown)> {
    let Pictures { layers, known, valid, others, negatives } = pictures;
    ensure!(
        !negatives || others.len() >= FEWEST_NEGATIVES,
        "only {} negatives can be read; give {FEWEST_NEGATIVES} or more, better a hundred, or none",
        others.len()
    );
    let known = Known::of(known);
    let whole = Discriminant::fit(&known, others)?;
    let scores: Vec<f32> = valid.iter().map(|row| whole.of(row)).collect();
    let threshold = threshold(&scores, accept);
    let halves = match negatives {
        true => [halves(others, 0), halves(others, 1)].map(|half| Discriminant::fit(&known, &half)),
        false => [Ok(whole.clone()), Ok(whole.clone())],
    };
    let [first, second] = halves;
    let measured = if *negatives { *others } else { &[] };
    let folds = held_out(&[first?, second?], valid, measured);
    let point = Point::of(&folds, accept);
    let unknown = Unknown {
        accept,
        threshold,
        negatives: measured.len(),
        false_rejects: point.false_rejects,
        false_accepts: point.false_accepts,
        curve: curve(&folds),
    };
    let Discriminant { bias, weights } = whole;
    Ok((Familiarity { threshold, layers: layers.clone(), bias, weights }, unknown))
}

/// Every other row, from the first or the second on.
fn halves(rows: &[Vec<f32>], from: usize) -> Vec<Vec<f32>> {
    rows.iter().skip(from).step_by(2).cloned().collect()
}

/// What the user reads about it at the end of training.
pub fn closing_words(unknown: &Unknown) -> String {
    let rejects = format!("{} of photographs of the classes become unknown", unknown.false_rejects);
    match &unknown.false_accepts {
        Some(accepts) => format!("unknown: {rejects}, {accepts} of negatives do not\n"),
        None => format!("unknown: {rejects}; --negatives FOLDER would show how many others do\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::random::Random;

    /// A cloud of `count` points around `centre`.
    fn cloud(random: &mut Random, centre: [f32; 3], count: usize) -> Vec<Vec<f32>> {
        (0..count).map(|_| centre.map(|value| value + random.unit() + random.unit() - 1.0).to_vec()).collect()
    }

    #[test]
    fn what_lies_apart_is_told_and_measured() {
        let mut random = Random::new(4);
        let (cats, dogs) = ([9.0, 4.0, 4.0], [4.0, 9.0, 4.0]);
        let known = [cloud(&mut random, cats, 60), cloud(&mut random, dogs, 60)];
        let valid = [cloud(&mut random, cats, 40), cloud(&mut random, dogs, 40)].concat();
        let others = cloud(&mut random, [5.0, 5.0, 8.0], 50);
        let pictures =
            Pictures { layers: vec!["a".into()], known: &known, valid: &valid, others: &others, negatives: true };
        let (familiarity, unknown) = fit(&pictures, 0.95).unwrap();
        assert_eq!(familiarity.check(), Ok(()));
        assert_eq!(valid.iter().filter(|row| familiarity.of(row) < familiarity.threshold).count(), 4);
        assert!(others.iter().all(|row| familiarity.of(row) < familiarity.threshold));
        let rejects = &unknown.false_rejects;
        assert!(rejects.of == 80 && rejects.low < 0.05 && rejects.high > 0.05, "{rejects:?}");
        assert_eq!(unknown.false_accepts.map(|share| (share.count, share.of)), Some((0, 50)));
        let scores = |rows: &[Vec<f32>]| rows.iter().map(|row| familiarity.of(row)).collect::<Vec<_>>();
        let again = Unknown::at(familiarity.threshold, &scores(&valid), &scores(&others));
        assert_eq!((again.false_rejects.count, again.accept), (4, 0.95));
        assert_eq!(again.false_accepts.map(|share| share.count), Some(0));
        let few = Pictures { others: &others[..3], ..pictures };
        assert!(fit(&few, 0.95).unwrap_err().to_string().contains("only 3 negatives"));
    }
}
