//! How sure a share is that was counted on a few pictures.

/// Standard deviations on either side that hold 95 % of a normal distribution.
const Z: f64 = 1.959_964;

/// The 95 % score interval (Wilson, 1927) of a share of which `part` of `whole` were counted, both ends 0 to 1; `None` where
/// `whole` is 0.
pub fn interval(part: usize, whole: usize) -> Option<(f64, f64)> {
    if whole == 0 {
        return None;
    }
    let (n, share) = (whole as f64, part.min(whole) as f64 / whole as f64);
    let square = Z * Z / n;
    let middle = (share + square / 2.0) / (1.0 + square);
    let reach = Z / (1.0 + square) * (share * (1.0 - share) / n + square / (4.0 * n)).sqrt();
    Some(((middle - reach).max(0.0), (middle + reach).min(1.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn intervals_are_those_of_statsmodels() {
        // statsmodels.stats.proportion.proportion_confint(part, whole, method="wilson")
        for (part, whole, low, high) in [
            (81, 263, 0.255_288_5, 0.366_209_6),
            (15, 148, 0.062_386_4, 0.160_487_2),
            (0, 20, 0.0, 0.161_125_2),
            (1, 29, 0.006_113_9, 0.171_755_2),
            (29, 29, 0.883_030_2, 1.0),
        ] {
            let (found_low, found_high) = interval(part, whole).unwrap();
            assert!(
                (found_low - low).abs() < 1e-6 && (found_high - high).abs() < 1e-6,
                "{part}/{whole}: {found_low} {found_high}"
            );
        }
        assert_eq!(interval(0, 0), None);
    }

    proptest! {
        #[test]
        fn the_share_lies_inside(part in 0usize..500, more in 1usize..500) {
            let (low, high) = interval(part, part + more).unwrap();
            let share = part as f64 / (part + more) as f64;
            prop_assert!(0.0 <= low && low <= share + 1e-12 && share <= high + 1e-12 && high <= 1.0);
        }
    }
}
