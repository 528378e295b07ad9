//! From the levels of a button, bouncing contacts and all, to presses.

use std::time::Duration;

/// How long a level must stay before it counts: contacts bounce for some milliseconds.
const SETTLE: Duration = Duration::from_millis(20);
/// From how long on a press is a long one.
const LONG: Duration = Duration::from_millis(800);

/// What somebody did with a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// Pressed and let go.
    Short,
    /// Held for 0.8 seconds; told while it is still held.
    Long,
}

/// What is known of a button. Times count from any moment, and never go backwards.
#[derive(Clone, Debug)]
pub struct Debounce {
    /// The level that has settled; true while pressed.
    settled: bool,
    /// Since when the level has been the other one.
    other_since: Option<Duration>,
    pressed_at: Duration,
    /// Whether this press has been told of.
    told: bool,
}

impl Debounce {
    /// Begins with the level that the button has now. One that is held already is not told of.
    pub fn new(pressed: bool) -> Self {
        Self { settled: pressed, other_since: None, pressed_at: Duration::ZERO, told: true }
    }

    /// Takes the level at a time; to be called after each change, and at [`Debounce::next_look`].
    pub fn look(&mut self, at: Duration, pressed: bool) -> Option<Press> {
        if pressed == self.settled {
            self.other_since = None;
        } else {
            let since = *self.other_since.get_or_insert(at);
            if at.saturating_sub(since) >= SETTLE {
                self.other_since = None;
                return self.settle(pressed, since);
            }
        }
        // While it may have been let go, the press is not longer than until then.
        let held_until = self.other_since.unwrap_or(at);
        if self.settled && !self.told && held_until.saturating_sub(self.pressed_at) >= LONG {
            self.told = true;
            return Some(Press::Long);
        }
        None
    }

    /// When the level must be looked at though it may not change; `None` if only a change matters.
    pub fn next_look(&self) -> Option<Duration> {
        match self.other_since {
            Some(since) => Some(since + SETTLE),
            None if self.settled && !self.told => Some(self.pressed_at + LONG),
            None => None,
        }
    }

    fn settle(&mut self, pressed: bool, since: Duration) -> Option<Press> {
        self.settled = pressed;
        if pressed {
            (self.pressed_at, self.told) = (since, false);
            return None;
        }
        if self.told {
            return None;
        }
        self.told = true;
        Some(if since.saturating_sub(self.pressed_at) >= LONG { Press::Long } else { Press::Short })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is told of a button whose level changes at `edges`, in milliseconds, from released on.
    fn presses(edges: &[u64]) -> Vec<Press> {
        let mut button = Debounce::new(false);
        let mut told = Vec::new();
        let mut pressed = false;
        for &edge in edges.iter().chain([&u64::MAX]) {
            let edge = Duration::from_millis(edge);
            while let Some(due) = button.next_look().filter(|&due| due < edge) {
                told.extend(button.look(due, pressed));
            }
            pressed = !pressed;
            if edge < Duration::from_millis(u64::MAX) {
                told.extend(button.look(edge, pressed));
            }
        }
        told
    }

    #[test]
    fn short_and_long() {
        assert_eq!(presses(&[100, 300]), [Press::Short]);
        assert_eq!(presses(&[100, 2000]), [Press::Long]);
        assert_eq!(presses(&[100]), [Press::Long], "it is told while it is held");
        assert_eq!(presses(&[100, 110]), [], "no contact closes for so short a time");
        assert_eq!(presses(&[100, 899, 1000, 1900]), [Press::Short, Press::Long]);
    }

    #[test]
    fn a_button_that_is_held_from_the_start_is_not_told_of() {
        let mut button = Debounce::new(true);
        assert_eq!(button.next_look(), None);
        assert_eq!(button.look(Duration::from_secs(5), true), None);
        assert_eq!(button.look(Duration::from_secs(6), false), None);
        assert_eq!(button.look(Duration::from_secs(7), false), None);
    }

    proptest! {
        #[test]
        fn bounces_change_nothing(
            // For each press: the time before it, how long it lasts, and the bounces at both ends in milliseconds.
            wanted in proptest::collection::vec((100u64..2000, 60u64..3000, bounces(), bounces()), 0..9),
        ) {
            let (mut now, mut edges, mut expected) = (0, Vec::new(), Vec::new());
            for (before, lasts, closing, opening) in wanted {
                // Contacts bounce after they close and after they open; an even number of edges leaves the level.
                let length: u64 = closing.iter().sum();
                // Bounces shift both ends of a press, so one near the limit could be told either way.
                prop_assume!(lasts > length + 40 && !(780..820).contains(&lasts));
                for (start, bounces) in [(now + before, closing), (now + before + lasts, opening)] {
                    edges.push(start);
                    edges.extend(bounces.iter().scan(start, |at, step| {
                        *at += step;
                        Some(*at)
                    }));
                }
                expected.push(if lasts >= 800 { Press::Long } else { Press::Short });
                now += before + lasts + 200;
            }
            prop_assert_eq!(presses(&edges), expected);
        }

        #[test]
        fn any_levels_are_taken(looks in proptest::collection::vec((0u64..50, any::<bool>()), 0..200)) {
            let (mut button, mut now, mut told) = (Debounce::new(false), 0, 0);
            for &(step, pressed) in &looks {
                now += step;
                told += usize::from(button.look(Duration::from_millis(now), pressed).is_some());
            }
            // Each press takes time to settle twice, or to be long.
            prop_assert!(told as u64 <= now / 40 + 1);
        }
    }

    /// An even number of short steps.
    fn bounces() -> impl Strategy<Value = Vec<u64>> {
        proptest::collection::vec(1u64..8, 0..4).prop_map(|mut steps| {
            steps.truncate(steps.len() / 2 * 2);
            steps
        })
    }
}
