//! A drawing with two axes, written as SVG by its template.

pub mod axis;

use serde::Serialize;

use super::render::render;
use axis::Axis;

/// Size of a drawing and the edges of its plot, in the drawing's own units.
pub const WIDTH: f64 = 460.0;
pub const HEIGHT: f64 = 280.0;
pub const LEFT: f64 = 54.0;
pub const RIGHT: f64 = WIDTH - 22.0;
pub const TOP: f64 = 28.0;
pub const BOTTOM: f64 = HEIGHT - 50.0;

/// A drawing.
#[derive(Debug, Default, Serialize)]
pub struct Plot {
    /// Its name, and what it shows in words, for those who cannot see it.
    pub title: String,
    pub description: String,
    /// What the axis below stands for; the axis on the left stands for the title.
    pub x_label: &'static str,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    pub bars: Vec<Bar>,
    /// A straight line for comparison, and its name.
    pub guide: Option<(String, &'static str)>,
    pub series: Vec<Series>,
    pub rule: Option<Rule>,
}

/// A tick of an axis: where it lies along it, and what it says.
#[derive(Debug, PartialEq, Serialize)]
pub struct Tick {
    pub at: f64,
    pub text: String,
}

/// A curve. The first, second and third of a drawing differ in colour, dashes and marks.
#[derive(Debug, Serialize)]
pub struct Series {
    pub look: Look,
    pub name: &'static str,
    /// Path data; broken where a value is not a number.
    pub path: String,
    pub marks: Vec<Mark>,
}

/// How a curve looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// Solid, with round marks.
    Solid,
    /// Dashed, with square marks.
    Dashed,
    /// Dotted, with marks on one corner.
    Dotted,
}

/// One point of a curve.
#[derive(Debug, Serialize)]
pub struct Mark {
    pub x: f64,
    pub y: f64,
    pub text: String,
}

/// An upright bar.
#[derive(Debug, Serialize)]
pub struct Bar {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub text: String,
}

/// A vertical line at a value that was chosen.
#[derive(Debug, Serialize)]
pub struct Rule {
    pub x: f64,
    /// Height of the point that it marks, where there is one.
    pub y: Option<f64>,
    pub text: String,
    /// On which side of the line its text has room.
    pub anchor: &'static str,
    pub text_x: f64,
}

impl Rule {
    /// A line at `x`, through a curve at `y`.
    pub fn at(x: f64, y: Option<f64>, text: String) -> Self {
        let left_half = x < (LEFT + RIGHT) / 2.0;
        let (anchor, text_x) = if left_half { ("start", x + 6.0) } else { ("end", x - 6.0) };
        Rule { x, y, text, anchor, text_x }
    }
}

impl Bar {
    /// A bar from `left` to `right` whose top is at `y`.
    pub fn new(left: f64, right: f64, y: f64, text: String) -> Self {
        let width = tenth((right - left - 2.0).max(1.0));
        Bar { x: tenth(left + 1.0), y, width, height: tenth(BOTTOM - y), text }
    }
}

/// Where a value lies on the axis below.
pub fn across(axis: &Axis, value: f64) -> f64 {
    tenth(LEFT + axis.place(value) * (RIGHT - LEFT))
}

/// How high a value lies.
pub fn up(axis: &Axis, value: f64) -> f64 {
    tenth(BOTTOM - axis.place(value) * (BOTTOM - TOP))
}

/// The ticks of an axis whose values are shown as percentages.
pub fn percent_ticks(axis: &Axis, place: impl Fn(f64) -> f64) -> Vec<Tick> {
    let decimals = axis.decimals(100.0);
    axis.ticks().map(|v| Tick { at: place(v), text: format!("{:.decimals$}%", v * 100.0 + 0.0) }).collect()
}

/// A line through points; broken where there is none.
pub fn line(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> String {
    let mut path = String::new();
    let mut pen = 'M';
    for point in points {
        match point {
            Some((x, y)) => {
                path.push_str(&format!("{pen}{x} {y}"));
                pen = 'L';
            }
            None => pen = 'M',
        }
    }
    path
}

/// Rounds to a tenth of a unit: finer than a screen shows.
pub fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The drawing as HTML.
pub fn draw(plot: &Plot) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Data<'a> {
        plot: &'a Plot,
        width: f64,
        height: f64,
        left: f64,
        right: f64,
        top: f64,
        bottom: f64,
    }
    let (width, height) = (WIDTH, HEIGHT);
    let data = Data { plot, width, height, left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM };
    render("plot", include_str!("plot.html"), data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_where_there_is_no_point() {
        let points = [Some((1.0, 2.0)), Some((3.0, 4.5)), None, None, Some((5.0, 6.0))];
        assert_eq!(line(points), "M1 2L3 4.5M5 6");
        assert_eq!(line([]), "");
    }

    #[test]
    fn values_lie_between_the_edges() {
        let axis = Axis::around(0.0, 1.0, 5);
        assert_eq!((across(&axis, 0.0), across(&axis, 1.0)), (LEFT, RIGHT));
        assert_eq!((up(&axis, 0.0), up(&axis, 1.0), up(&axis, 0.5)), (BOTTOM, TOP, (BOTTOM + TOP) / 2.0));
        let ticks = percent_ticks(&axis, |v| across(&axis, v));
        assert_eq!(
            ticks.iter().map(|t| t.text.as_str()).collect::<Vec<_>>(),
            ["0%", "20%", "40%", "60%", "80%", "100%"]
        );
    }

    #[test]
    fn what_a_drawing_says_is_escaped() {
        let plot = Plot {
            title: "<b>".into(),
            description: "\"<".into(),
            rule: Some(Rule::at(100.0, None, "<i>".into())),
            ..Plot::default()
        };
        let html = draw(&plot).unwrap();
        assert!(!html.contains("<b>") && !html.contains("<i>") && html.contains("aria-label=\"&quot;&lt;\""), "{html}");
    }
}
