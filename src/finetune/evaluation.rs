//! What `finetune evaluate` finds out, as `--json` and the report tell it.

use std::fmt::Write;

use serde::Serialize;

use super::{share::Share, summary::Skipped};

/// What an evaluation found out.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Pictures with an answer.
    pub images: usize,
    /// Share of right answers.
    pub accuracy: f64,
    /// The model's labels.
    pub classes: Vec<String>,
    /// `confusion[t][p]`: pictures of class `t` that were taken for class `p`.
    pub confusion: Vec<Vec<usize>>,
    /// Expected calibration error: how far confidences are from shares of right answers, 0 to 1.
    pub calibration_error: f64,
    /// Answers that `vggcam` shows as `unknown`; they count by their likeliest class.
    pub unknown: usize,
    /// The same as a share.
    pub false_rejects: Share,
    /// Negatives that are taken for one of the classes, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_accepts: Option<Share>,
    /// Pictures that could not be read.
    pub skipped: Vec<Skipped>,
    /// The part that `train` holds back where it divides this folder by itself; `None` if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
}

/// The pictures that `train` does not train on where a data set has no `valid/`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HeldBack {
    /// Pictures with an answer.
    pub images: usize,
    /// Share of right answers.
    pub accuracy: f64,
}

/// The evaluation as text for people.
pub fn table(evaluation: &Evaluation) -> String {
    let Evaluation { images, accuracy, classes, confusion, false_rejects, false_accepts, skipped, held_back, .. } =
        evaluation;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "accuracy {:.2} % of {images} pictures", accuracy * 100.0);
    if let Some(HeldBack { images, accuracy }) = held_back {
        let _ = writeln!(
            text,
            "accuracy {:.2} % of the {images} of them that `train` holds back: the figure that counts if it was given this folder",
            accuracy * 100.0
        );
    }
    let _ = writeln!(text, "calibration error {:.2} %", evaluation.calibration_error * 100.0);
    if false_rejects.count > 0 || false_accepts.is_some() {
        let _ = writeln!(text, "shown as unknown: {false_rejects}");
    }
    if let Some(share) = false_accepts {
        let _ = writeln!(text, "negatives taken for a class: {share}");
    }
    if !skipped.is_empty() {
        let _ = writeln!(text, "{} pictures could not be read and do not count", skipped.len());
    }
    let width = classes.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(9);
    let _ = write!(text, "\n{:>width$} |", "is \\ seen");
    for class in classes {
        let _ = write!(text, " {class:>width$}");
    }
    let _ = writeln!(text, " | {:>9} {:>9}", "recall", "precision");
    for (index, (class, row)) in classes.iter().zip(confusion).enumerate() {
        let seen: usize = confusion.iter().map(|row| row[index]).sum();
        let share = |right: usize, all: usize| match all {
            0 => "–".to_string(),
            all => format!("{:.1} %", right as f64 / all as f64 * 100.0),
        };
        let _ = write!(text, "{class:>width$} |");
        for count in row {
            let _ = write!(text, " {count:>width$}");
        }
        let (recall, precision) = (share(row[index], row.iter().sum()), share(row[index], seen));
        let _ = writeln!(text, " | {recall:>9} {precision:>9}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_every_count() {
        let evaluation = Evaluation {
            images: 10,
            accuracy: 0.8,
            classes: vec!["cat".into(), "dog".into()],
            confusion: vec![vec![5, 1], vec![1, 3]],
            calibration_error: 0.0123,
            unknown: 1,
            false_rejects: Share::new(1, 10),
            false_accepts: Some(Share::new(27, 206)),
            skipped: vec![],
            held_back: Some(HeldBack { images: 2, accuracy: 0.5 }),
        };
        insta::assert_snapshot!(table(&evaluation), @r"
        accuracy 80.00 % of 10 pictures
        accuracy 50.00 % of the 2 of them that `train` holds back: the figure that counts if it was given this folder
        calibration error 1.23 %
        shown as unknown: 10.0 % (1 of 10, 95 % interval 1.8–40.4 %)
        negatives taken for a class: 13.1 % (27 of 206, 95 % interval 9.2–18.4 %)

        is \ seen |       cat       dog |    recall precision
              cat |         5         1 |    83.3 %    83.3 %
              dog |         1         3 |    75.0 %    75.0 %
        ");
    }
}
