//! Which class is taken for which.

use serde::Serialize;

use super::matrix::{self, pairs};
use crate::finetune::{
    report::{
        render::{Section, render},
        text::{count, name, ratio},
    },
    summary::Outcome,
};

/// Most pairs of classes that are listed.
const MOST_PAIRS: usize = 12;

/// Number of classes beyond which only the first outcome is drawn.
const ONE_DRAWING: usize = 12;

/// Two classes that the model takes for one another.
#[derive(Debug, PartialEq, Serialize)]
struct Mixed {
    first: String,
    second: String,
    /// Pictures of the first taken for the second, and the other way round.
    forth: String,
    back: String,
    /// Share of the pictures of both.
    share: String,
}

/// The confusion matrices of named outcomes, and the most confusing pairs of the first.
pub fn section(classes: &[String], outcomes: &[(&str, &Outcome)]) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        matrices: Vec<String>,
        pairs: Vec<Mixed>,
        crowded: bool,
    }
    let drawn = if classes.len() > ONE_DRAWING { 1 } else { outcomes.len() };
    let matrices = outcomes.iter().take(drawn).map(|(title, outcome)| matrix::draw(title, classes, outcome));
    let data = Data {
        matrices: matrices.collect::<Result<_, _>>()?,
        pairs: outcomes.first().map_or(vec![], |(_, outcome)| mixed(classes, outcome)),
        crowded: classes.len() > ONE_DRAWING,
    };
    let body = render("confusion", include_str!("confusion.html"), data)?;
    Ok(Section { id: "confusion", heading: "Which class is taken for which", short: "Confusion", body })
}

/// The pairs of classes with the most mistakes between them, where there is more than one pair.
fn mixed(classes: &[String], outcome: &Outcome) -> Vec<Mixed> {
    let cell = |truth: usize, answer: usize| outcome.confusion.get(truth).and_then(|row| row.get(answer)).copied();
    let mut found: Vec<(usize, usize, usize)> = pairs(outcome)
        .filter(|pair| pair.truth < pair.answer)
        .map(|pair| (pair.pictures + cell(pair.answer, pair.truth).unwrap_or(0), pair.truth, pair.answer))
        .filter(|(mistakes, ..)| *mistakes > 0)
        .collect();
    if classes.len() < 3 {
        return vec![];
    }
    found.sort_by_key(|(mistakes, ..)| std::cmp::Reverse(*mistakes));
    found.truncate(MOST_PAIRS);
    let all = |class: usize| outcome.confusion.get(class).map_or(0, |row| row.iter().sum::<usize>());
    let row = |(mistakes, mut first, mut second): (usize, usize, usize)| {
        let taken = |truth, answer| cell(truth, answer).unwrap_or(0);
        if taken(first, second) < taken(second, first) {
            (first, second) = (second, first);
        }
        Mixed {
            first: name(classes, first).into(),
            second: name(classes, second).into(),
            forth: count(taken(first, second)),
            back: count(taken(second, first)),
            share: ratio(mistakes, all(first) + all(second)),
        }
    };
    found.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_confusing_pairs_come_first() {
        let classes: Vec<String> = (0..9).map(|i| format!("class{i}")).collect();
        let mut confusion = vec![vec![0; 9]; 9];
        confusion[2][3] = 4;
        confusion[5][1] = 6;
        confusion[1][5] = 2;
        confusion[1][1] = 92;
        confusion[7][7] = 100;
        let list = mixed(&classes, &Outcome { accuracy: 0.0, confusion });
        let pairs: Vec<_> = list.iter().map(|m| (m.first.as_str(), m.second.as_str())).collect();
        assert_eq!(pairs, [("class5", "class1"), ("class2", "class3")]);
        assert_eq!((list[0].forth.as_str(), list[0].back.as_str(), list[0].share.as_str()), ("6", "2", "8.0%"));
        assert!(mixed(&classes[..2], &Outcome::of(2, [(0, 1)])).is_empty());
    }
}
