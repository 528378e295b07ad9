//! How many pictures each class has on each side.

use super::{
    Side, Survey,
    finding::{Finding, Severity, count, thousands},
};

/// Pictures of a class to train on, below which a head learns little.
const FEW_TO_TRAIN: usize = 20;
/// Pictures to measure with, below which an accuracy says little.
const FEW_TO_MEASURE: usize = 50;
/// So many times the pictures of the smallest class the largest one may have.
const UNEVEN: usize = 3;

/// What is wrong with the numbers of pictures.
pub fn findings(survey: &Survey) -> Vec<Finding> {
    let classes = &survey.dataset.classes;
    let readable = |side| {
        let of = |class| survey.members(side, class).filter(|&i| survey.looks[i].is_ok()).count();
        (0..classes.len()).map(of).collect::<Vec<usize>>()
    };
    let (train, valid) = (readable(Side::Train), readable(Side::Valid));
    let (to_train, to_measure): (usize, usize) = (train.iter().sum(), valid.iter().sum());
    let mut findings = vec![];
    let mut warn = |kind, what: String, advice: String| {
        findings.push(Finding::new(Severity::Warning, kind, what, advice));
    };
    if to_measure > to_train {
        warn(
            "swapped",
            format!(
                "valid/ has more pictures than train/, {} and {}: perhaps the folders are swapped",
                thousands(to_measure),
                thousands(to_train)
            ),
            "train with the larger part, measure with the smaller".into(),
        );
    }
    if let Some((most, least)) = uneven(&train) {
        let share = train[most] as f64 / to_train.max(1) as f64;
        warn(
            "uneven",
            format!(
                "{} has {} to train on and {} has {}",
                classes[most],
                count(train[most], "picture"),
                classes[least],
                thousands(train[least])
            ),
            format!(
                "add pictures of {}: a model that always answers {} is right {:.0} % of the time on such pictures",
                classes[least],
                classes[most],
                share * 100.0
            ),
        );
    }
    let few: Vec<String> = classes
        .iter()
        .zip(&train)
        .filter(|(_, count)| **count < FEW_TO_TRAIN)
        .map(|(class, count)| format!("{class} {count}"))
        .collect();
    if !few.is_empty() {
        let what = format!("there are fewer than {FEW_TO_TRAIN} pictures to train on: {}", few.join(", "));
        warn("few", what, "a hundred of each class are a start".into());
    }
    if to_measure > 0 && to_measure < FEW_TO_MEASURE {
        // Where 95 of 100 samples of this size fall if nine answers in ten are right (normal approximation).
        let margin = 1.96 * (0.9 * 0.1 / to_measure as f64).sqrt() * 100.0;
        warn(
            "few",
            format!(
                "accuracy is measured on {} only: 90 % measured may mean {:.0} % to {:.0} %",
                count(to_measure, "picture"),
                90.0 - margin,
                (90.0 + margin).min(100.0)
            ),
            format!("measure with {FEW_TO_MEASURE} pictures or more"),
        );
    }
    findings
}

/// The classes with the most and the fewest pictures, if they are too far apart.
fn uneven(counts: &[usize]) -> Option<(usize, usize)> {
    let most = (0..counts.len()).max_by_key(|&class| counts[class])?;
    let least = (0..counts.len()).min_by_key(|&class| counts[class])?;
    (counts[most] > UNEVEN * counts[least]).then_some((most, least))
}

#[cfg(test)]
mod tests {
    use super::uneven;

    #[test]
    fn classes_are_uneven_beyond_three_to_one() {
        assert_eq!(uneven(&[30, 10, 20]), None);
        assert_eq!(uneven(&[10, 31, 20]), Some((1, 0)));
        assert_eq!(uneven(&[]), None);
    }
}
