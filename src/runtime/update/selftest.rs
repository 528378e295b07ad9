//! The self-test: whether a model answers its reference pictures here as it did where it was made.

use crate::{
    engine::{
        classifier::{Classifier, likeliest},
        error::EngineError,
        plan::Form,
    },
    model::reference::{self, ReferenceSet, References},
};

/// How far the probabilities of two forms of one model may lie apart.
pub const OTHER_NUMBERS: f32 = 0.1;

/// Why a model did not pass.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The pictures in the file are damaged.
    #[error("cannot test {model}: {reason}; copy or make the file again")]
    Unreadable { model: String, reason: String },
    /// The network failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An answer is not the one that the file promises.
    #[error(
        "this processor's answers differ from those where {model} was made: reference picture {picture} is {expected} there \
         and {found} here; copy the file again, and if that does not help compare with VGGCAM_ISA=scalar"
    )]
    Differs { model: String, picture: usize, expected: String, found: String },
}

/// Classifies every picture of `references` and compares; gives their number, which is 0 for a file without any.
pub fn test(classifier: &Classifier, references: &References) -> Result<usize, SelfTestError> {
    let model = classifier.what();
    let ReferenceSet { precision, pictures } =
        references.decode().map_err(|reason| SelfTestError::Unreadable { model: model.into(), reason })?;
    let tolerance = tolerance(&precision, classifier.form());
    for (index, picture) in pictures.iter().enumerate() {
        let answer = classifier.classify(&reference::input(&picture.stored, classifier.input_size()))?.probabilities;
        if !agree(&picture.probabilities, &answer, tolerance) {
            let told = |probabilities: &[f32]| in_words(&classifier.metadata().labels, probabilities);
            return Err(SelfTestError::Differs {
                model: model.into(),
                picture: index + 1,
                expected: told(&picture.probabilities),
                found: told(&answer),
            });
        }
    }
    Ok(pictures.len())
}

/// How far a probability may lie from the one in the file, which was computed with `precision`. Sums of integers are exact,
/// so only the softmax may differ; floats are summed in another order on each processor; other numbers than there round
/// otherwise.
fn tolerance(precision: &str, form: Form) -> f32 {
    match form {
        _ if form.name() != precision => OTHER_NUMBERS,
        Form::Integer => 1e-6,
        Form::Float | Form::PlainFloat | Form::Half | Form::Foreign => 0.01,
    }
}

/// Whether every probability is near the expected one, and the likeliest class the expected one unless both are so near
/// to each other that either may come out on top.
fn agree(expected: &[f32], found: &[f32], tolerance: f32) -> bool {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= tolerance;
    if expected.len() != found.len() || !expected.iter().zip(found).all(near) {
        return false;
    }
    let (wanted, top) = likeliest(expected);
    let (label, _) = likeliest(found);
    label == wanted || top - expected[label] <= tolerance
}

/// `cat with 97.312 %`.
fn in_words(labels: &[String], probabilities: &[f32]) -> String {
    let (class, probability) = likeliest(probabilities);
    let label = labels.get(class).map_or("no class", String::as_str);
    format!("{label} with {:.3} %", probability * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_agree_by_class_and_by_distance() {
        assert!(agree(&[0.7, 0.3], &[0.7, 0.3], 1e-6));
        assert!(!agree(&[0.7, 0.3], &[0.69999, 0.30001], 1e-6));
        assert!(agree(&[0.7, 0.3], &[0.695, 0.305], 0.01));
        assert!(!agree(&[0.7, 0.3], &[f32::NAN, 0.3], 0.01));
        assert!(!agree(&[0.7, 0.3], &[0.7], 0.01));
        assert!(!agree(&[], &[0.7], 0.01));
        assert!(agree(&[0.502, 0.498], &[0.499, 0.501], 0.01));
        assert!(!agree(&[0.58, 0.42], &[0.49, 0.51], 0.1));
    }
}
