//! How many results come in a second.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Results over which the rate is averaged, at most.
const WINDOW: usize = 30;
/// Time over which the rate is averaged, at most, as long as two results fall within it.
const SPAN: Duration = Duration::from_secs(3);

/// A moving average of the rate of results.
#[derive(Clone, Debug, Default)]
pub struct Rate(VecDeque<Instant>);

impl Rate {
    /// Counts a result at the time `at`, which must not go back.
    pub fn count(&mut self, at: Instant) {
        self.0.push_back(at);
        while self.0.len() > WINDOW || (self.0.len() > 2 && at.saturating_duration_since(self.0[0]) > SPAN) {
            self.0.pop_front();
        }
    }

    /// Results per second; `None` before the second result.
    pub fn per_second(&self) -> Option<f32> {
        let (first, last) = (self.0.front()?, self.0.back()?);
        let seconds = last.saturating_duration_since(*first).as_secs_f32();
        (seconds > 0.0).then(|| (self.0.len() - 1) as f32 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate_of(times_ms: impl IntoIterator<Item = u64>) -> Option<f32> {
        let start = Instant::now();
        let mut rate = Rate::default();
        times_ms.into_iter().for_each(|ms| rate.count(start + Duration::from_millis(ms)));
        rate.per_second()
    }

    #[test]
    fn is_unknown_at_first() {
        assert_eq!(rate_of([]), None);
        assert_eq!(rate_of([5]), None);
        assert_eq!(rate_of([5, 5]), None);
    }

    #[test]
    fn counts_a_steady_rate() {
        assert_eq!(rate_of((0..100).map(|i| i * 50)), Some(20.0));
        assert_eq!(rate_of([0, 8000]), Some(0.125));
    }

    #[test]
    fn forgets_what_was_long_ago() {
        let slow_then_fast = (0..5).map(|i| i * 1000).chain((1..40).map(|i| 4000 + i * 100));
        let rate = rate_of(slow_then_fast).expect("there are results");
        assert!((rate - 10.0).abs() < 0.01, "{rate}");
    }
}
