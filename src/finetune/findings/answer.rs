//! An answer to a labelled picture, without the picture.

use crate::engine::classifier::likeliest;

/// What a model said of a picture whose class is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Index of the right class.
    pub truth: usize,
    /// Index of the likeliest class.
    pub answer: usize,
    /// Probability of the likeliest class.
    pub confidence: f32,
}

impl Answer {
    /// The answer that these probabilities, one a class, give to a picture of class `truth`.
    pub fn new(truth: usize, probabilities: &[f32]) -> Self {
        let (answer, confidence) = likeliest(probabilities);
        Answer { truth, answer, confidence }
    }

    /// Whether it is right.
    pub fn is_right(&self) -> bool {
        self.truth == self.answer
    }
}
