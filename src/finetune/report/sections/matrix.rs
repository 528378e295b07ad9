//! The confusion matrix as cells of a drawing.

mod shade;

use serde::Serialize;

use shade::{Shade, shade};

use crate::finetune::{
    report::{
        plot::tenth,
        render::render,
        text::{count, name, percent, pictures, ratio, shorten},
    },
    summary::Outcome,
};

/// Most characters of a class name beside the matrix.
const NAME_LENGTH: usize = 16;

/// Number of classes beyond which only cells with pictures are drawn, without names and numbers.
const CROWDED: usize = 50;

/// Most cells of a crowded drawing, the fullest ones, and the width of them all together.
const MOST_CELLS: usize = 20_000;
const CROWDED_WIDTH: f64 = 720.0;

/// One drawing: rows are the true classes, columns the answers.
#[derive(Debug, Serialize)]
pub struct Matrix {
    title: String,
    description: String,
    width: f64,
    height: f64,
    /// Whether it is too wide to be scaled to a phone.
    wide: bool,
    /// The upper left corner of the cells, the side of a cell, of all of them, and the gap between two.
    left: f64,
    top: f64,
    cell: f64,
    side: f64,
    gap: f64,
    font: f64,
    label_font: f64,
    /// Whether the names over the columns are turned to have room.
    turned: bool,
    /// Empty where there is no room for them.
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
    /// Share of the row, 0 to 1.
    share: f64,
    /// How strongly it is shaded for that.
    shade: Shade,
    right: bool,
    /// Written into the cell; empty where there is no room, or nothing to say.
    count: String,
    percent: String,
    full: String,
}

/// Every pair of classes: the true one, the answered one, their pictures, and those of the true class.
pub struct Pair {
    pub truth: usize,
    pub answer: usize,
    pub pictures: usize,
    pub of: usize,
}

/// All cells of a matrix, row by row.
pub fn pairs(outcome: &Outcome) -> impl Iterator<Item = Pair> {
    outcome.confusion.iter().enumerate().flat_map(|(truth, row)| {
        let of = row.iter().sum();
        row.iter().enumerate().map(move |(answer, &pictures)| Pair { truth, answer, pictures, of })
    })
}

/// The drawing of an outcome as HTML.
pub fn draw(title: &str, classes: &[String], outcome: &Outcome) -> anyhow::Result<String> {
    render("matrix", include_str!("matrix.html"), matrix(title, classes, outcome))
}

fn matrix(title: &str, classes: &[String], outcome: &Outcome) -> Matrix {
    if classes.len() > CROWDED {
        return crowded(title, classes, outcome);
    }
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
    let most = outcome.confusion.iter().flatten().max().map_or(1, |number| count(*number).len());
    let font = (cell * 0.9 / (0.6 * most as f64)).min(cell * 0.42).min(15.0);
    let middle = |i: usize, start: f64| start + (i as f64 + 0.5) * cell;
    let labels = classes.iter().zip(names).enumerate();
    let written = |pair: &Pair, room: bool| room && (pair.pictures > 0 || n <= 4.0);
    let cells = pairs(outcome).map(|pair| Cell {
        count: if written(&pair, font >= 5.0) { count(pair.pictures) } else { String::new() },
        percent: if written(&pair, cell >= 42.0) { in_cell(&pair) } else { String::new() },
        ..drawn(&pair, classes, (left, top), cell)
    });
    Matrix {
        title: title.into(),
        description: describe(title, classes, outcome),
        width: width.ceil(),
        height: height.ceil(),
        wide: width > 460.0,
        left,
        top,
        cell,
        side: n * cell,
        gap: 1.0,
        font,
        label_font,
        turned,
        labels: labels
            .map(|(i, (full, text))| Label { text, full: full.clone(), x: middle(i, left), y: middle(i, top) })
            .collect(),
        cells: cells.collect(),
    }
}

/// A matrix of many classes: an overview, whose marks name their classes when they are pointed at.
fn crowded(title: &str, classes: &[String], outcome: &Outcome) -> Matrix {
    let cell = CROWDED_WIDTH / classes.len() as f64;
    let (left, top) = (24.0, 24.0);
    let mut filled: Vec<Pair> = pairs(outcome).filter(|pair| pair.pictures > 0).collect();
    filled.sort_by_key(|pair| std::cmp::Reverse(pair.pictures));
    filled.truncate(MOST_CELLS);
    Matrix {
        title: title.into(),
        description: describe(title, classes, outcome),
        width: left + CROWDED_WIDTH + 1.0,
        height: top + CROWDED_WIDTH + 1.0,
        wide: false,
        left,
        top,
        cell: (cell * 100.0).round() / 100.0,
        side: CROWDED_WIDTH,
        gap: 0.0,
        font: 0.0,
        label_font: 0.0,
        turned: false,
        labels: vec![],
        cells: filled.iter().map(|pair| drawn(pair, classes, (left, top), cell)).collect(),
    }
}

/// A cell without anything written into it.
fn drawn(pair: &Pair, classes: &[String], (left, top): (f64, f64), cell: f64) -> Cell {
    let Pair { truth, answer, pictures: number, of } = *pair;
    let share = number as f64 / of.max(1) as f64;
    Cell {
        x: tenth(left + answer as f64 * cell),
        y: tenth(top + truth as f64 * cell),
        share,
        shade: shade(share),
        right: truth == answer,
        count: String::new(),
        percent: String::new(),
        full: format!(
            "{} taken for {}: {}, {} of the row",
            name(classes, truth),
            name(classes, answer),
            pictures(number),
            ratio(number, of)
        ),
    }
}

/// The share of a row with one decimal, so that it has room in a cell and all are of one form.
fn in_cell(pair: &Pair) -> String {
    percent(pair.pictures as f64 / pair.of as f64, 1)
}

/// The drawing in words: all of it for few classes, else how large it is.
fn describe(title: &str, classes: &[String], outcome: &Outcome) -> String {
    if classes.len() > 4 {
        let classes = classes.len();
        return format!("Confusion matrix of the {title} model over {classes} classes; the tables sum it up.");
    }
    let cell = |pair: Pair| {
        let Pair { truth, answer, pictures, .. } = pair;
        format!("{} taken for {}: {}", name(classes, truth), name(classes, answer), count(pictures))
    };
    format!("Confusion matrix of the {title} model. {}.", pairs(outcome).map(cell).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("class number {i} of the many there are")).collect()
    }

    #[test]
    fn cells_say_their_pictures_and_share() {
        let outcome = Outcome { accuracy: 0.75, confusion: vec![vec![8, 2], vec![3, 7]] };
        let drawn = matrix("int8", &["cat".to_string(), "dog".to_string()], &outcome);
        assert_eq!((drawn.cells[1].count.as_str(), drawn.cells[1].percent.as_str()), ("2", "20.0%"));
        assert_eq!(drawn.cells[1].full, "cat taken for dog: 2 pictures, 20.0% of the row");
        assert!(drawn.cells[0].right && !drawn.cells[1].right);
    }

    #[test]
    fn every_size_fits_its_drawing() {
        for n in [1, 2, 3, 5, 10, 20, 50, 51, 200] {
            let outcome = Outcome { accuracy: 1.0, confusion: vec![vec![1234; n]; n] };
            let drawn = matrix("int8", &names(n), &outcome);
            let end = drawn.left + n as f64 * drawn.cell;
            assert!(end <= drawn.width + 1.0 && drawn.top + n as f64 * drawn.cell <= drawn.height + 1.0, "{n}");
            assert!(drawn.width <= 1016.0, "{n} classes take {}", drawn.width);
            assert_eq!(drawn.cells.len(), (n * n).min(MOST_CELLS));
            assert!(drawn.labels.iter().all(|l| l.text.chars().count() <= NAME_LENGTH));
            assert!(0.6 * drawn.font * 5.0 <= drawn.cell, "{n}: {} in {}", drawn.font, drawn.cell);
        }
    }

    #[test]
    fn many_classes_take_little_room() {
        let right = (0..200).flat_map(|class| std::iter::repeat_n((class, class), 20));
        let wrong = (0..800).map(|i| (i % 200, i * 7 % 200));
        let html = draw("int8", &names(200), &Outcome::of(200, right.chain(wrong))).unwrap();
        assert!(html.len() < 400_000, "{} bytes", html.len());
        assert!(html.contains("class number 3 of the many there are taken for class number 21 of the many there are"));
    }

    #[test]
    fn empty_rows_are_no_hole() {
        let outcome = Outcome { accuracy: 0.0, confusion: vec![vec![0, 0], vec![5, 0]] };
        let drawn = matrix("int8", &names(2), &outcome);
        assert!(drawn.cells.iter().all(|cell| cell.share.is_finite() && !cell.percent.contains("NaN")));
    }
}
