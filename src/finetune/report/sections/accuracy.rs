//! How often the answers are right.

use serde::Serialize;

use crate::finetune::{
    report::{
        render::{Section, render},
        text::{NONE, all_and_right, count, interval, percent, pictures, points},
    },
    summary::Outcome,
};

/// Accuracy of a model, large.
#[derive(Debug, Serialize)]
pub struct Tile {
    title: &'static str,
    what: &'static str,
    pub figure: String,
    pub note: String,
    /// Between which shares the accuracy on other such pictures lies, most likely.
    range: String,
}

/// The accuracy of both models of a training run.
pub fn of_training(int8: &Outcome, float: &Outcome) -> anyhow::Result<Section> {
    section(vec![
        tile("int8", "which the board runs", int8),
        tile("float", "which was trained", float),
        difference(float, int8),
    ])
}

/// The accuracy of one model.
pub fn of_evaluation(outcome: &Outcome) -> anyhow::Result<Section> {
    section(vec![tile("accuracy", "on these pictures", outcome)])
}

fn section(tiles: Vec<Tile>) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        tiles: Vec<Tile>,
    }
    let body = render("accuracy", include_str!("accuracy.html"), Data { tiles })?;
    Ok(Section { id: "accuracy", heading: "How often it is right", short: "Accuracy", body })
}

fn tile(title: &'static str, what: &'static str, outcome: &Outcome) -> Tile {
    let (all, right) = all_and_right(outcome);
    Tile {
        title,
        what,
        figure: if all == 0 { NONE.into() } else { percent(outcome.accuracy, all) },
        note: format!("{} of {} right", count(right), pictures(all)),
        range: if all == 0 { String::new() } else { interval(right, all) },
    }
}

fn difference(float: &Outcome, int8: &Outcome) -> Tile {
    let (all, right) = all_and_right(int8);
    let figure = points(float.accuracy, int8.accuracy, all);
    let note = verdict(all, all_and_right(float).1, right);
    Tile { title: "difference", what: "in percentage points", figure, note, range: String::new() }
}

/// What the difference between float and int8 comes to in pictures.
fn verdict(all: usize, float: usize, int8: usize) -> String {
    match int8.abs_diff(float) {
        _ if all == 0 => "There were no validation pictures to compare on.".into(),
        0 => "Both get the same number of pictures right.".into(),
        n if int8 < float => format!("int8 gets {} fewer right.", pictures(n)),
        n => format!("int8 gets {} more right.", pictures(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_compare_float_with_int8() {
        let float = Outcome { accuracy: 0.975, confusion: vec![vec![20, 0], vec![1, 19]] };
        let int8 = Outcome { accuracy: 0.925, confusion: vec![vec![19, 1], vec![2, 18]] };
        assert_eq!((tile("", "", &float).figure, tile("", "", &int8).figure), ("97.5%".into(), "92.5%".into()));
        let apart = difference(&float, &int8);
        assert_eq!((apart.figure.as_str(), apart.note.as_str()), ("−5.0", "int8 gets 2 pictures fewer right."));
        assert_eq!(tile("", "", &int8).note, "37 of 40 pictures right");
        // Wilson's interval of 37 in 40.
        assert_eq!(tile("", "", &int8).range, "80.1% to 97.4%");
        let none = tile("", "", &Outcome::of(2, []));
        assert_eq!((none.figure.as_str(), none.range.as_str()), (NONE, ""));
    }
}
