//! How loss and accuracy changed from epoch to epoch.

use serde::Serialize;

use crate::finetune::{
    epoch::Epoch,
    report::{
        plot::{
            self, BOTTOM, LEFT, Look, Mark, Plot, RIGHT, Series, Tick,
            axis::{Axis, epoch_ticks},
            tenth, up,
        },
        render::{Section, render},
        text::{NONE, percent},
    },
};

/// Most epochs that are drawn with a mark each; beyond, the marks would run together.
const MOST_MARKS: usize = 40;

/// Figures of an epoch, for the table below the curves.
#[derive(Serialize)]
struct Row {
    epoch: usize,
    figures: [String; 4],
}

/// What a drawing shows of every epoch.
struct Measure {
    title: &'static str,
    training: fn(&Epoch) -> f64,
    validation: fn(&Epoch) -> f64,
    /// Ends of the axis, given the least and the greatest value.
    range: fn(f64, f64) -> (f64, f64),
    /// What a value is multiplied by to be shown, and what follows it.
    unit: (f64, &'static str),
}

const LOSS: Measure = Measure {
    title: "Loss",
    training: |epoch| epoch.loss,
    validation: |epoch| epoch.val_loss,
    range: |_, high| (0.0, if high > 0.0 { high } else { 1.0 }),
    unit: (1.0, ""),
};

const ACCURACY: Measure = Measure {
    title: "Accuracy",
    training: |epoch| epoch.accuracy,
    validation: |epoch| epoch.val_accuracy,
    // Neighbouring values look alike on an axis from 0; equal ones still need some height.
    range: |low, high| (low.min(high - 0.02).max(0.0), high.clamp(0.02, 1.0)),
    unit: (100.0, "%"),
};

/// The learning curves of a head that was kept after its last epoch; `chosen` says whether that epoch was the one with the lowest
/// validation loss or simply the last of those asked for; `train` and `valid` are the numbers of pictures behind the figures.
pub fn section(epochs: &[Epoch], chosen: bool, train: usize, valid: usize) -> anyhow::Result<Section> {
    #[derive(Serialize)]
    struct Data {
        charts: Vec<String>,
        kept: usize,
        chosen: bool,
        rows: Vec<Row>,
    }
    let kept = epochs.last().map_or(0, |epoch| epoch.epoch);
    let charts = [LOSS, ACCURACY].iter().map(|measure| plot::draw(&chart(measure, epochs)));
    let data = Data { charts: charts.collect::<Result<_, _>>()?, kept, chosen, rows: rows(epochs, train, valid) };
    let body = render("curves", include_str!("curves.html"), data)?;
    Ok(Section { id: "curves", heading: "How it learnt", short: "Learning", body })
}

fn rows(epochs: &[Epoch], train: usize, valid: usize) -> Vec<Row> {
    let loss = |value: f64| if value.is_finite() { format!("{value:.4}") } else { NONE.into() };
    let row = |epoch: &Epoch| Row {
        epoch: epoch.epoch,
        figures: [
            loss(epoch.loss),
            loss(epoch.val_loss),
            percent(epoch.accuracy, train),
            percent(epoch.val_accuracy, valid),
        ],
    };
    epochs.iter().map(row).collect()
}

fn chart(measure: &Measure, epochs: &[Epoch]) -> Plot {
    let values =
        || epochs.iter().flat_map(|e| [(measure.training)(e), (measure.validation)(e)]).filter(|v| v.is_finite());
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let (low, high) = if low <= high { (measure.range)(low, high) } else { (0.0, 1.0) };
    let axis = Axis::around(low, high, 5);
    let (unit, sign) = measure.unit;
    let decimals = axis.decimals(unit);
    let series = |look, name, value: fn(&Epoch) -> f64| {
        series(&axis, epochs, (look, name), value, |epoch, v| {
            format!("Epoch {epoch}, {name}: {}", label(v * unit, decimals + 2, sign))
        })
    };
    let x_ticks = epoch_ticks(epochs.len()).into_iter();
    Plot {
        title: measure.title.into(),
        description: describe(measure, epochs),
        x_label: "epoch",
        x_ticks: x_ticks.map(|e| Tick { at: place(e - 1, epochs.len()), text: e.to_string() }).collect(),
        y_ticks: axis.ticks().map(|v| Tick { at: up(&axis, v), text: label(v * unit, decimals, sign) }).collect(),
        series: vec![
            series(Look::Dashed, "training", measure.training),
            series(Look::Solid, "validation", measure.validation),
        ],
        ..Plot::default()
    }
}

/// Where the epoch with this index lies; a single epoch stands in the middle.
fn place(index: usize, epochs: usize) -> f64 {
    let share = if epochs > 1 { index as f64 / (epochs - 1) as f64 } else { 0.5 };
    // Half a mark's room at both ends.
    tenth(LEFT + 10.0 + share * (RIGHT - LEFT - 20.0))
}

fn series(
    axis: &Axis,
    epochs: &[Epoch],
    (look, name): (Look, &'static str),
    value: fn(&Epoch) -> f64,
    text: impl Fn(usize, f64) -> String,
) -> Series {
    let point = |(index, epoch): (usize, &Epoch)| {
        let value = value(epoch);
        value.is_finite().then(|| (place(index, epochs.len()), up(axis, value).clamp(0.0, BOTTOM)))
    };
    let points: Vec<_> = epochs.iter().enumerate().map(point).collect();
    let mark = |(point, epoch): (&Option<(f64, f64)>, &Epoch)| {
        point.map(|(x, y)| Mark { x, y, text: text(epoch.epoch, value(epoch)) })
    };
    let marks = if epochs.len() <= MOST_MARKS { points.iter().zip(epochs).filter_map(mark).collect() } else { vec![] };
    Series { look, name, path: plot::line(points), marks }
}

/// The curve in a sentence, for those who cannot see it.
fn describe(measure: &Measure, epochs: &[Epoch]) -> String {
    let (unit, sign) = measure.unit;
    let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else {
        return format!("{}: no epochs.", measure.title);
    };
    let change = |value: fn(&Epoch) -> f64| {
        let show = |epoch| label(value(epoch) * unit, if unit > 1.0 { 1 } else { 3 }, sign);
        format!("{} to {}", show(first), show(last))
    };
    format!(
        "{} from epoch {} to {}: training {}, validation {}.",
        measure.title,
        first.epoch,
        last.epoch,
        change(measure.training),
        change(measure.validation),
    )
}

/// A value with its sign of unit; powers of ten where it would be too long.
fn label(value: f64, decimals: usize, sign: &str) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let decimals = if value == 0.0 { decimals.min(2) } else { decimals };
    let long = value != 0.0 && !(1e-4..1e5).contains(&value.abs());
    if long { format!("{value:.0e}{sign}") } else { format!("{value:.decimals$}{sign}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::report::plot::TOP;

    fn epoch(epoch: usize, loss: f64, val_loss: f64, accuracy: f64, val_accuracy: f64) -> Epoch {
        Epoch { epoch, loss, accuracy, val_loss, val_accuracy }
    }

    fn charts(epochs: &[Epoch]) -> [Plot; 2] {
        [LOSS, ACCURACY].map(|measure| chart(&measure, epochs))
    }

    #[test]
    fn points_lie_where_their_values_say() {
        let epochs = [epoch(1, 1.0, 0.8, 0.5, 0.6), epoch(2, 0.5, 0.6, 0.8, 0.9), epoch(3, 0.2, 0.0, 1.0, 0.9)];
        let charts = charts(&epochs);
        // Three epochs over 460 − 54 − 22 − 20 units of width; losses 0 to 1 over 280 − 50 − 28 of height.
        assert_eq!(charts[0].series[0].path, "M64 28L246 129L428 189.6");
        assert_eq!(charts[0].series[1].path, "M64 68.4L246 108.8L428 230");
        let texts: Vec<_> = charts[1].y_ticks.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(texts, ["50%", "60%", "70%", "80%", "90%", "100%"]);
        assert_eq!(charts[0].series[1].marks[1].text, "Epoch 2, validation: 0.600");
    }

    #[test]
    fn every_point_is_inside_and_a_number() {
        let flat = |n: usize, v: f64| (1..=n).map(|e| epoch(e, v, v, v.min(1.0), v.min(1.0))).collect::<Vec<_>>();
        for epochs in
            [flat(0, 0.0), flat(1, 0.0), flat(1, 0.5), flat(7, 0.0), flat(7, 1.0), flat(3, 1e300), flat(90, 1e-9)]
        {
            for chart in charts(&epochs) {
                for mark in chart.series.iter().flat_map(|series| &series.marks) {
                    assert!((LEFT..=RIGHT).contains(&mark.x) && (TOP..=BOTTOM).contains(&mark.y), "{mark:?}");
                }
                assert!(chart.y_ticks.len() >= 2);
                assert!(chart.y_ticks.iter().chain(&chart.x_ticks).all(|t| t.at.is_finite() && t.text.len() < 9));
                assert!(!format!("{chart:?}").contains("NaN"));
            }
        }
    }

    #[test]
    fn a_single_epoch_stands_in_the_middle() {
        let chart = &charts(&[epoch(1, 0.5, 0.5, 0.9, 0.9)])[0];
        assert_eq!(chart.series[0].marks.len(), 1);
        assert_eq!(chart.series[0].marks[0].x, 246.0);
    }

    #[test]
    fn a_loss_that_is_no_number_breaks_the_curve() {
        let epochs =
            [epoch(1, 1.0, 1.0, 0.5, 0.5), epoch(2, f64::NAN, f64::INFINITY, 0.5, 0.5), epoch(3, 1.0, 1.0, 0.5, 0.5)];
        let chart = &charts(&epochs)[0];
        assert_eq!(chart.series[0].path, "M64 28M428 28");
    }

    #[test]
    fn many_epochs_have_no_marks() {
        let epochs: Vec<_> = (1..=100).map(|e| epoch(e, 1.0 / e as f64, 0.5, 0.5, 0.5)).collect();
        let chart = &charts(&epochs)[0];
        assert!(chart.series[0].marks.is_empty());
        assert_eq!(chart.series[0].path.matches('L').count(), 99);
    }
}
