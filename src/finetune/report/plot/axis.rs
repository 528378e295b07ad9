//! Axes of drawings: round numbers around the values.

/// A numeric axis from `first`·`step` to `last`·`step`, with a tick at every multiple between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    step: f64,
    first: i64,
    last: i64,
}

impl Axis {
    /// The shortest axis that holds `low` to `high` (finite, `low` < `high`) in at most about `ticks` steps of 1, 2 or 5.
    pub fn around(low: f64, high: f64, ticks: u32) -> Self {
        let rough = (high - low) / f64::from(ticks);
        let power = 10f64.powf(rough.log10().floor());
        let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * 0.999).unwrap_or(10.0);
        let step = factor * power;
        // Takes a multiple of the step for itself, in spite of rounding.
        let slack = 1e-6;
        Axis { step, first: (low / step + slack).floor() as i64, last: (high / step - slack).ceil() as i64 }
    }

    /// The values at the ticks, rising.
    pub fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.first..=self.last).map(|i| i as f64 * self.step)
    }

    /// Where a value lies: 0 at the start of the axis, 1 at its end.
    pub fn place(&self, value: f64) -> f64 {
        let (first, last) = (self.first as f64, self.last as f64);
        (value / self.step - first) / (last - first)
    }

    /// Decimals that tell neighbouring ticks apart, once the values are multiplied by `unit`.
    pub fn decimals(&self, unit: f64) -> usize {
        (-((self.step * unit).log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize
    }
}

/// Numbers of the epochs, 1 to `count`, that have a tick: at most about ten, evenly spaced, the first among them.
pub fn epoch_ticks(count: usize) -> Vec<usize> {
    let mut step = 1;
    while count / step > 10 {
        step = match step.to_string().as_bytes()[0] {
            b'2' => step / 2 * 5,
            _ => step * 2,
        };
    }
    let mut ticks: Vec<usize> = (1..=count / step).map(|i| i * step).collect();
    if step > 1 {
        ticks.insert(0, 1);
    }
    ticks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ticks(low: f64, high: f64) -> Vec<String> {
        let axis = Axis::around(low, high, 5);
        axis.ticks().map(|v| format!("{v:.*}", axis.decimals(1.0))).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(ticks(0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks(0.0, 0.69), ["0.0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(ticks(0.9, 1.0), ["0.90", "0.92", "0.94", "0.96", "0.98", "1.00"]);
        assert_eq!(ticks(3.0, 2100.0), ["0", "500", "1000", "1500", "2000", "2500"]);
    }

    #[test]
    fn epochs_have_whole_ticks() {
        assert_eq!(epoch_ticks(1), [1]);
        assert_eq!(epoch_ticks(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(epoch_ticks(15), [1, 2, 4, 6, 8, 10, 12, 14]);
        assert_eq!(epoch_ticks(50), [1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
        assert_eq!(epoch_ticks(200).last(), Some(&200));
        assert!(epoch_ticks(0).is_empty());
    }

    proptest! {
        #[test]
        fn an_axis_holds_its_values(low in -1e6f64..1e6, span in 1e-3f64..1e6) {
            let axis = Axis::around(low, low + span, 5);
            prop_assert!(axis.place(low) >= -1e-5 && axis.place(low + span) <= 1.0 + 1e-5);
            prop_assert!((2..=8).contains(&axis.ticks().count()));
        }

        #[test]
        fn epoch_ticks_are_few_and_inside(count in 1usize..5000) {
            let ticks = epoch_ticks(count);
            prop_assert!(ticks.len() <= 11);
            prop_assert!(ticks.is_sorted_by(|a, b| a < b));
            prop_assert!(ticks[0] == 1 && ticks[ticks.len() - 1] <= count);
        }
    }
}
