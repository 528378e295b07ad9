//! How each class fared.

use serde::Serialize;

use super::matrix::pairs;
use crate::finetune::{
    report::{
        plot::tenth,
        render::{Section, render},
        text::{NONE, count, interval, percent},
    },
    share::Share,
    summary::Outcome,
};

/// Number of classes beyond which the weakest are shown first and the others are folded away.
const FOLDED: usize = 24;

/// How many of the weakest are shown then.
const WEAKEST: usize = 12;

/// One class.
#[derive(Clone, Debug, Serialize)]
struct Row {
    name: String,
    /// Share of its pictures that are found, and the ends of its 95 % interval in percent of the whole width.
    recall: String,
    middle: f64,
    low: f64,
    span: f64,
    range: String,
    /// Share of the answers with it that are right.
    precision: String,
    /// Pictures it was trained on; empty where that is not known.
    train: String,
    measured: String,
}

/// A line for each class of an outcome; `train` has the training pictures of each, where they are known.
pub fn section(classes: &[String], outcome: &Outcome, train: Option<&[usize]>) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        /// All classes in their order, or the weakest first.
        shown: Vec<Row>,
        /// All classes, where not all are shown.
        folded: Vec<Row>,
        trained: bool,
        train: String,
        measured: String,
    }
    let rows = rows(classes, outcome, train);
    let mut weakest = rows.clone();
    if rows.len() > FOLDED {
        // Classes without pictures have nothing to be weak in.
        weakest.retain(|row| row.recall != NONE);
        weakest.sort_by(|a, b| a.middle.total_cmp(&b.middle));
        weakest.truncate(WEAKEST);
    }
    let data = Data {
        folded: if rows.len() > FOLDED { rows } else { vec![] },
        shown: weakest,
        trained: train.is_some(),
        train: count(train.unwrap_or_default().iter().sum()),
        measured: count(outcome.confusion.iter().flatten().sum()),
    };
    let body = render("classes", include_str!("classes.html"), data)?;
    Ok(Section { id: "classes", heading: "Class by class", short: "Classes", body })
}

fn rows(classes: &[String], outcome: &Outcome, train: Option<&[usize]>) -> Vec<Row> {
    let (mut answered, mut there, mut right) = (vec![0; classes.len()], vec![0; classes.len()], vec![0; classes.len()]);
    for pair in pairs(outcome).filter(|pair| pair.truth < classes.len() && pair.answer < classes.len()) {
        answered[pair.answer] += pair.pictures;
        there[pair.truth] += pair.pictures;
        right[pair.truth] += if pair.truth == pair.answer { pair.pictures } else { 0 };
    }
    let share = |part: usize, whole: usize| match whole {
        0 => NONE.into(),
        _ => percent(part as f64 / whole as f64, 1),
    };
    let row = |(class, name): (usize, &String)| {
        let (right, there) = (right[class], there[class]);
        // Nothing is drawn where nothing was measured.
        let (low, high) = match Share::new(right, there) {
            Share { of: 0, .. } => (0.0, 0.0),
            Share { low, high, .. } => (low, high),
        };
        Row {
            name: name.clone(),
            recall: share(right, there),
            middle: tenth(right as f64 / there.max(1) as f64 * 100.0),
            low: tenth(low * 100.0),
            span: tenth((high - low) * 100.0),
            range: if there == 0 { NONE.into() } else { interval(right, there) },
            precision: share(right, answered[class]),
            train: train.map_or(String::new(), |train| count(train.get(class).copied().unwrap_or(0))),
            measured: count(there),
        }
    };
    classes.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("class{i}")).collect()
    }

    #[test]
    fn precision_and_recall_are_those_of_the_definition() {
        // 8 of 10 of the first are found; 8 of the 11 answers with it are right.
        let outcome = Outcome { accuracy: 0.75, confusion: vec![vec![8, 2], vec![3, 7]] };
        let rows = rows(&names(2), &outcome, Some(&[1200]));
        assert_eq!((rows[0].precision.as_str(), rows[0].recall.as_str()), ("72.7%", "80.0%"));
        assert_eq!((rows[1].precision.as_str(), rows[1].recall.as_str()), ("77.8%", "70.0%"));
        assert_eq!((rows[0].train.as_str(), rows[1].train.as_str(), rows[1].measured.as_str()), ("1,200", "0", "10"));
        // Wilson's interval of 8 in 10.
        assert_eq!((rows[0].range.as_str(), rows[0].low), ("49.0% to 94.3%", 49.0));
    }

    #[test]
    fn empty_rows_and_columns_have_no_percentage() {
        let outcome = Outcome { accuracy: 0.0, confusion: vec![vec![0, 0], vec![5, 0]] };
        let rows = rows(&names(2), &outcome, None);
        assert_eq!((rows[0].precision.as_str(), rows[0].recall.as_str(), rows[0].range.as_str()), ("0.0%", NONE, NONE));
        assert_eq!((rows[1].precision.as_str(), rows[1].recall.as_str()), (NONE, "0.0%"));
    }

    #[test]
    fn of_many_classes_the_weakest_come_first() {
        let mut confusion = vec![vec![0; 100]; 100];
        (0..100).for_each(|class| confusion[class][class] = 10);
        (confusion[70][70], confusion[70][1]) = (2, 8);
        let body = section(&names(100), &Outcome { accuracy: 0.9, confusion }, None).unwrap().body;
        assert!(body.find("class70<").unwrap() < body.find("class0<").unwrap());
        assert!(body.contains("All 100 classes") && !body.contains("Training"));
    }
}
