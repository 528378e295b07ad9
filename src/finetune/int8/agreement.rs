//! Whether the int8 form still answers as the float network does, and whether it may be written.

use std::fmt::Write;

use serde::Serialize;

use super::calibration::LayerNoise;
use crate::{engine::classifier::likeliest, finetune::share::Share};

/// Quantile of the normal distribution for an interval that holds nine times in ten.
const NINE_IN_TEN: f64 = 1.645;

/// Both forms of a model against each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quantization {
    /// Pictures that both forms answered.
    pub images: usize,
    /// Pictures to which both give the same label.
    pub same: usize,
    /// Mean over the pictures of the largest difference between the two probabilities of a class.
    pub mean_difference: f64,
    /// Largest difference between the two probabilities of a class for the same picture.
    pub largest_difference: f32,
    /// What int8 costs in accuracy; `None` where the right labels are not known.
    pub cost: Option<Cost>,
    /// Noise of every layer of the backbone with ReLU, in order; empty if it was not measured.
    pub layers: Vec<LayerNoise>,
}

/// Accuracy that int8 costs, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Share of right answers of the float form.
    pub accuracy_float: f64,
    /// Share of right answers of the int8 form.
    pub accuracy_int8: f64,
    /// Pictures that only the float form answers rightly.
    pub lost: usize,
    /// Pictures that only the int8 form answers rightly.
    pub won: usize,
    /// Points of accuracy lost; below 0 if int8 is better.
    pub points: f64,
    /// Where the points lie nine times in ten on other pictures of the same kind.
    pub interval: [f64; 2],
}

impl Quantization {
    /// Compares the probabilities of both forms, one list a picture; `truths` are the right classes, where they are known.
    pub fn of(float: &[Vec<f32>], int8: &[Vec<f32>], truths: Option<&[usize]>, layers: Vec<LayerNoise>) -> Self {
        let images = float.len().min(int8.len());
        let pairs = || float.iter().zip(int8);
        let same = pairs().filter(|(a, b)| likeliest(a).0 == likeliest(b).0).count();
        let apart = pairs().map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max));
        let (total, largest) =
            apart.fold((0.0, 0.0f32), |(sum, most), apart| (sum + f64::from(apart), most.max(apart)));
        let cost = truths.filter(|_| images > 0).map(|truths| {
            let right = pairs().zip(truths).map(|((a, b), &truth)| (likeliest(a).0 == truth, likeliest(b).0 == truth));
            Cost::of(right)
        });
        Quantization {
            images,
            same,
            mean_difference: total / images.max(1) as f64,
            largest_difference: largest,
            cost,
            layers,
        }
    }

    /// The layer with the most noise.
    pub fn noisiest(&self) -> Option<&LayerNoise> {
        self.layers.iter().min_by(|a, b| a.signal_to_noise_db.total_cmp(&b.signal_to_noise_db))
    }

    /// The comparison in one or two lines for the user.
    pub fn words(&self) -> String {
        let mut text = format!(
            "int8 against float: the same label for {:.1} % of {} pictures, probabilities at most {:.3} apart",
            Share::new(self.same, self.images).share() * 100.0,
            self.images,
            self.largest_difference
        );
        if let Some(LayerNoise { name, signal_to_noise_db, .. }) = self.noisiest() {
            // Writing to a string does not fail.
            let _ = write!(text, "; noisiest layer {name}, {signal_to_noise_db:.1} dB");
        }
        let repaired = |which: &dyn Fn(&LayerNoise) -> bool| self.layers.iter().filter(|layer| which(layer)).count();
        for (count, what) in [
            (repaired(&|layer| layer.equalised), "channels made alike"),
            (repaired(&|layer| layer.bias_corrected), "bias corrected"),
        ] {
            if count > 0 {
                let _ = write!(text, "; {what} in {count} layers");
            }
        }
        text.push('\n');
        text
    }
}

impl Cost {
    /// From what float and int8 answered rightly, picture by picture. The interval is Wald's for a difference of paired
    /// proportions (Agresti, "Categorical Data Analysis", section 11.1).
    fn of(right: impl Iterator<Item = (bool, bool)>) -> Self {
        let (mut float, mut int8, mut lost, mut won, mut all) = (0usize, 0usize, 0usize, 0usize, 0usize);
        for (by_float, by_int8) in right {
            float += usize::from(by_float);
            int8 += usize::from(by_int8);
            lost += usize::from(by_float && !by_int8);
            won += usize::from(by_int8 && !by_float);
            all += 1;
        }
        let count = all.max(1) as f64;
        let drop = (lost as f64 - won as f64) / count;
        let variance = ((lost + won) as f64 / count - drop * drop) / count;
        let margin = NINE_IN_TEN * variance.max(0.0).sqrt();
        Cost {
            accuracy_float: float as f64 / count,
            accuracy_int8: int8 as f64 / count,
            lost,
            won,
            points: drop * 100.0,
            interval: [(drop - margin) * 100.0, (drop + margin) * 100.0],
        }
    }

    /// Whether more than `points` of accuracy are lost, and not by chance: a single picture of twenty is five points, and says
    /// nothing. Fewer than three pictures lost never do.
    pub fn exceeds(&self, points: f64) -> bool {
        self.points > points && self.interval[0] > 0.0
    }

    /// Whether more than `points` are lost, though perhaps by chance.
    pub fn is_unsure(&self, points: f64) -> bool {
        self.points > points && !self.exceeds(points)
    }

    /// What was lost, as part of a sentence.
    pub fn words(&self) -> String {
        format!(
            "{:.1} points of accuracy (float {:.2} %, int8 {:.2} %; {} pictures lost, {} won; on others probably {:.1} to {:.1} points)",
            self.points,
            self.accuracy_float * 100.0,
            self.accuracy_int8 * 100.0,
            self.lost,
            self.won,
            self.interval[0],
            self.interval[1]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `lost` pictures that float alone gets right, `won` that int8 alone does, the rest both.
    fn cost(lost: usize, won: usize, all: usize) -> Cost {
        Cost::of((0..all).map(|i| (i >= won, i < won || i >= won + lost)))
    }

    #[test]
    fn figures_are_counted_by_hand() {
        let float = [vec![0.9, 0.1], vec![0.2, 0.8], vec![0.6, 0.4], vec![0.6, 0.4]];
        let int8 = [vec![0.8, 0.2], vec![0.3, 0.7], vec![0.4, 0.6], vec![0.6, 0.4]];
        let found = Quantization::of(&float, &int8, Some(&[0, 1, 0, 1]), vec![]);
        assert_eq!((found.images, found.same), (4, 3));
        assert!((found.mean_difference - 0.1).abs() < 1e-6, "{}", found.mean_difference);
        assert!((found.largest_difference - 0.2).abs() < 1e-6);
        let cost = found.cost.unwrap();
        assert_eq!((cost.accuracy_float, cost.accuracy_int8, cost.lost, cost.won), (0.75, 0.5, 1, 0));
        assert_eq!(cost.points, 25.0);
        // (1/4 − 1/16)/4 is the variance.
        assert!((cost.interval[0] - (25.0 - 164.5 * (0.1875f64 / 4.0).sqrt())).abs() < 1e-9);
        assert!(Quantization::of(&float, &int8, None, vec![]).cost.is_none());
    }

    #[test]
    fn one_or_two_pictures_of_few_are_chance_and_three_are_not() {
        for (lost, exceeds) in [(0, false), (1, false), (2, false), (3, true), (10, true)] {
            assert_eq!(cost(lost, 0, 20).exceeds(1.0), exceeds, "{lost} of 20");
        }
        assert!(cost(1, 0, 20).is_unsure(1.0) && !cost(0, 0, 20).is_unsure(1.0));
        assert!(!cost(3, 0, 20).exceeds(20.0));
        // As many won as lost is churn.
        assert!(!cost(30, 30, 800).exceeds(0.0));
        assert!(cost(9, 0, 800).exceeds(1.0) && !cost(8, 0, 800).exceeds(1.0));
        assert!(!cost(0, 9, 800).exceeds(0.0));
    }
}
