//! The order of names that end with numbers: `conv2d`, `conv2d_1`, `conv2d_2`, `conv2d_10`.

use std::cmp::Ordering;

/// Compares names piece by piece, runs of digits by the number that they are.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (head_a, rest_a) = piece(a);
        let (head_b, rest_b) = piece(b);
        let numbers = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let order = match numbers(head_a) && numbers(head_b) {
            true => {
                let (x, y) = (head_a.trim_start_matches('0'), head_b.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            false => head_a.cmp(head_b),
        };
        if order != Ordering::Equal || (rest_a.is_empty() && rest_b.is_empty()) {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

/// The digits, or what is none, that a text begins with, and the rest.
fn piece(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    text.split_at(text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = [
            "features.10.bias",
            "conv2d_10/vars",
            "features.2.weight",
            "conv2d/vars",
            "features.2.bias",
            "conv2d_2/vars",
        ];
        names.sort_by(|a, b| compare(a, b));
        let expected = [
            "conv2d/vars",
            "conv2d_2/vars",
            "conv2d_10/vars",
            "features.2.bias",
            "features.2.weight",
            "features.10.bias",
        ];
        assert_eq!(names, expected);
        assert!(compare("a007", "a7").is_eq() && compare("a", "a1").is_lt());
    }
}
