//! How much the pictures of each class count in training.

use std::str::FromStr;

use anyhow::{Context, ensure};

use super::labels;

/// Ratio of the largest to the smallest class from which the user is told what follows from it.
pub const LARGE_IMBALANCE: usize = 3;

/// What decides how much the pictures of a class count.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassWeights {
    /// Every class counts the same, however many pictures it has.
    Balanced,
    /// Every picture counts the same.
    None,
    /// Weights by class name; classes without one count 1.
    Given(Vec<(String, f32)>),
}

impl ClassWeights {
    /// The weight of each class, given how many pictures each has: as scikit-learn balances them, the mean over all pictures is 1.
    /// Errs if a name is none of `classes`.
    pub fn of(&self, classes: &[String], counts: &[usize]) -> anyhow::Result<Vec<f32>> {
        match self {
            ClassWeights::None => Ok(vec![1.0; classes.len()]),
            ClassWeights::Balanced => {
                let share = counts.iter().sum::<usize>() as f32 / counts.len().max(1) as f32;
                Ok(counts.iter().map(|&count| share / count.max(1) as f32).collect())
            }
            ClassWeights::Given(given) => {
                let mut weights = vec![1.0; classes.len()];
                for (name, weight) in given {
                    let class = labels::find(name, classes).with_context(|| {
                        format!("--class-weights names {name}; the classes are {}", classes.join(", "))
                    })?;
                    weights[class] = *weight;
                }
                ensure!(weights.iter().any(|weight| *weight > 0.0), "--class-weights leaves no class that counts");
                Ok(weights)
            }
        }
    }

    /// What to tell the user where one class has far more pictures than another.
    pub fn about_imbalance(&self, classes: &[String], counts: &[usize]) -> Option<String> {
        let by_count = |class: &usize| counts[*class];
        let largest = (0..counts.len()).max_by_key(by_count)?;
        let smallest = (0..counts.len()).min_by_key(by_count)?;
        let (most, fewest) = (counts[largest], counts[smallest].max(1));
        if most < fewest * LARGE_IMBALANCE {
            return None;
        }
        let (large, small) = (&classes[largest], &classes[smallest]);
        let what = format!("{large} has {most} pictures for training, {small} only {fewest}");
        Some(match self {
            ClassWeights::Balanced => format!(
                "{what}; each picture of {small} counts as much as {:.1} of {large} (--class-weights none: all count the same)",
                most as f64 / fewest as f64
            ),
            ClassWeights::None => {
                format!("{what}; the model will lean to {large} (--class-weights balanced prevents that)")
            }
            ClassWeights::Given(_) => format!("{what}; they count as --class-weights says"),
        })
    }
}

impl FromStr for ClassWeights {
    type Err = String;

    /// Parses `balanced`, `none` or `cat=1,dog=2.5`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "balanced" => return Ok(ClassWeights::Balanced),
            "none" => return Ok(ClassWeights::None),
            _ => {}
        }
        let pair = |pair: &str| {
            let (name, weight) = pair.rsplit_once('=')?;
            let weight = weight.trim().parse().ok().filter(|weight: &f32| (0.0..=1e6).contains(weight))?;
            (!name.trim().is_empty()).then(|| (name.trim().to_string(), weight))
        };
        let given: Option<Vec<_>> = text.split(',').map(pair).collect();
        given
            .map(ClassWeights::Given)
            .ok_or_else(|| format!("{text:?} is neither balanced nor none nor like cat=1,dog=2.5"))
    }
}

impl std::fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            ClassWeights::Balanced => f.write_str("balanced"),
            ClassWeights::None => f.write_str("none"),
            ClassWeights::Given(given) => {
                let pairs: Vec<_> = given.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
                f.write_str(&pairs.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["cat".into(), "dog".into(), "fox".into()]
    }

    #[test]
    fn balanced_classes_count_the_same() {
        let weights = ClassWeights::Balanced.of(&names(), &[100, 50, 10]).unwrap();
        for (weight, count) in weights.iter().zip([100.0, 50.0, 10.0]) {
            assert!((weight * count - 160.0 / 3.0).abs() < 1e-4);
        }
        assert_eq!(ClassWeights::Balanced.of(&names(), &[7, 7, 7]).unwrap(), [1.0; 3]);
        assert_eq!(ClassWeights::None.of(&names(), &[100, 50, 10]).unwrap(), [1.0; 3]);
    }

    #[test]
    fn weights_may_be_given_by_name() {
        let given: ClassWeights = "Dog=2.5, fox=0".parse().unwrap();
        assert_eq!(given.of(&names(), &[1, 1, 1]).unwrap(), [1.0, 2.5, 0.0]);
        let error = "owl=2".parse::<ClassWeights>().unwrap().of(&names(), &[1, 1, 1]).unwrap_err();
        assert!(error.to_string().contains("owl; the classes are cat, dog, fox"), "{error}");
        let error = "cat=0,dog=0,fox=0".parse::<ClassWeights>().unwrap().of(&names(), &[1, 1, 1]).unwrap_err();
        assert!(error.to_string().contains("no class that counts"), "{error}");
        for text in ["", "cat", "cat=", "=1", "cat=-1", "cat=nan", "cat=1,,dog=2", "Balanced"] {
            assert!(text.parse::<ClassWeights>().is_err(), "{text}");
        }
        assert_eq!("cat=1,dog=2.5".parse::<ClassWeights>().unwrap().to_string(), "cat=1,dog=2.5");
    }

    #[test]
    fn imbalance_is_told_with_what_follows() {
        let says = |weights: ClassWeights, counts: &[usize]| weights.about_imbalance(&names(), counts);
        assert_eq!(says(ClassWeights::Balanced, &[100, 50, 40]), None);
        let balanced = says(ClassWeights::Balanced, &[100, 50, 10]).unwrap();
        assert!(
            balanced.starts_with(
                "cat has 100 pictures for training, fox only 10; each picture of fox counts as much as 10.0"
            )
        );
        assert!(says(ClassWeights::None, &[100, 50, 10]).unwrap().contains("will lean to cat"));
    }
}
