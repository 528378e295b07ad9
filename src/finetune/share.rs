//! A share that was counted on a few pictures, and how sure it is.

use std::fmt;

use serde::Serialize;

/// Some of a number of pictures, and in what interval the share of all such pictures lies with 95 % confidence (Wilson, 1927).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Number of pictures that count.
    pub count: usize,
    /// Of so many.
    pub of: usize,
    /// Lower end of the interval, 0 to 1.
    pub low: f64,
    /// Upper end of the interval, 0 to 1.
    pub high: f64,
}

impl Share {
    /// `count` pictures of `of`.
    pub fn new(count: usize, of: usize) -> Self {
        /// Standard deviations of the normal distribution between which 95 % of it lie.
        const Z: f64 = 1.959_963_984_540_054;
        if of == 0 {
            return Share { count, of, low: 0.0, high: 1.0 };
        }
        let (n, p) = (of as f64, count.min(of) as f64 / of as f64);
        let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let reach = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        Share { count, of, low: (centre - reach).max(0.0), high: (centre + reach).min(1.0) }
    }

    /// From 0 to 1; 0 of no pictures.
    pub fn share(&self) -> f64 {
        self.count as f64 / self.of.max(1) as f64
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [share, low, high] = [self.share(), self.low, self.high].map(|share| share * 100.0);
        write!(f, "{share:.1} % ({} of {}, 95 % interval {low:.1}–{high:.1} %)", self.count, self.of)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn intervals_are_those_of_statsmodels() {
        // statsmodels.stats.proportion.proportion_confint(count, of, method="wilson")
        for (count, of, low, high) in [
            (81, 263, 0.255_288_5, 0.366_209_6),
            (15, 148, 0.062_386_4, 0.160_487_2),
            (0, 20, 0.0, 0.161_125_2),
            (1, 29, 0.006_113_9, 0.171_755_2),
            (29, 29, 0.883_030_2, 1.0),
        ] {
            let found = Share::new(count, of);
            assert!((found.low - low).abs() < 1e-6 && (found.high - high).abs() < 1e-6, "{found:?}");
        }
        let nothing = Share::new(0, 0);
        assert_eq!((nothing.low, nothing.high, nothing.share()), (0.0, 1.0, 0.0));
        assert_eq!(Share::new(27, 206).to_string(), "13.1 % (27 of 206, 95 % interval 9.2–18.4 %)");
    }

    proptest! {
        #[test]
        fn the_share_lies_inside(count in 0usize..500, more in 1usize..500) {
            let found = Share::new(count, count + more);
            let share = found.share();
            prop_assert!(0.0 <= found.low && found.low <= share + 1e-12 && share <= found.high + 1e-12 && found.high <= 1.0);
        }
    }
}
