//! What a threshold on the familiarity keeps and refuses.

use serde::Serialize;

use crate::finetune::{
    report::{
        plot::{self, Look, Mark, Plot, Rule, Series, across, axis::Axis, line, percent_ticks, up},
        render::{Section, render},
        text::{interval, percent, pictures},
    },
    share::Share,
    unknown::{Unknown, threshold::Point},
};

/// How the figures came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measuring {
    /// By training: on pictures that the fit did not see.
    HeldOut,
    /// On the pictures of an evaluation, with the model's own threshold.
    AsGiven,
}

/// One line of the table.
#[derive(Serialize)]
struct Row {
    accept: String,
    known: String,
    strangers: String,
    chosen: bool,
}

/// What the model's threshold does, and what others would do where there are strangers to try them on.
pub fn section(found: &Unknown, how: Measuring) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        plot: String,
        words: String,
        rows: Vec<Row>,
        known: String,
        strangers: String,
        held_out: bool,
    }
    let strangers = found.false_accepts.is_some();
    let data = Data {
        plot: if strangers { plot::draw(&drawing(found))? } else { String::new() },
        words: words(found),
        rows: if strangers { rows(found) } else { vec![] },
        known: pictures(found.false_rejects.of),
        strangers: pictures(found.negatives),
        held_out: how == Measuring::HeldOut,
    };
    let body = render("familiarity", include_str!("familiarity.html"), data)?;
    Ok(Section { id: "threshold", heading: "When it should say “unknown”", short: "Unknown", body })
}

/// What the model's own threshold does, in two sentences.
fn words(found: &Unknown) -> String {
    let kept = answered(&found.false_rejects);
    let known = format!("This model answers {} of known pictures ({})", share(&kept), interval(kept.count, kept.of));
    match &found.false_accepts {
        Some(accepts) => {
            let range = interval(accepts.count, accepts.of);
            format!("{known}, and {} of strangers ({range}).", share(accepts))
        }
        None => format!("{known}. Give strangers with --negatives to see how many of them it answers."),
    }
}

/// The pictures that are left where some are refused.
fn answered(rejects: &Share) -> Share {
    Share::new(rejects.of - rejects.count.min(rejects.of), rejects.of)
}

fn share(share: &Share) -> String {
    percent(share.share(), 1)
}

/// The points of the curve, with the model's own among them.
fn points(found: &Unknown) -> Vec<Point> {
    let own = Point { accept: found.accept, false_rejects: found.false_rejects, false_accepts: found.false_accepts };
    let mut points: Vec<Point> = found.curve.iter().filter(|point| point.accept != own.accept).cloned().collect();
    points.push(own);
    points.sort_by(|a, b| a.accept.total_cmp(&b.accept));
    points
}

fn rows(found: &Unknown) -> Vec<Row> {
    let row = |point: Point| Row {
        accept: format!("{:.3}", point.accept).trim_end_matches('0').trim_end_matches('.').to_string(),
        known: share(&answered(&point.false_rejects)),
        strangers: point.false_accepts.as_ref().map_or(String::new(), share),
        chosen: point.accept == found.accept,
    };
    points(found).into_iter().map(row).collect()
}

fn drawing(found: &Unknown) -> Plot {
    let points = points(found);
    let shares: Vec<(f64, f64, f64)> = points
        .iter()
        .filter_map(|point| {
            let accepts = point.false_accepts?;
            Some((answered(&point.false_rejects).share(), accepts.share(), point.accept))
        })
        .collect();
    let least = shares.iter().map(|(known, ..)| *known).fold(1.0, f64::min);
    let (x, y) = (Axis::around(least.min(0.9), 1.0, 5), Axis::around(0.0, 1.0, 5));
    let place = |&(known, strangers, _): &(f64, f64, f64)| (across(&x, known), up(&y, strangers));
    let mark = |point: &(f64, f64, f64)| {
        let ((x, y), (known, strangers, _)) = (place(point), *point);
        Mark { x, y, text: format!("{} of known pictures, {} of strangers", percent(known, 1), percent(strangers, 1)) }
    };
    let own = shares.iter().find(|(.., accept)| *accept == found.accept);
    Plot {
        title: "Strangers answered".into(),
        description: format!(
            "Share of strangers that get an answer, over the share of known pictures that do. {}",
            words(found)
        ),
        x_label: "known pictures answered",
        x_ticks: percent_ticks(&x, |v| across(&x, v)),
        y_ticks: percent_ticks(&y, |v| up(&y, v)),
        series: vec![Series {
            look: Look::Solid,
            name: "strangers that it answers",
            path: line(shares.iter().map(|point| Some(place(point)))),
            marks: shares.iter().map(mark).collect(),
        }],
        rule: own.map(|point| {
            let (x, y) = place(point);
            Rule::at(x, Some(y), "this model".into())
        }),
        ..Plot::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(negatives: &[f32]) -> Unknown {
        let known: Vec<f32> = (0..100).map(|score| score as f32).collect();
        Unknown::at(10.0, &known, negatives)
    }

    #[test]
    fn the_models_own_threshold_is_on_the_curve() {
        let found = found(&[-1.0, 2.0, 40.0, 80.0]);
        assert!(words(&found).starts_with("This model answers 90.0% of known pictures (82."), "{}", words(&found));
        assert!(words(&found).contains("and 50.0% of strangers (15.0% to 85.0%)"), "{}", words(&found));
        let rows = rows(&found);
        let own: Vec<_> = rows.iter().filter(|row| row.chosen).collect();
        assert_eq!(own.len(), 1);
        assert_eq!(
            (own[0].accept.as_str(), own[0].known.as_str(), own[0].strangers.as_str()),
            ("0.9", "90.0%", "50.0%")
        );
        let plot = drawing(&found);
        // From 50 to 100 % over 384 units of width: four fifths along; halfway up.
        assert_eq!(plot.rule.as_ref().map(|rule| (rule.x, rule.y)), Some((361.2, Some(129.0))));
        assert_eq!(plot.series[0].marks.len(), rows.len());
    }

    #[test]
    fn without_strangers_there_are_words_alone() {
        let body = section(&found(&[]), Measuring::HeldOut).unwrap().body;
        assert!(body.contains("--negatives") && !body.contains("<svg") && !body.contains("<table"), "{body}");
        assert!(body.contains("Measured on 100 pictures of the classes."), "{body}");
    }
}
