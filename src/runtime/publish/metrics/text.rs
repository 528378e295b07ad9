//! The text format of Prometheus, as its documentation defines it under "Exposition formats".

use std::fmt::Write;

/// What stands before every name.
const PREFIX: &str = "vggcam_";

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts for classes.
    Histogram,
}

/// Lines so far.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// What stands before the lines of a figure.
    pub fn head(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}");
    }

    /// A line: the name, its labels, the value.
    pub fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{PREFIX}{name}{labels} {}", number(value));
    }

    /// A figure of one line.
    pub fn figure(&mut self, name: &str, kind: Kind, help: &str, value: f64) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }

    /// All lines.
    pub fn finish(self) -> String {
        self.0
    }
}

/// A label's value between quotation marks.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".into(),
        value if value.is_infinite() => if value > 0.0 { "+Inf" } else { "-Inf" }.into(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_numbers_are_written_as_they_must_be() {
        let mut text = Text::default();
        text.figure("a_total", Kind::Counter, "Help.", 2.0);
        text.line("b", &[("x", "a\"\\\n"), ("y", "ä")], f64::NEG_INFINITY);
        let lines = text.finish();
        let wanted = "# HELP vggcam_a_total Help.\n# TYPE vggcam_a_total counter\nvggcam_a_total 2\n\
                      vggcam_b{x=\"a\\\"\\\\\\n\",y=\"ä\"} -Inf\n";
        assert_eq!(lines, wanted);
    }
}
