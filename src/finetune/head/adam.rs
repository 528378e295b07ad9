//! Adam (Kingma & Ba, 2015) with Keras' settings: β 0.9 and 0.999, ε 1e-7.

use rayon::prelude::*;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-7;
/// Parameters of a thread's share.
const SHARE: usize = 1 << 16;

/// What Adam knows of the gradients so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Moving mean of each parameter's gradient.
    pub first_moment: Vec<f32>,
    /// Moving mean of its square.
    pub second_moment: Vec<f32>,
    /// β to the power of the number of steps taken, by multiplication alone.
    pub powers: [f64; 2],
}

impl Adam {
    /// Before the first step.
    pub fn new(parameters: usize) -> Self {
        Adam { first_moment: vec![0.0; parameters], second_moment: vec![0.0; parameters], powers: [1.0; 2] }
    }

    /// Moves the parameters against the gradient.
    pub fn step(&mut self, learning_rate: f32, parameters: &mut [f32], gradient: &[f32]) {
        self.powers[0] *= f64::from(BETA_1);
        self.powers[1] *= f64::from(BETA_2);
        let rate = (f64::from(learning_rate) * (1.0 - self.powers[1]).sqrt() / (1.0 - self.powers[0])) as f32;
        let moments = self.first_moment.par_chunks_mut(SHARE).zip(self.second_moment.par_chunks_mut(SHARE));
        let shares = parameters.par_chunks_mut(SHARE).zip(gradient.par_chunks(SHARE)).zip(moments);
        shares.for_each(|((parameters, gradient), (first, second))| {
            for (((parameter, &g), m), v) in parameters.iter_mut().zip(gradient).zip(first).zip(second) {
                *m += (g - *m) * (1.0 - BETA_1);
                *v += (g * g - *v) * (1.0 - BETA_2);
                *parameter -= rate * *m / (v.sqrt() + EPSILON);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Adam;

    #[test]
    fn steps_are_those_of_the_definition() {
        let (mut adam, mut parameters) = (Adam::new(2), [1.0, 0.0]);
        adam.step(0.001, &mut parameters, &[0.5, -2.0]);
        // The first step is the learning rate against the sign, whatever the gradient's size.
        assert!((parameters[0] - 0.999f32).abs() < 1e-6 && (parameters[1] - 0.001f32).abs() < 1e-6);
        adam.step(0.001, &mut parameters, &[-0.5, -2.0]);
        // m = 0.9·0.05 − 0.05 = −0.005, corrected /0.19; v = 0.0004997…, corrected to 0.25: a step of 0.001·0.02632/0.5.
        assert!((parameters[0] - (0.999 + 0.001 * (0.005 / 0.19) / 0.5)).abs() < 1e-6);
    }
}
