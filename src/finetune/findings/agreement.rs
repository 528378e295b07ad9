//! How the answers of the int8 model compare with those of the float model it was made from.

use serde::Serialize;

use super::answer::Answer;

/// Both models' answers to the same pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Pictures that both answered.
    pub pictures: usize,
    /// Those that got the same answer from both.
    pub same: usize,
    /// Those that the float model alone got right.
    pub lost: usize,
    /// Those that the int8 model alone got right.
    pub won: usize,
    /// How far the confidence of a same answer moved, on the average.
    pub mean_shift: f64,
    /// How far it moved at most.
    pub greatest_shift: f64,
}

impl Agreement {
    /// Compares answers to the same pictures in the same order; `None` where there are none.
    pub fn of(float: &[Answer], int8: &[Answer]) -> Option<Self> {
        let pairs = || float.iter().zip(int8);
        let count = |which: fn(&Answer, &Answer) -> bool| pairs().filter(|(float, int8)| which(float, int8)).count();
        let shifts = pairs().filter(|(float, int8)| float.answer == int8.answer);
        let shifts = shifts.map(|(float, int8)| f64::from((float.confidence - int8.confidence).abs()));
        let (total, greatest) = shifts.fold((0.0, 0.0), |(sum, most): (f64, f64), x| (sum + x, most.max(x)));
        let same = count(|float, int8| float.answer == int8.answer);
        (pairs().count() > 0).then(|| Agreement {
            pictures: pairs().count(),
            same,
            lost: count(|float, int8| float.is_right() && !int8.is_right()),
            won: count(|float, int8| !float.is_right() && int8.is_right()),
            mean_shift: total / same.max(1) as f64,
            greatest_shift: greatest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_counted_by_who_is_right() {
        let answers = |given: &[(usize, f32)]| {
            let truths = [0, 0, 1, 1];
            let answers = truths.into_iter().zip(given);
            answers.map(|(truth, &(answer, confidence))| Answer { truth, answer, confidence }).collect::<Vec<_>>()
        };
        let float = answers(&[(0, 0.9), (0, 0.6), (0, 0.7), (1, 0.8)]);
        let int8 = answers(&[(0, 0.8), (1, 0.6), (1, 0.7), (1, 0.8)]);
        let found = Agreement::of(&float, &int8).unwrap();
        assert_eq!((found.pictures, found.same, found.lost, found.won), (4, 2, 1, 1));
        assert!((found.mean_shift - 0.05).abs() < 1e-6 && (found.greatest_shift - 0.1).abs() < 1e-6);
        assert_eq!(Agreement::of(&[], &[]), None);
    }
}
