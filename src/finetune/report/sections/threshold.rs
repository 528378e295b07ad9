//! What a threshold on the confidence would keep and refuse.

use serde::Serialize;

use crate::finetune::{
    findings::threshold::{Curve, Point},
    report::{
        plot::{self, Look, Plot, Rule, Series, across, axis::Axis, line, percent_ticks, up},
        render::{Section, render},
        text::{NONE, percent, pictures},
    },
};

/// Thresholds of the table, in hundredths.
const TABLE: [usize; 9] = [0, 50, 60, 70, 80, 90, 95, 98, 99];

/// The curve, and the model's own threshold on it.
pub fn section(curve: &Curve) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        plot: String,
        words: String,
        strangers: Option<String>,
        known: String,
        rows: Vec<[String; 4]>,
    }
    let rows = TABLE.iter().filter_map(|&hundredth| curve.points.get(hundredth)).map(row);
    let data = Data {
        plot: plot::draw(&drawing(curve))?,
        words: words(curve),
        strangers: (curve.negatives > 0).then(|| pictures(curve.negatives)),
        known: pictures(curve.known),
        rows: rows.collect(),
    };
    let body = render("threshold", include_str!("threshold.html"), data)?;
    Ok(Section { id: "threshold", heading: "When it should say “unknown”", short: "Unknown", body })
}

fn row(point: &Point) -> [String; 4] {
    let share = |share: Option<f64>| share.map_or(NONE.into(), |share| percent(share, 1));
    [percent(point.threshold, 1), share(Some(point.known)), share(point.accuracy), share(point.negatives)]
}

/// What the model's own threshold does, in a sentence or two.
fn words(curve: &Curve) -> String {
    let Point { threshold, known, accuracy, negatives } = curve.at_chosen;
    if threshold <= 0.0 {
        let strangers = if negatives.is_some() { ", pictures of none of the classes too" } else { "" };
        return format!("This model has no threshold: it gives every picture the name of a class{strangers}.");
    }
    let right =
        accuracy.map_or(String::new(), |share| format!(", and {} of these answers are right", percent(share, 1)));
    let strangers = negatives.map_or(String::new(), |share| {
        format!(" Of pictures of none of the classes it lets {} through.", percent(share, 1))
    });
    format!(
        "At its threshold of {} this model answers {} of known pictures{right}.{strangers}",
        percent(threshold, 1),
        percent(known, 1)
    )
}

fn drawing(curve: &Curve) -> Plot {
    // Below the last threshold that keeps everything there is nothing to see.
    let all = |point: &Point| point.known >= 1.0 && point.negatives.unwrap_or(1.0) >= 1.0;
    let start = curve.points.iter().take_while(|point| all(point)).last().map_or(0.0, |point| point.threshold);
    let start = (start * 10.0).floor().min(9.0) / 10.0;
    let (x, y) = (Axis::around(start, 1.0, 5), Axis::around(0.0, 1.0, 5));
    let from = x.ticks().next().unwrap_or(0.0) - 1e-6;
    let series = |look, name, value: fn(&Point) -> Option<f64>| {
        let points = curve.points.iter().filter(|point| point.threshold >= from);
        let place = |point: &Point| value(point).map(|value| (across(&x, point.threshold), up(&y, value)));
        Series { look, name, path: line(points.map(place)), marks: vec![] }
    };
    let mut lines = vec![
        series(Look::Solid, "known pictures that it answers", |point| Some(point.known)),
        series(Look::Dashed, "answers that are right", |point| point.accuracy),
    ];
    if curve.negatives > 0 {
        lines.push(series(Look::Dotted, "strangers that it answers", |point| point.negatives));
    }
    let rule = (curve.chosen > from && curve.chosen > 0.0).then(|| {
        let text = format!("threshold {:.0}%", curve.chosen * 100.0);
        Rule::at(across(&x, curve.chosen), Some(up(&y, curve.at_chosen.known)), text)
    });
    Plot {
        title: "Share".into(),
        description: format!("Shares of pictures that get an answer, over the threshold. {}", words(curve)),
        x_label: "threshold",
        x_ticks: percent_ticks(&x, |v| across(&x, v)),
        y_ticks: percent_ticks(&y, |v| up(&y, v)),
        series: lines,
        rule,
        ..Plot::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::findings::answer::Answer;

    fn curve(negatives: &[f32], chosen: f32) -> Curve {
        let answers = [(0.6, false), (0.8, true), (0.9, true), (1.0, true)];
        let answers = answers.map(|(confidence, right)| Answer { truth: 0, answer: usize::from(!right), confidence });
        Curve::of(&answers, negatives, chosen).unwrap()
    }

    #[test]
    fn the_chosen_threshold_is_marked_and_explained() {
        let curve = curve(&[0.55, 0.75], 0.7);
        let plot = drawing(&curve);
        // 75 % of the known pictures are kept: three quarters of 202 units above the lower edge at 230.
        assert_eq!(plot.rule.as_ref().map(|rule| rule.y), Some(Some(78.5)));
        assert_eq!(plot.series.len(), 3);
        assert_eq!(
            words(&curve),
            "At its threshold of 70.0% this model answers 75.0% of known pictures, and 100.0% of these answers are right. \
             Of pictures of none of the classes it lets 50.0% through."
        );
    }

    #[test]
    fn without_threshold_and_strangers_there_is_less_to_say() {
        let curve = curve(&[], 0.0);
        let plot = drawing(&curve);
        assert!(plot.rule.is_none() && plot.series.len() == 2);
        assert!(words(&curve).starts_with("This model has no threshold"));
        assert!(!section(&curve).unwrap().body.contains("trangers"));
    }
}
