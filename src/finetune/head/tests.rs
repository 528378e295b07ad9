//! The trainer on clouds of points, against the definition and itself.

use super::*;

const SETTINGS: Settings = Settings { batch: 8, learning_rate: 0.001, dropout: 0.0 };

fn trainer(inputs: usize, outputs: usize, settings: Settings, seed: u64) -> Trainer {
    let mut random = Random::new(seed);
    let head = glorot_uniform(inputs, outputs, &mut random);
    Trainer::new(&head, settings, random)
}

/// Two clouds of points that a straight line parts.
fn clouds(count: usize) -> Samples<'static> {
    let mut random = Random::new(3);
    let (mut features, mut classes) = (vec![], vec![]);
    for index in 0..count {
        let class = index % 2;
        let centre = if class == 0 { -1.0 } else { 1.0 };
        features.extend((0..4).map(|_| centre + random.unit() - 0.5));
        classes.push(class);
    }
    Samples::in_memory(4, features, classes)
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    let trainer = trainer(3, 4, SETTINGS, 1).weighted(&[1.0, 1.0, 1.5, 1.0]);
    let input = [0.5, -1.5, 2.0];
    let mut gradient = vec![0.0; trainer.parameters.len()];
    let errors = trainer.errors(&input, &[2], 1.0, &mut Tally::default());
    let (weights, bias) = gradient.split_at_mut(12);
    add_gradient(weights, bias, &errors, &input);
    for (index, &analytic) in gradient.iter().enumerate() {
        let loss = |shift: f32| {
            let mut moved = trainer.parameters.clone();
            moved[index] += shift;
            let (weights, bias) = moved.split_at(12);
            1.5 * cross_entropy(&probabilities(weights, bias, &input, 1)[0], 2)
        };
        let slope = (loss(1e-2) - loss(-1e-2)) / 2e-2;
        assert!((slope - f64::from(analytic)).abs() < 2e-3, "{index}: {slope} and {analytic}");
    }
}

#[test]
fn separable_clouds_are_told_apart_and_dropout_still_learns() {
    let samples = clouds(200);
    for dropout in [0.0, 0.5] {
        let settings = Settings { learning_rate: 0.01, dropout, ..SETTINGS };
        let mut trainer = trainer(4, 2, settings, 5);
        for _ in 0..20 {
            trainer.epoch(&samples).unwrap();
        }
        assert_eq!(trainer.evaluate(&samples, &[1.0; 2]).unwrap().accuracy, 1.0);
    }
}

#[test]
fn the_seed_decides_everything() {
    let trained = |seed| {
        let mut trainer = trainer(4, 2, Settings { dropout: 0.5, ..SETTINGS }, seed);
        trainer.epoch(&clouds(50)).unwrap();
        trainer.dense()
    };
    assert_eq!(trained(1), trained(1));
    assert_ne!(trained(1), trained(2));
}

#[test]
fn a_weight_of_two_is_every_picture_twice() {
    let samples = |classes: &[usize]| {
        let features = classes.iter().enumerate().flat_map(|(i, &c)| [c as f32, i as f32 * 0.1 - 0.2]);
        Samples::in_memory(2, features.collect(), classes.to_vec())
    };
    let mut head = trainer(2, 2, Settings { batch: 9, ..SETTINGS }, 1).weighted(&[2.0, 1.0]);
    let score = head.epoch(&samples(&[0, 1, 1])).unwrap();
    let plain = trainer(2, 2, SETTINGS, 1);
    let [zero, one] = [0, 1].map(|class| {
        let mut weights = [0.0; 2];
        weights[class] = 1.0;
        plain.evaluate(&samples(&[0, 1, 1]), &weights).unwrap().loss
    });
    assert!((score.loss - (2.0 * zero + one)).abs() < 1e-6, "{score:?}");
}

#[test]
fn going_on_from_a_state_is_as_if_never_stopped() {
    let settings = Settings { dropout: 0.5, ..SETTINGS };
    let mut whole = trainer(4, 2, settings, 1);
    whole.epoch(&clouds(50)).unwrap();
    let mut resumed = trainer(4, 2, settings, 7);
    resumed.resume(whole.state());
    assert_eq!(whole.epoch(&clouds(50)).unwrap(), resumed.epoch(&clouds(50)).unwrap());
    assert_eq!(whole.state(), resumed.state());
}
