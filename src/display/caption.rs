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
    /// Pictures come in, but the newest answer is too old to be shown.
    Stale {
        /// Time since that answer.
        since: Duration,
    },
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

/// State and certainty as one mark, for which there is one shape, one colour and one way to say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Camera and model are being opened.
    Starting,
    /// There is no answer yet.
    Waiting,
    /// The confidence is high.
    Sure,
    /// The label leads, by little.
    Uncertain,
    /// The confidence is below the model's threshold.
    Unknown,
    /// The camera gives no pictures.
    CameraLost,
    /// The model gives no answers.
    ModelFailed,
}

impl Mark {
    /// All marks.
    pub const ALL: [Self; 7] = [
        Self::Starting,
        Self::Waiting,
        Self::Sure,
        Self::Uncertain,
        Self::Unknown,
        Self::CameraLost,
        Self::ModelFailed,
    ];

    /// Whether there is an answer to show.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Sure | Self::Uncertain | Self::Unknown)
    }

    /// Whether something has gone wrong.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::CameraLost | Self::ModelFailed)
    }

    /// What is said beside an answer about its worth, else nothing.
    pub fn remark(self) -> &'static str {
        match self {
            Self::Sure => "sure",
            Self::Uncertain => "not sure",
            Self::Unknown => "no class fits",
            _ => "",
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
    /// Whether pictures are kept on the board, which whoever stands before the camera must be told.
    pub keeping: bool,
    /// Results per second, where that is known.
    pub fps: Option<f32>,
    /// Time from the capture of the picture to its label, where that is known.
    pub latency: Option<Duration>,
    /// The model's name.
    pub model: String,
    /// The first digits of its file's hash, by which two of one name are told apart; may be empty.
    pub model_id: String,
    /// Where the picture comes from, or while starting what is being opened; may be empty.
    pub note: String,
    /// What the user may do, for displays with room for it; may be empty.
    pub hint: String,
    /// Pictures that were passed over because newer ones came before the model was ready for them.
    pub skipped: Option<u64>,
    /// Pictures that were lost on their way or came damaged.
    pub dropped: Option<u64>,
    /// How the board fares, such as `48 °C`; may be empty.
    pub board: String,
    /// What is wrong with the board, in a few words; empty where nothing is.
    pub warning: String,
    /// Classes with their probabilities, 0 to 1, in any order.
    pub classes: Vec<(String, f32)>,
}

impl Caption {
    /// State and certainty in one.
    pub fn mark(&self) -> Mark {
        match (&self.state, self.certainty) {
            (State::Starting, _) => Mark::Starting,
            (State::CameraLost { .. }, _) => Mark::CameraLost,
            (State::ModelFailed { .. }, _) => Mark::ModelFailed,
            (State::Stale { .. }, _) | (State::Live, Certainty::Waiting) => Mark::Waiting,
            (State::Live, Certainty::Sure) => Mark::Sure,
            (State::Live, Certainty::Uncertain) => Mark::Uncertain,
            (State::Live, Certainty::Unknown) => Mark::Unknown,
        }
    }

    /// The label, or what to say where there is none. Labels are as the owner writes them; all else is a sentence.
    pub fn headline(&self) -> &str {
        match self.mark() {
            Mark::Starting => "Starting…",
            Mark::Waiting if matches!(self.state, State::Stale { .. }) => "No answer",
            Mark::Waiting => "Looking…",
            Mark::CameraLost => "Camera lost",
            Mark::ModelFailed => "Model failed",
            Mark::Sure | Mark::Uncertain | Mark::Unknown => &self.label,
        }
    }

    /// What there is to say about a state without an answer: why, or what is being opened; else nothing.
    pub fn explanation(&self) -> &str {
        match &self.state {
            State::Starting => &self.note,
            State::Live | State::Stale { .. } => "",
            State::CameraLost { cause, .. } | State::ModelFailed { cause } => cause,
        }
    }

    /// Time since the last picture where the camera is lost, since the last answer where that is too old, such as `12 s`; else empty.
    pub fn since(&self) -> String {
        match &self.state {
            State::CameraLost { since, .. } | State::Stale { since } => duration(*since),
            _ => String::new(),
        }
    }

    /// The confidence, 0 to 1, where there is an answer.
    pub fn share(&self) -> Option<f32> {
        self.mark().is_answer().then_some(self.confidence)
    }

    /// Confidence as a whole percentage; empty without an answer.
    pub fn percentage(&self) -> String {
        self.share().map(percent).unwrap_or_default()
    }

    /// Results per second with a digit as fine as the figure deserves; empty where it is not known.
    pub fn rate(&self) -> String {
        match self.fps {
            Some(fps) if fps >= 9.95 => format!("{fps:.0} fps"),
            Some(fps) => format!("{fps:.1} fps"),
            None => String::new(),
        }
    }

    /// Time from capture to label, such as `38 ms`; empty where it is not known.
    pub fn delay(&self) -> String {
        match self.latency {
            Some(latency) if latency < Duration::from_micros(999_500) => {
                format!("{:.0} ms", latency.as_secs_f64() * 1000.0)
            }
            Some(latency) => format!("{:.1} s", latency.as_secs_f64()),
            None => String::new(),
        }
    }

    /// Results per second and time from capture to label, as far as they are known and the run is live.
    pub fn pace(&self) -> String {
        match self.state {
            State::Live => join(&[&self.rate(), &self.delay()]),
            _ => String::new(),
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

/// The parts that are not empty, with dots between.
pub fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// A duration in its two largest units, from seconds up.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        (1..100, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} days", hours / 24),
    }
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
        assert_eq!((caption.headline(), caption.percentage().as_str(), caption.rate().as_str()), ("Looking…", "", ""));
    }

    #[test]
    fn an_old_answer_is_not_told() {
        let lost = State::CameraLost { cause: "unplugged".into(), since: Duration::from_secs(75) };
        for (state, headline, explanation, since) in [
            (State::Starting, "Starting…", "dog.jpg", ""),
            (lost, "Camera lost", "unplugged", "1 min 15 s"),
            (State::ModelFailed { cause: "no memory".into() }, "Model failed", "no memory", ""),
        ] {
            let caption = Caption {
                label: "cat".into(),
                confidence: 0.9,
                certainty: Certainty::Sure,
                fps: Some(8.0),
                note: "dog.jpg".into(),
                state,
                ..Caption::default()
            };
            assert_eq!((caption.headline(), caption.explanation()), (headline, explanation));
            assert_eq!(
                (caption.since().as_str(), caption.percentage(), caption.pace()),
                (since, String::new(), String::new())
            );
            assert_eq!(caption.share(), None);
        }
    }

    #[test]
    fn writes_times_in_fitting_units() {
        let delay = |micros| Caption { latency: Some(Duration::from_micros(micros)), ..Caption::default() }.delay();
        assert_eq!([delay(400), delay(38_400), delay(999_499), delay(999_600)], ["0 ms", "38 ms", "999 ms", "1.0 s"]);
        let said: Vec<String> =
            [0, 59, 60, 3599, 3600, 359_999, 360_000].map(|s| duration(Duration::from_secs(s))).into();
        assert_eq!(said, ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "99 h 59 min", "4 days"]);
        let caption = Caption { fps: Some(7.5), latency: Some(Duration::from_millis(38)), ..Caption::default() };
        assert_eq!(caption.pace(), "7.5 fps · 38 ms");
    }
}
