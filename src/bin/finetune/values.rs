//! What the values of options may be.

pub fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "a whole number above 0 belongs here".into())
}

pub fn units(text: &str) -> Result<usize, String> {
    let fits = |units: &usize| (1..=4096).contains(units);
    text.parse().ok().filter(fits).ok_or_else(|| "a whole number from 1 to 4096 belongs here".into())
}

pub fn positive_number(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|x: &f32| x.is_finite() && *x > 0.0).ok_or_else(|| "a number above 0 belongs here".into())
}

pub fn points(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x| (0.0..=100.0).contains(x)).ok_or_else(|| "a number from 0 to 100 belongs here".into())
}

pub fn below_one(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|x| (0.0..1.0).contains(x)).ok_or_else(|| "a number from 0 to below 1 belongs here".into())
}

pub fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x| (0.5..=1.0).contains(x)).ok_or_else(|| "a number from 0.5 to 1 belongs here".into())
}
