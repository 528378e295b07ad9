//! The confusion matrix as cells of a drawing, and what it says about every class.

use serde::Serialize;

use super::text::{NONE, count, percent, pictures, ratio, shorten};
use crate::finetune::summary::Outcome;

/// Most characters of a class name beside the matrix.
const NAME_LENGTH: usize = 16;

/// Number of classes beyond which the most frequent confusions are listed beside the drawing.
const CROWDED: usize = 8;

/// Most rows of that list.
const MOST_CONFUSIONS: usize = 12;

/// One drawing: rows are the true classes, columns the answers.
#[derive(Debug, Serialize)]
pub struct Matrix {
    title: String,
    description: String,
    width: f64,
    height: f64,
    /// Whether it is too wide to be scaled to a phone.
    wide: bool,
    /// The upper left corner of the cells, and their side.
    left: f64,
    top: f64,
    cell: f64,
    font: f64,
    label_font: f64,
    /// Whether the names over the columns are turned to have room.
    turned: bool,
    labels: Vec<Label>,
    cells: Vec<Cell>,
}

/// Name of a class along both edges.
#[derive(Debug, Serialize)]
struct Label {
    text: String,
    full: String,
    /// Middle of the row and of the column.
    x: f64,
    y: f64,
}

/// Pictures of one class that got one answer.
#[derive(Debug, Serialize)]
struct Cell {
    x: f64,
    y: f64,
    /// Share of the row, 0 to 1, which is how strongly it is shaded.
    share: f64,
    right: bool,
    /// Written into the cell; empty where there is no room, or nothing to say.
    count: String,
    percent: String,
    full: String,
}

/// A pair of classes that the model takes for one another.
#[derive(Debug, Serialize)]
pub struct Confusion {
    truth: String,
    answer: String,
    count: String,
    percent: String,
}

/// How one class fared.
#[derive(Debug, Serialize)]
pub struct ClassRow {
    name: String,
    precision: String,
    recall: String,
    train: String,
    valid: String,
}

/// The drawing of an outcome.
pub fn matrix(title: &str, classes: &[String], outcome: &Outcome) -> Matrix {
    let n = classes.len().max(1) as f64;
    let cell = (180.0 / n.sqrt()).min(730.0 / n).round();
    let label_font = (cell * 0.7).clamp(7.0, 13.0);
    let names: Vec<String> = classes.iter().map(|name| shorten(name, NAME_LENGTH)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
    let name_width = longest * label_font * 0.6;
    let turned = name_width > cell - 6.0;
    let (left, over) = (name_width + 34.0, if turned { name_width * 0.72 + 8.0 } else { 16.0 });
    // A turned name leans out to the right by as much as it is high.
    let (top, beyond) = (over + 28.0, if turned { over } else { 8.0 });
    let (width, height) = (left + n * cell + beyond, top + n * cell + 4.0);
    let most = outcome.confusion.iter().flatten().max().map_or(1, |count| digits(*count));
    let font = (cell * 0.9 / (0.6 * most as f64)).min(cell * 0.42).min(15.0);
    let middle = |i: usize, start: f64| start + (i as f64 + 0.5) * cell;
    let labels = classes.iter().zip(names).enumerate();
    Matrix {
        title: title.into(),
        description: describe(title, classes, outcome),
        width: width.ceil(),
        height: height.ceil(),
        wide: width > 460.0,
        left,
        top,
        cell,
        font,
        label_font,
        turned,
        labels: labels
            .map(|(i, (full, text))| Label { text, full: full.clone(), x: middle(i, left), y: middle(i, top) })
            .collect(),
        cells: pairs(outcome)
            .map(|(truth, answer, number, row)| Cell {
                x: left + answer as f64 * cell,
                y: top + truth as f64 * cell,
                share: number as f64 / row.max(1) as f64,
                right: truth == answer,
                count: if font >= 5.0 && (number > 0 || n <= 4.0) { count(number) } else { String::new() },
                percent: if cell >= 42.0 && (number > 0 || n <= 4.0) {
                    short_ratio(number, row)
                } else {
                    String::new()
                },
                full: format!(
                    "{} taken for {}: {}, {} of the row",
                    name(classes, truth),
                    name(classes, answer),
                    pictures(number),
                    ratio(number, row)
                ),
            })
            .collect(),
    }
}

/// The commonest wrong answers, where there are too many classes to see them in the drawing at once.
pub fn confusions(classes: &[String], outcome: &Outcome) -> Vec<Confusion> {
    if classes.len() <= CROWDED {
        return Vec::new();
    }
    let mut wrong: Vec<_> =
        pairs(outcome).filter(|(truth, answer, number, _)| truth != answer && *number > 0).collect();
    wrong.sort_by_key(|(_, _, number, _)| std::cmp::Reverse(*number));
    wrong.truncate(MOST_CONFUSIONS);
    let row = |(truth, answer, number, row)| Confusion {
        truth: name(classes, truth).into(),
        answer: name(classes, answer).into(),
        count: count(number),
        percent: ratio(number, row),
    };
    wrong.into_iter().map(row).collect()
}

/// Precision and recall of every class, and how many pictures there were of it.
pub fn class_rows(classes: &[String], outcome: &Outcome, train: &[usize], valid: &[usize]) -> Vec<ClassRow> {
    let of = |counts: &[usize], class: usize| count(counts.get(class).copied().unwrap_or(0));
    let row = |(class, name): (usize, &String)| {
        let (mut answered, mut there, mut right) = (0, 0, 0);
        for (truth, answer, number, _) in pairs(outcome) {
            answered += if answer == class { number } else { 0 };
            there += if truth == class { number } else { 0 };
            right += if truth == class && answer == class { number } else { 0 };
        }
        ClassRow {
            name: name.clone(),
            precision: short_ratio(right, answered),
            recall: short_ratio(right, there),
            train: of(train, class),
            valid: of(valid, class),
        }
    };
    classes.iter().enumerate().map(row).collect()
}

/// Name of a class, or its number where it has none.
pub fn name(classes: &[String], class: usize) -> std::borrow::Cow<'_, str> {
    classes.get(class).map_or_else(|| format!("class {class}").into(), |name| name.as_str().into())
}

/// Every cell as truth, answer, its count, and the count of its row.
fn pairs(outcome: &Outcome) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    outcome.confusion.iter().enumerate().flat_map(|(truth, row)| {
        let all = row.iter().sum();
        row.iter().enumerate().map(move |(answer, number)| (truth, answer, *number, all))
    })
}

/// A percentage with one decimal, so that it has room in a cell and a column is of one form.
fn short_ratio(part: usize, whole: usize) -> String {
    if whole == 0 { NONE.into() } else { percent(part as f64 / whole as f64, 1) }
}

/// Characters of a number with its commas.
fn digits(number: usize) -> usize {
    count(number).len()
}

/// The drawing in words: all of it for few classes, else how large it is.
fn describe(title: &str, classes: &[String], outcome: &Outcome) -> String {
    if classes.len() > 4 {
        return format!(
            "Confusion matrix of the {title} model over {} classes; the table of classes sums it up.",
            classes.len()
        );
    }
    let cells: Vec<_> = pairs(outcome)
        .map(|(truth, answer, number, _)| {
            format!("{} taken for {}: {}", name(classes, truth), name(classes, answer), count(number))
        })
        .collect();
    format!("Confusion matrix of the {title} model. {}.", cells.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("class number {i} of the many there are")).collect()
    }

    #[test]
    fn precision_and_recall_are_those_of_the_definition() {
        // 8 of 10 cats are found; 8 of the 11 answers "cat" are right.
        let outcome = Outcome { accuracy: 0.75, confusion: vec![vec![8, 2], vec![3, 7]] };
        let classes = ["cat".to_string(), "dog".to_string()];
        let rows = class_rows(&classes, &outcome, &[1200, 900], &[10]);
        assert_eq!((rows[0].precision.as_str(), rows[0].recall.as_str()), ("72.7%", "80.0%"));
        assert_eq!((rows[1].precision.as_str(), rows[1].recall.as_str()), ("77.8%", "70.0%"));
        assert_eq!((rows[0].train.as_str(), rows[0].valid.as_str(), rows[1].valid.as_str()), ("1,200", "10", "0"));
        let drawn = matrix("int8", &classes, &outcome);
        assert_eq!((drawn.cells[1].count.as_str(), drawn.cells[1].percent.as_str()), ("2", "20.0%"));
        assert_eq!(drawn.cells[1].full, "cat taken for dog: 2 pictures, 20.0% of the row");
        assert!(drawn.cells[0].right && !drawn.cells[1].right);
    }

    #[test]
    fn every_size_fits_its_drawing() {
        for n in [1, 2, 3, 5, 10, 20, 50] {
            let outcome = Outcome { accuracy: 1.0, confusion: vec![vec![1234; n]; n] };
            let drawn = matrix("int8", &names(n), &outcome);
            let end = drawn.left + n as f64 * drawn.cell;
            assert!(end <= drawn.width && drawn.top + n as f64 * drawn.cell <= drawn.height, "{n}");
            assert!(drawn.width <= 1016.0, "{n} classes take {}", drawn.width);
            assert_eq!(drawn.cells.len(), n * n);
            assert!(drawn.labels.iter().all(|l| l.text.chars().count() <= NAME_LENGTH));
            assert!(0.6 * drawn.font * 5.0 <= drawn.cell, "{n}: {} in {}", drawn.font, drawn.cell);
        }
    }

    #[test]
    fn empty_rows_and_columns_have_no_percentage() {
        let outcome = Outcome { accuracy: 0.0, confusion: vec![vec![0, 0], vec![5, 0]] };
        let rows = class_rows(&names(2), &outcome, &[0, 0], &[0, 5]);
        assert_eq!((rows[0].precision.as_str(), rows[0].recall.as_str()), ("0.0%", "–"));
        assert_eq!((rows[1].precision.as_str(), rows[1].recall.as_str()), ("–", "0.0%"));
        assert!(matrix("int8", &names(2), &outcome).cells.iter().all(|cell| cell.share.is_finite()));
    }

    #[test]
    fn the_commonest_confusions_come_first() {
        let mut confusion = vec![vec![0; 9]; 9];
        confusion[2][3] = 4;
        confusion[5][1] = 9;
        confusion[7][7] = 100;
        let outcome = Outcome { accuracy: 0.0, confusion };
        let list = confusions(&names(9), &outcome);
        assert_eq!(list.iter().map(|c| c.count.as_str()).collect::<Vec<_>>(), ["9", "4"]);
        assert!(list[0].truth.contains("number 5") && list[0].answer.contains("number 1"));
        assert!(confusions(&names(2), &Outcome::of(2, [(0, 1)])).is_empty());
    }
}
