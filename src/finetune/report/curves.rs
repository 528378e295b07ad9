//! Learning curves as points of a drawing: the page's template writes them as SVG.

use serde::Serialize;

use super::axis::{Axis, epoch_ticks};
use crate::finetune::summary::Epoch;

/// Size of a drawing and the edges of its plot, in the drawing's own units.
pub const WIDTH: f64 = 460.0;
pub const HEIGHT: f64 = 290.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = HEIGHT - 42.0;

/// Most epochs that are drawn with a mark each; beyond, the marks would run together.
const MOST_MARKS: usize = 40;

/// One drawing with a training and a validation curve.
#[derive(Debug, Serialize)]
pub struct Chart {
    /// Its name, and what it shows in words.
    title: &'static str,
    description: String,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    training: Series,
    validation: Series,
    best: Option<Best>,
}

/// A tick of an axis: where it lies along it, and what it says.
#[derive(Debug, Serialize)]
struct Tick {
    at: f64,
    text: String,
}

/// A curve.
#[derive(Debug, Serialize)]
struct Series {
    /// Path data; broken where a value is not a number.
    path: String,
    marks: Vec<Mark>,
}

/// One epoch's point of a curve.
#[derive(Debug, Serialize)]
struct Mark {
    x: f64,
    y: f64,
    text: String,
}

/// The epoch whose weights were kept.
#[derive(Debug, Serialize)]
struct Best {
    x: f64,
    /// Height of its validation value, where that is a number.
    y: Option<f64>,
    epoch: usize,
    /// On which side of the line its name has room.
    anchor: &'static str,
    text_x: f64,
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

/// The drawings of loss and accuracy.
pub fn charts(epochs: &[Epoch], best: usize) -> Vec<Chart> {
    [LOSS, ACCURACY].iter().map(|measure| chart(measure, epochs, best)).collect()
}

fn chart(measure: &Measure, epochs: &[Epoch], best: usize) -> Chart {
    let values =
        || epochs.iter().flat_map(|e| [(measure.training)(e), (measure.validation)(e)]).filter(|v| v.is_finite());
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let (low, high) = if low <= high { (measure.range)(low, high) } else { (0.0, 1.0) };
    let axis = Axis::around(low, high, 5);
    let plane = Plane { axis, epochs: epochs.len() };
    let (unit, sign) = measure.unit;
    let decimals = axis.decimals(unit);
    let y_ticks = axis.ticks().map(|v| Tick { at: plane.y(v), text: label(v * unit, decimals, sign) }).collect();
    let x_ticks = epoch_ticks(epochs.len());
    let series = |name: &str, value: fn(&Epoch) -> f64| {
        series(&plane, epochs, value, |epoch, v| {
            format!("Epoch {epoch}, {name}: {}", label(v * unit, decimals + 2, sign))
        })
    };
    Chart {
        title: measure.title,
        description: describe(measure, epochs, best),
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: RIGHT,
        top: TOP,
        bottom: BOTTOM,
        x_ticks: x_ticks.into_iter().map(|e| Tick { at: plane.x(e - 1), text: e.to_string() }).collect(),
        y_ticks,
        training: series("training", measure.training),
        validation: series("validation", measure.validation),
        best: epochs.iter().position(|e| e.epoch == best).map(|i| {
            let x = plane.x(i);
            let left_half = x < (LEFT + RIGHT) / 2.0;
            let (anchor, text_x) = if left_half { ("start", x + 6.0) } else { ("end", x - 6.0) };
            let value = (measure.validation)(&epochs[i]);
            Best { x, y: value.is_finite().then(|| plane.y(value)), epoch: best, anchor, text_x }
        }),
    }
}

/// Where epochs and values lie in a drawing.
struct Plane {
    axis: Axis,
    epochs: usize,
}

impl Plane {
    /// The place of the epoch with this index; a single epoch stands in the middle.
    fn x(&self, index: usize) -> f64 {
        let share = if self.epochs > 1 { index as f64 / (self.epochs - 1) as f64 } else { 0.5 };
        // Half a mark's room at both ends.
        tenth(LEFT + 10.0 + share * (RIGHT - LEFT - 20.0))
    }

    fn y(&self, value: f64) -> f64 {
        tenth(BOTTOM - self.axis.place(value) * (BOTTOM - TOP))
    }
}

fn series(plane: &Plane, epochs: &[Epoch], value: fn(&Epoch) -> f64, text: impl Fn(usize, f64) -> String) -> Series {
    let mut path = String::new();
    let mut marks = Vec::new();
    let mut pen = 'M';
    for (index, epoch) in epochs.iter().enumerate() {
        let value = value(epoch);
        if !value.is_finite() {
            pen = 'M';
            continue;
        }
        let (x, y) = (plane.x(index), plane.y(value));
        path.push_str(&format!("{pen}{x} {y}"));
        pen = 'L';
        if epochs.len() <= MOST_MARKS {
            marks.push(Mark { x, y, text: text(epoch.epoch, value) });
        }
    }
    Series { path, marks }
}

/// The curve in a sentence, for those who cannot see it.
fn describe(measure: &Measure, epochs: &[Epoch], best: usize) -> String {
    let (unit, sign) = measure.unit;
    let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else {
        return format!("{}: no epochs.", measure.title);
    };
    let change = |value: fn(&Epoch) -> f64| {
        let show = |epoch| label(value(epoch) * unit, if unit > 1.0 { 1 } else { 3 }, sign);
        format!("{} to {}", show(first), show(last))
    };
    format!(
        "{} from epoch {} to {}: training {}, validation {}. The best epoch is {best}.",
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
        return super::text::NONE.into();
    }
    let decimals = if value == 0.0 { decimals.min(2) } else { decimals };
    let long = value != 0.0 && !(1e-4..1e5).contains(&value.abs());
    if long { format!("{value:.0e}{sign}") } else { format!("{value:.decimals$}{sign}") }
}

/// Rounds to a tenth of a unit: finer than a screen shows.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize, loss: f64, val_loss: f64, accuracy: f64, val_accuracy: f64) -> Epoch {
        Epoch { epoch, loss, accuracy, val_loss, val_accuracy }
    }

    #[test]
    fn points_lie_where_their_values_say() {
        let epochs = [epoch(1, 1.0, 0.8, 0.5, 0.6), epoch(2, 0.5, 0.6, 0.8, 0.9), epoch(3, 0.2, 0.0, 1.0, 0.9)];
        let charts = charts(&epochs, 3);
        // Three epochs over 460 − 50 − 14 − 20 units of width; losses 0 to 1 over 290 − 42 − 44 of height.
        assert_eq!(charts[0].training.path, "M60 44L248 146L436 207.2");
        assert_eq!(charts[0].validation.path, "M60 84.8L248 125.6L436 248");
        let texts: Vec<_> = charts[1].y_ticks.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(texts, ["50%", "60%", "70%", "80%", "90%", "100%"]);
        let best = charts[0].best.as_ref().unwrap();
        assert_eq!((best.x, best.y, best.anchor), (436.0, Some(248.0), "end"));
        assert_eq!(charts[0].validation.marks[1].text, "Epoch 2, validation: 0.600");
    }

    #[test]
    fn every_point_is_inside_and_a_number() {
        let flat = |n: usize, v: f64| (1..=n).map(|e| epoch(e, v, v, v.min(1.0), v.min(1.0))).collect::<Vec<_>>();
        for epochs in
            [flat(0, 0.0), flat(1, 0.0), flat(1, 0.5), flat(7, 0.0), flat(7, 1.0), flat(3, 1e300), flat(90, 1e-9)]
        {
            for chart in charts(&epochs, 1) {
                for mark in chart.training.marks.iter().chain(&chart.validation.marks) {
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
        let chart = &charts(&[epoch(1, 0.5, 0.5, 0.9, 0.9)], 1)[0];
        assert_eq!(chart.training.marks.len(), 1);
        assert_eq!(chart.training.marks[0].x, 248.0);
    }

    #[test]
    fn a_loss_that_is_no_number_breaks_the_curve() {
        let epochs =
            [epoch(1, 1.0, 1.0, 0.5, 0.5), epoch(2, f64::NAN, f64::INFINITY, 0.5, 0.5), epoch(3, 1.0, 1.0, 0.5, 0.5)];
        let chart = &charts(&epochs, 2)[0];
        assert_eq!(chart.training.path, "M60 44M436 44");
        assert_eq!(chart.best.as_ref().unwrap().y, None);
    }

    #[test]
    fn many_epochs_have_no_marks() {
        let epochs: Vec<_> = (1..=100).map(|e| epoch(e, 1.0 / e as f64, 0.5, 0.5, 0.5)).collect();
        let chart = &charts(&epochs, 90)[0];
        assert!(chart.training.marks.is_empty());
        assert_eq!(chart.training.path.matches('L').count(), 99);
    }
}
