//! What each step of a run takes.

use std::time::Instant;

use serde::Serialize;

/// Time of one step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTime {
    /// What was done, in a few words.
    pub step: String,
    pub seconds: f64,
}

/// Measures step after step.
pub struct Clock {
    since: Instant,
    steps: Vec<StepTime>,
}

impl Clock {
    /// The first step begins now.
    pub fn start() -> Self {
        Clock { since: Instant::now(), steps: vec![] }
    }

    /// The step that was under way is done, and was this one; the next begins.
    pub fn done(&mut self, step: &str) {
        let now = Instant::now();
        let seconds = (now - self.since).as_secs_f64();
        self.since = now;
        match self.steps.iter_mut().find(|known| known.step == step) {
            Some(known) => known.seconds += seconds,
            None => self.steps.push(StepTime { step: step.into(), seconds }),
        }
    }

    /// All steps so far.
    pub fn steps(self) -> Vec<StepTime> {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_in_parts_is_one_step() {
        let mut clock = Clock::start();
        for step in ["features", "training", "features"] {
            clock.done(step);
        }
        let steps = clock.steps();
        assert_eq!(steps.iter().map(|step| step.step.as_str()).collect::<Vec<_>>(), ["features", "training"]);
        assert!(steps.iter().all(|step| step.seconds >= 0.0));
    }
}
