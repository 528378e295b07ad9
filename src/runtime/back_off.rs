//! Pauses between tries.

use std::time::Duration;

/// Pauses without end: the first, then each twice the one before, none longer than the longest.
pub fn doubling((first, longest): (Duration, Duration)) -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(first), move |&pause| Some((pause * 2).min(longest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses = doubling((Duration::from_millis(300), Duration::from_secs(1))).take(4);
        assert_eq!(pauses.map(|pause| pause.as_millis()).collect::<Vec<_>>(), [300, 600, 1000, 1000]);
    }
}
