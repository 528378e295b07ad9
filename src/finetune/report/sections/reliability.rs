//! Whether the model's confidence can be believed.

use serde::Serialize;

use crate::finetune::{
    reliability::{Bin, Reliability},
    report::{
        plot::{self, Bar, Look, Mark, Plot, Series, Tick, across, axis::Axis, line, percent_ticks, up},
        render::{Section, render},
        text::{count, percent, pictures},
    },
};

/// Gaps between confidence and accuracy that the words tell apart.
const SMALL: f64 = 0.02;

/// The reliability diagram of the answers, and of those before calibration where there were others.
pub fn section(now: &Reliability, before: Option<&Reliability>) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        plots: [String; 2],
        words: String,
        error: String,
        error_before: Option<String>,
        rows: Vec<[String; 4]>,
    }
    let error = |reliability: &Reliability| percent(reliability.expected_calibration_error, 1);
    let data = Data {
        plots: [plot::draw(&diagram(now, before))?, plot::draw(&histogram(now))?],
        words: words(now),
        error: error(now),
        error_before: before.map(error),
        rows: now.bins.iter().map(row).collect(),
    };
    let body = render("reliability", include_str!("reliability.html"), data)?;
    Ok(Section { id: "confidence", heading: "Can its confidence be believed?", short: "Confidence", body })
}

/// Whether it promises too much or too little, in a sentence.
fn words(found: &Reliability) -> String {
    let Reliability { confidence, accuracy, .. } = *found;
    let means = format!("it says {} on the average and is right in {}", percent(confidence, 1), percent(accuracy, 1));
    match confidence - accuracy {
        gap if gap.abs() < SMALL => format!("Its confidence is about right: {means}."),
        gap if gap > 0.0 => format!("It promises too much: {means}."),
        _ => format!("It is modest: {means}."),
    }
}

fn row(bin: &Bin) -> [String; 4] {
    let shares = [bin.confidence, bin.accuracy].map(|share| percent(share, 1));
    let [confidence, accuracy] = shares;
    [span(bin), confidence, accuracy, count(bin.pictures)]
}

fn span(bin: &Bin) -> String {
    format!("{:.0} to {:.0}%", bin.above * 100.0, bin.up_to * 100.0)
}

/// From the lowest confidence there is to 1.
fn confidences(found: &[&Reliability]) -> Axis {
    let lowest = found.iter().filter_map(|found| found.bins.first()).map(|bin| bin.above).fold(1.0, f64::min);
    Axis::around(lowest.min(0.9), 1.0, 5)
}

fn diagram(now: &Reliability, before: Option<&Reliability>) -> Plot {
    let all: Vec<_> = [Some(now), before].into_iter().flatten().collect();
    let (x, y) = (confidences(&all), Axis::around(0.0, 1.0, 5));
    let bar = |bin: &Bin| {
        let text =
            format!("Confidence {}: {} of {} right", span(bin), percent(bin.accuracy, 1), pictures(bin.pictures));
        Bar::new(across(&x, bin.above), across(&x, bin.up_to), up(&y, bin.accuracy), text)
    };
    let curve = |name, look, found: &Reliability| {
        let point = |bin: &Bin| (across(&x, bin.confidence), up(&y, bin.accuracy));
        let mark = |bin: &Bin| {
            let (x, y) = point(bin);
            let text = format!("{name}: {} sure, {} right", percent(bin.confidence, 1), percent(bin.accuracy, 1));
            Mark { x, y, text }
        };
        let path = line(found.bins.iter().map(|bin| Some(point(bin))));
        Series { look, name, path, marks: found.bins.iter().map(mark).collect() }
    };
    let start = x.ticks().next().unwrap_or(0.0).max(0.0);
    let guide = line([start, 1.0].map(|share| Some((across(&x, share), up(&y, share)))));
    let mut series: Vec<_> = before.into_iter().map(|found| curve("before calibration", Look::Dashed, found)).collect();
    series.push(curve("this model", Look::Solid, now));
    Plot {
        title: "Right answers".into(),
        description: format!(
            "Share of right answers for each confidence; expected calibration error {}. {}",
            percent(now.expected_calibration_error, 1),
            words(now)
        ),
        x_label: "confidence",
        x_ticks: percent_ticks(&x, |v| across(&x, v)),
        y_ticks: percent_ticks(&y, |v| up(&y, v)),
        bars: now.bins.iter().map(bar).collect(),
        guide: Some((guide, "as sure as it should be")),
        series,
        rule: None,
    }
}

/// How many pictures were answered with which confidence.
fn histogram(now: &Reliability) -> Plot {
    let most = now.bins.iter().map(|bin| bin.pictures).max().unwrap_or(1).max(1);
    let (x, y) = (confidences(&[now]), Axis::around(0.0, most as f64, 5));
    let bar = |bin: &Bin| {
        let text = format!("Confidence {}: {}", span(bin), pictures(bin.pictures));
        Bar::new(across(&x, bin.above), across(&x, bin.up_to), up(&y, bin.pictures as f64), text)
    };
    let whole = |v: &f64| v.fract().abs() < 1e-9;
    Plot {
        title: "Pictures".into(),
        description: "Number of pictures that were answered with each confidence.".into(),
        x_label: "confidence",
        x_ticks: percent_ticks(&x, |v| across(&x, v)),
        y_ticks: y.ticks().filter(whole).map(|v| Tick { at: up(&y, v), text: count(v as usize) }).collect(),
        bars: now.bins.iter().map(bar).collect(),
        ..Plot::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::report::plot::{BOTTOM, LEFT, RIGHT, TOP};

    fn found(answers: &[(f32, bool)]) -> Reliability {
        Reliability::of(answers.iter().copied())
    }

    #[test]
    fn bars_are_as_high_as_the_accuracy() {
        let plot = diagram(&found(&[(0.99, true), (0.98, false), (0.5, true)]), None);
        assert_eq!(plot.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [202.0, 101.0]);
        assert!(plot.bars.iter().all(|bar| bar.x >= LEFT && bar.x + bar.width <= RIGHT && bar.y >= TOP));
        assert!(plot.series[0].marks.iter().all(|mark| mark.x >= LEFT && mark.x <= RIGHT && mark.y <= BOTTOM));
        assert_eq!(plot.series.len(), 1);
    }

    #[test]
    fn words_say_in_which_direction_it_errs() {
        assert!(words(&found(&[(0.9, true), (0.9, false)])).starts_with("It promises too much: it says 90.0%"));
        assert!(words(&found(&[(0.6, true), (0.6, true)])).starts_with("It is modest"));
        assert!(words(&found(&[(0.999, true), (1.0, true)])).starts_with("Its confidence is about right"));
    }

    #[test]
    fn both_errors_are_said_where_there_are_two() {
        let (now, before) = (found(&[(0.99, true), (0.98, true)]), found(&[(0.7, true)]));
        let body = section(&now, Some(&before)).unwrap().body;
        assert!(body.contains("before calibration") && body.contains("30.0%"), "{body}");
        assert!(!section(&now, None).unwrap().body.contains("before calibration"));
    }
}
