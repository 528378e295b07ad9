//! What the screen says about the picture.

use std::time::Duration;

/// How the run stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Camera and model are being opened; there is no picture yet.
    Starting,
    /// Pictures come in and are classified.
    #[default]
    Live,
    /// The camera gives no pictures; it is being opened again.
    CameraLost {
        /// Why, in a few words, such as `unplugged`.
        cause: String,
        /// Time since the last picture.
        since: Duration,
    },
    /// The model gives no answers.
    ModelFailed {
        /// Why, in a few words.
        cause: String,
    },
}

/// How much the answer is worth, which gives the screen its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certainty {
    /// There is no answer yet.
    #[default]
    Waiting,
    /// The confidence is high.
    Sure,
    /// The label leads, by little.
    Uncertain,
    /// The confidence is below the model's threshold.
    Unknown,
}

impl Certainty {
    /// Confidence, 0 to 1, from which an answer counts as sure.
    pub const SURE_FROM: f32 = 0.75;

    /// Grades the answer to a picture; `known` is false where the model's threshold says `unknown`.
    pub fn of(confidence: f32, known: bool) -> Self {
        match (known, confidence >= Self::SURE_FROM) {
            (false, _) => Self::Unknown,
            (true, true) => Self::Sure,
            (true, false) => Self::Uncertain,
        }
    }
}

/// The words and figures that go with a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caption {
    /// The answer; ignored while waiting.
    pub label: String,
    /// Confidence in the label, 0 to 1.
    pub confidence: f32,
    /// How much the answer is worth.
    pub certainty: Certainty,
    /// How the run stands; while it is not live, the answer is an old one and is not shown.
    pub state: State,
    /// Whether the user has stopped the picture.
    pub frozen: bool,
    /// Results per second, where that is known.
    pub fps: Option<f32>,
    /// Time from the capture of the picture to its label, where that is known.
    pub latency: Option<Duration>,
    /// The model's name.
    pub model: String,
    /// Where the picture comes from; may be empty.
    pub note: String,
    /// What the user may do, for displays with room for it; may be empty.
    pub hint: String,
    /// Classes with their probabilities, 0 to 1, in any order.
    pub classes: Vec<(String, f32)>,
}

impl Caption {
    /// The label, or what to say while there is none.
    pub fn headline(&self) -> &str {
        match self.certainty {
            Certainty::Waiting => "looking…",
            _ => &self.label,
        }
    }

    /// Confidence as a whole percentage; empty while waiting.
    pub fn percentage(&self) -> String {
        match self.certainty {
            Certainty::Waiting => String::new(),
            _ => percent(self.confidence),
        }
    }

    /// Results per second with a digit as fine as the figure deserves; empty where it is not known.
    pub fn rate(&self) -> String {
        match self.fps {
            Some(fps) if fps >= 9.95 => format!("{fps:.0} fps"),
            Some(fps) => format!("{fps:.1} fps"),
            None => String::new(),
        }
    }

    /// The `count` likeliest classes, likeliest first.
    pub fn likeliest(&self, count: usize) -> Vec<(&str, f32)> {
        let mut classes: Vec<(&str, f32)> = self.classes.iter().map(|(name, p)| (name.as_str(), *p)).collect();
        classes.sort_by(|a, b| b.1.total_cmp(&a.1));
        classes.truncate(count);
        classes
    }
}

/// Probability as a whole percentage; 100 % is kept for certainty itself.
pub fn percent(probability: f32) -> String {
    let rounded = (probability.clamp(0.0, 1.0) * 100.0).round();
    let shown = if rounded >= 100.0 && probability < 0.9995 { 99.0 } else { rounded };
    format!("{shown:.0}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_answers() {
        assert_eq!(Certainty::of(0.99, true), Certainty::Sure);
        assert_eq!(Certainty::of(0.6, true), Certainty::Uncertain);
        assert_eq!(Certainty::of(0.99, false), Certainty::Unknown);
    }

    #[test]
    fn says_a_hundred_percent_only_when_it_is() {
        let said: Vec<String> = [0.0, 0.004, 0.5, 0.996, 1.0, 1.7, f32::NAN].into_iter().map(percent).collect();
        assert_eq!(said, ["0%", "0%", "50%", "99%", "100%", "100%", "NaN%"]);
    }

    #[test]
    fn lists_the_likeliest_first() {
        let classes = [("ant", 0.1), ("bee", 0.7), ("cat", 0.2)];
        let caption = Caption { classes: classes.map(|(n, p)| (n.into(), p)).into(), ..Caption::default() };
        assert_eq!(caption.likeliest(2), [("bee", 0.7), ("cat", 0.2)]);
    }

    #[test]
    fn has_no_figures_while_waiting() {
        let caption = Caption { label: "cat".into(), confidence: 0.9, ..Caption::default() };
        assert_eq!((caption.headline(), caption.percentage().as_str(), caption.rate().as_str()), ("looking…", "", ""));
    }
}
